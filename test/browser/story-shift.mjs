// SPDX-License-Identifier: Apache-2.0
// A shift at the desk of the demonstration mine: the program itself with its simulated plant. Gas
// rises in the return of face 1203, the program cuts the power; a dispatcher sees it, acknowledges,
// proves the cut, writes the response, looks back, tries a limit, fetches the report.
import { readFileSync } from 'node:fs';
import { missing, PASSWORD, start } from './real.mjs';

const POINT = 'T2-1203';
const NAME = '1203回风流甲烷';
const SWITCH = 'S-1203-1';
const VALUE = 1.6;

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start({
  wang: { name: '王建国', roles: 'dispatcher,ventilation-engineer' },
  kan: { name: '阚远', roles: 'readonly' },
});
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'wang', KT_PASSWORD: PASSWORD });
const { becomes, equal, ok, story, until } = await import('./lib.mjs');

/** What the API says to the person who has logged in on the page. */
const api = (page, path) => page.evaluate(async (p) => (await fetch(`api/v1/${p}`)).json(), path);

/** A moment as a field of time wants it, in the site's time (UTC+8). */
const fieldTime = (ms) => new Date(ms + 8 * 3600_000).toISOString().slice(0, 19);

async function shift(s, step) {
  const { page } = s;
  const grid = (name) => page.getByRole('grid', { name });
  const inTwin = (text) => grid(/列表/).locator('tr', { hasText: text });
  let calm = 0;

  await step('a person logs in on the screen and sees the map of the mine', async () => {
    await s.login();
    await s.go('#/map');
    await page.locator('.kt-live canvas').waitFor();
    await inTwin('').nth(3).waitFor();
    await until(async () => (await page.locator('header.strip').innerText()).includes('仿真'), 'it says: simulation');
    await until(async () => (await api(page, 'points/T2-1203')).id === POINT, 'the point is known');
    calm = Date.now();
  });
  await step('values come in: nothing of the face is unread', async () => {
    await page
      .getByRole('button', { name: /图层|收起/ })
      .first()
      .waitFor();
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: '搜索' }).fill(POINT);
    await s.key('Enter');
    await until(
      async () => /0\.\d\d/.test(await page.locator('.object-big').innerText()),
      'a value of methane',
    );
    await s.key('Escape');
    await page.waitForTimeout(Math.max(0, calm + 8000 - Date.now())); // something to replay
  });
  await step('gas rises: the list of the map leads with it and its value', async () => {
    await mine.plant(`set ${POINT} ${VALUE}`);
    await inTwin(NAME).first().waitFor();
    await until(
      async () => (await inTwin(NAME).first().innerText()).includes(VALUE.toFixed(2)),
      'the value over the limit',
    );
    await inTwin(NAME).first().locator('.tag, svg, [class*=p1]').first().waitFor();
  });
  await step('it pops up on another screen', async () => {
    await s.go('#/handover');
    const popup = page.locator('.popup', { hasText: NAME });
    await popup.filter({ hasText: '甲烷超限' }).waitFor();
    await popup.filter({ hasText: '甲烷断电' }).waitFor();
  });
  await step('A opens the worst alarm, K acknowledges it; the journal has the name', async () => {
    const unacked = async () =>
      (await api(page, 'alarms?state=active')).items.filter(
        (a) => a.point === POINT && a.state === 'unack',
      ).length;
    const before = await unacked();
    ok(before > 0, 'there is something to acknowledge');
    await s.key('a');
    await page.locator('.cardpane .alarm-card', { hasText: NAME }).waitFor();
    await s.key('k');
    await page.locator('.cardpane', { hasText: '已确认' }).first().waitFor();
    await becomes(unacked, before - 1, 'one fewer unacknowledged');
    const acked = (await api(page, 'alarms?state=active')).items.find((a) => a.state === 'ack');
    equal(acked.by, 'wang', 'who acknowledged');
  });
  await step(
    'the switch is open, its feed state proves it, and what latched it is named',
    async () => {
      await s.go(`#/o/${SWITCH}`);
      await until(async () => {
        const text = await page.locator('.object').innerText();
        return ['断电', '无电', '馈电已证实', `闭锁：${NAME}`].every((x) => text.includes(x));
      }, 'open, dead, proved, latched');
      await s.shot('shift-switch');
    },
  );
  await step('power cannot be given back while the gas stands', async () => {
    await page.getByRole('button', { name: '送电…' }).click();
    const d = page.getByRole('dialog', { name: /命令/ });
    await d.getByText(/不能执行/).waitFor();
    await d.getByText(/闭锁/).first().waitFor();
    await d.getByLabel('原因').fill('试送');
    await d.getByLabel(/键入/).fill(SWITCH);
    await becomes(() => d.getByRole('button', { name: /执行|提交/ }).isDisabled(), true, 'disabled');
    await s.shot('shift-latched');
    await d.getByRole('button', { name: '关闭' }).first().click();
  });
  await step('the response card is filled in and is there after a reload', async () => {
    await s.go('#/cards');
    await grid('处置').locator('tr', { hasText: '甲烷超限' }).first().click();
    const card = page.getByRole('dialog', { name: /处置卡/ });
    await card.getByLabel(/说明/).first().fill('已通知1203班长');
    await card.getByRole('button', { name: '签认' }).first().click();
    await until(async () => (await card.locator('.steps').innerText()).includes('wang'), 'signed');
    await card.getByLabel('原因', { exact: true }).fill('风门打开，风量下降');
    await card.getByLabel('措施', { exact: true }).fill('关闭风门，恢复风量');
    await card.getByRole('button', { name: '记录原因与措施' }).click();
    await grid('处置').locator('tr', { hasText: '风门打开' }).waitFor();
    await s.shot('shift-card');
    await page.reload();
    await grid('处置').locator('tr', { hasText: '风门打开' }).click();
    await card.locator('.steps', { hasText: '已通知1203班长' }).waitFor();
    equal(
      await card.getByLabel('措施', { exact: true }).inputValue(),
      '关闭风门，恢复风量',
      'measure',
    );
    await s.key('Escape');
  });
  await step('T shows the trend of the point with the step', async () => {
    await s.go(`#/trend?points=${POINT}&span=60000`);
    const values = page.locator('.trend-values');
    await until(async () => (await values.innerText()).includes(VALUE.toFixed(2)), 'its value');
    await until(async () => {
      const figures = await page.locator('.trend-figures tbody').innerText();
      const [least, , most] = figures.match(/\d+\.\d+/g)?.map(Number) ?? [];
      return least < 1 && most >= VALUE;
    }, 'least before, greatest after the rise');
    await s.shot('shift-trend');
  });
  await step(
    'the time bar goes back: frame and word, the value of then, the strip of now',
    async () => {
      await s.go('#/map');
      await s.key('Shift+R');
      const d = page.getByRole('dialog', { name: '回放' });
      await d.getByLabel('时刻').fill(fieldTime(calm + 3000));
      await d.getByLabel('速度').fill('1');
      await d.getByRole('button', { name: '播放' }).click();
      await page.locator('.mode-frame.replay p', { hasText: /回放 .* — 非实时/ }).waitFor();
      await s.key('Space');
      await until(async () => {
        const rows = await inTwin(NAME).allInnerTexts(); // none: it is normal, further down
        return !rows[0]?.includes(VALUE.toFixed(2));
      }, 'the value of before');
      await page.locator('header.strip', { hasText: VALUE.toFixed(2) }).waitFor(); // it is live
      await s.shot('shift-replay');
      await s.key('l');
      await page.getByText('● 实时').waitFor();
      await until(
        async () => (await inTwin(NAME).first().innerText()).includes(VALUE.toFixed(2)),
        'the value of now',
      );
    },
  );
  await step('a tighter limit is tried on what was recorded', async () => {
    await s.go('#/backtest');
    await page.getByRole('combobox', { name: '添加测点' }).fill('T1-1205');
    await page
      .getByRole('option', { name: /T1-1205/ })
      .first()
      .click();
    await page.locator('input.try-value').fill('0.05');
    await page.getByRole('button', { name: '运行回测' }).click();
    const row = page.locator('.backtest-totals tr', { hasText: '报警' });
    await row.waitFor();
    const [would, did] = (await row.innerText()).match(/\d+/g).map(Number);
    ok(did > 0, 'the alarms of this shift are counted');
    ok(would > did, `${would} alarms with the tighter limit, ${did} without`);
    await grid('结果')
      .locator('tr', { hasText: '1205工作面甲烷' })
      .filter({ hasText: '新增' })
      .first()
      .waitFor();
    await s.shot('shift-backtest');
  });
  await step('the daily report is on the screen and comes as Excel and PDF', async () => {
    await s.go('#/reports?kind=alarm');
    const row = page.locator('.report-sheet tbody tr', { hasText: NAME });
    await row.filter({ hasText: '甲烷超限' }).first().waitFor();
    for (const word of ['wang', '风门打开，风量下降', '关闭风门，恢复风量'])
      await row.filter({ hasText: '甲烷超限' }).first().filter({ hasText: word }).waitFor();
    await s.shot('shift-report');
    for (const [name, magic] of [
      ['Excel', 'PK'],
      ['PDF', '%PDF'],
    ]) {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name }).click(),
      ]);
      const head = readFileSync(await file.path())
        .subarray(0, magic.length)
        .toString('latin1');
      equal(head, magic, `first bytes of ${file.suggestedFilename()}`);
    }
  });
  await step('English and dark, at a touch; axe finds nothing', async () => {
    await s.go('#/alarms');
    await page.getByTitle('English').click();
    await page.getByText('Methane', { exact: false }).first().waitFor();
    await s.key('Shift+D');
    await until(
      async () => (await page.locator('html').getAttribute('data-theme')) === 'dark',
      'dark',
    );
    await s.axe('alarms, English, dark');
    await s.shot('shift-english-dark');
    await s.key('Shift+D');
    await page.getByRole('button', { name: '中', exact: true }).click();
    await page.getByRole('tab', { name: /活动/ }).waitFor();
  });
  await step('a person who may only look has nothing to press', async () => {
    await page.locator('summary[aria-label=用户]').click();
    await page.getByRole('button', { name: '退出' }).click();
    await s.login('kan');
    await s.go(`#/o/${SWITCH}`);
    await page.locator('.object', { hasText: '馈电已证实' }).waitFor();
    for (const name of [/断电…/, /送电…/, /挂牌/, /^确认/])
      equal(await page.getByRole('button', { name }).count(), 0, `buttons ${name}`);
    await s.shot('shift-viewer');
    const status = await page.evaluate(async (output) => {
      const res = await fetch('api/v1/requests', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Kuangtu': '1' },
        body: JSON.stringify({
          verb: 'output.command',
          args: { output, value: 0, reason: 'x' },
          key: 'k-1',
        }),
      });
      return res.status;
    }, SWITCH);
    equal(status, 403, 'the server refuses as well');
  });
}

try {
  await story('a shift', shift);
} finally {
  await mine.stop();
}
