// SPDX-License-Identifier: Apache-2.0
// The record room in the program itself: a clerk imports, writes and meets a conflict; a chief
// assigns, two sign; an inspector reports from the phone without a signal; figures and the year.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missing, PASSWORD, start } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const READ = 'view, history.read, record.read';
const ROLES = {
  clerk: `${READ}, record.write, record.import, record.merge`,
  boss: `${READ}, record.write, hazard.assign, hazard.accept, indicator.write, calendar.write, ledger.read, ledger.post, ledger.close`,
  inspector: `${READ}, record.write`,
};

/** The demonstration mine with the registers of the demonstration pack, and people for them. */
function withRegisters(dir) {
  const file = join(dir, 'site.yaml');
  const roles = Object.entries(ROLES).map(
    ([id, rights]) => `  - {id: ${id}, name: {zh: ${id}, en: ${id}}, rights: [${rights}], places: [mine]}`,
  );
  const text = readFileSync(file, 'utf8')
    .replace(/^packs: \[core, gas\]/m, 'packs: [core, gas, demo-records]')
    .replace(/^people:\n/m, `people:\n${roles.join('\n')}\n`);
  writeFileSync(file, text);
}

const mine = await start(
  {
    qian: { name: '钱录入', roles: 'clerk' },
    wang: { name: '王主任', roles: 'boss' },
    sun: { name: '孙总', roles: 'boss' },
    li: { name: '李巡查', roles: 'inspector' },
  },
  withRegisters,
);
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'qian', KT_PASSWORD: PASSWORD });
const { equal, story, until } = await import('./lib.mjs');
const PHOTO = readFileSync(new URL('../corpus/fuzz_image/exif.jpg', import.meta.url));
const photo = { name: 'IMG.jpg', mimeType: 'image/jpeg', buffer: PHOTO };

async function room(s, step) {
  const { page } = s;
  const dialog = page.getByRole('dialog');
  const pane = page.locator('.cs-pane');
  const rows = page.locator('.vtable tbody tr:not(.spacer)');
  const api = (p, path) => p.evaluate(async (x) => (await fetch(`api/v1/${x}`)).json(), path);
  const again = async (user) => {
    await page.context().clearCookies();
    await page.goto(s.url);
    await s.login(user);
  };
  await s.login('qian');

  await step('a clerk writes a record through the form that the declaration makes', async () => {
    await s.go('#/registers');
    await page.getByRole('link', { name: /隐患台账/ }).click();
    await page.getByRole('button', { name: '新建' }).click();
    await page.getByRole('textbox', { name: /^名称/ }).fill('风门闭锁失效');
    await page.getByRole('combobox', { name: '地点' }).fill('1203');
    await page.locator('.picker-list [role=option]').first().click();
    await page.locator('[data-field=photos] input[type=file]').setInputFiles(photo);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: /^HZ-.*风门闭锁失效/ }).waitFor();
    await page.getByRole('button', { name: /^查看/ }).waitFor();
    await until(
      () => page.locator('.rr-thumb img').evaluate((i) => i.complete && i.naturalWidth > 0),
      'the picture comes through the record',
    );
    await s.axe('the record');
    await s.shot('real-record');
  });

  await step('another change was first: it is told and chosen, nothing is overwritten', async () => {
    await page.getByRole('button', { name: /^修改/ }).click();
    await page.getByRole('textbox', { name: /^名称/ }).fill('风门闭锁失效（复查）');
    const id = Number(/hazard\/(\d+)/.exec(page.url())[1]);
    const said = await page.evaluate(async (record) => {
      const now = await (await fetch(`api/v1/records/hazard/${record}`)).json();
      const args = { record, version: now.version, fields: { title: '风门变形' } };
      const r = await fetch('api/v1/requests', {
        method: 'POST',
        headers: { 'X-Kuangtu': '1', 'Content-Type': 'application/json' },
        body: JSON.stringify({ verb: 'record.set', args, key: `story-${record}` }),
      });
      return [r.status, await r.text()];
    }, id);
    equal(said[0], 200, said[1]);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await dialog.getByText('别人已先修改').waitFor();
    await dialog.getByText('风门变形').waitFor();
    await dialog.getByRole('radio', { name: /您填写的/ }).check();
    await dialog.getByRole('button', { name: '按所选保存' }).click();
    await page.getByRole('heading', { level: 1, name: /复查/ }).waitFor();
    await page.getByRole('tab', { name: /历次取值/ }).click();
    await page.getByText('风门变形').first().waitFor();
  });

  await step('a table: what would become of each row, then it is written', async () => {
    await s.go('#/registers/hazard/import');
    const csv = ['名称,等级,整改措施', '皮带机头积煤,一般,清理', '电缆破损,很大,更换'];
    const put = (lines) =>
      page.locator('input[type=file]').setInputFiles({ name: 'h.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\r\n')) });
    await put(csv);
    await page.getByRole('button', { name: '检查' }).click();
    await rows.first().waitFor();
    await until(async () => /有误/.test(await rows.first().innerText()), 'errors first');
    await s.shot('real-import');
    await page.getByRole('button', { name: '换一个文件' }).click();
    await put([csv[0], csv[1], '电缆破损,重大,更换']);
    await page.getByRole('button', { name: '检查' }).click();
    await page.getByRole('button', { name: '写入 2 行' }).click();
    await page.getByText('新增 2 条').waitFor();
    await page.getByRole('link', { name: '查看台账' }).click();
    await until(async () => (await rows.count()) === 3, 'three records');
    await page.getByRole('searchbox', { name: '搜索' }).fill('电缆');
    await s.key('Enter');
    await until(async () => (await rows.count()) === 1, 'full text');
    for (const format of ['csv', 'xlsx', 'pdf', 'geojson']) {
      const href = await page.locator(`a[href*="format=${format}"]`).first().getAttribute('href');
      equal(await page.evaluate(async (u) => (await fetch(u)).status, href), 200, format);
    }
  });

  await step('a chief assigns on the board; the move asks for what it needs', async () => {
    await again('wang');
    await s.go('#/cases');
    const card = page.locator('.cs-card', { hasText: '电缆破损' });
    await card.locator('button').click();
    await pane.getByRole('button', { name: '派发', exact: true }).click();
    await dialog.getByRole('combobox', { name: '责任人' }).fill('li');
    await s.key('Tab');
    await dialog.getByRole('combobox', { name: '负责人' }).fill('li');
    await s.key('Tab');
    await dialog.getByRole('button', { name: '派发', exact: true }).click();
    await until(async () => /整改中/.test(await pane.locator('.rg-case .mark').first().innerText()), 'assigned');
    await s.axe('the board');
    await s.shot('real-board');
  });

  await step('figures with their definition; the year with its days', async () => {
    await s.go('#/indicators');
    await page.locator('.in-tile').first().waitFor();
    await page.getByRole('link', { name: '未销号隐患' }).click();
    await page.locator('.in-drill a').first().waitFor();
    await s.shot('real-figure');
    await s.go('#/calendar?year=2026');
    await page.locator('.cal-day.listed').first().waitFor();
    await until(async () => (await page.locator('.cal-grid button.cal-day').count()) === 365, 'each day');
    await page.getByRole('note').getByText('待核验').waitFor();
    await s.go('#/ledgers');
    await page.locator('.lg-accounts li').nth(2).waitFor();
    await s.axe('the books');
    await s.shot('real-ledger');
  });

  await step('the phone: the case is kept, done without a signal, sent once after a kill', async () => {
    const context = page.context();
    await context.clearCookies();
    let phone = await context.newPage();
    await phone.setViewportSize({ width: 390, height: 844 });
    await phone.goto(`${s.url}phone`);
    await phone.locator('input[name=user]').fill('li');
    await phone.locator('input[name=password]').fill(PASSWORD);
    await phone.getByRole('button', { name: '登录' }).click();
    await phone.locator('.ph-task', { hasText: '电缆破损' }).waitFor();
    await phone.waitForFunction(() => navigator.serviceWorker.getRegistration().then((r) => !!r?.active));
    await context.setOffline(true);
    await phone.close();
    phone = await context.newPage();
    await phone.setViewportSize({ width: 390, height: 844 });
    await phone.goto(`${s.url}phone`);
    await phone.locator('.ph-task', { hasText: '电缆破损' }).click();
    const about = /case\/(.*)$/.exec(phone.url())[1];
    await phone.getByRole('button', { name: '签收' }).click();
    await phone.getByRole('button', { name: '报验' }).click();
    await phone.getByLabel(/拍照：照片/).setInputFiles(photo);
    await phone.locator('canvas.ph-thumb').waitFor();
    await phone.getByLabel(/说明/).fill('已更换');
    await phone.getByRole('button', { name: '报验' }).click();
    await phone.getByText(/待传：报验/).waitFor();
    let n = 0;
    await phone.route('**/api/v1/requests', async (route) => {
      n += 1;
      if (n < 3) return route.continue().catch(() => undefined);
      await route.fetch(); // done there, never told here
      return phone.close();
    });
    await context.setOffline(false);
    await phone.evaluate(() => dispatchEvent(new Event('online'))).catch(() => undefined);
    await until(() => phone.isClosed(), 'killed');
    phone = await context.newPage();
    await phone.setViewportSize({ width: 390, height: 844 });
    await phone.goto(`${s.url}phone#/outbox`);
    await phone.getByRole('heading', { name: '待传 0' }).waitFor();
    const rec = await api(phone, `records/${about}`);
    equal(rec.state, 'check', 'state');
    equal(rec.attachments.length, 1, 'one photo');
    equal(rec.moves.filter((m) => m.kind === 'receipt').length, 1, 'one receipt');
    equal(rec.moves.filter((m) => m.transition === 'report').length, 1, 'one move');
    await phone.close();
  });

  await step('two chiefs sign; the second one closes it', async () => {
    for (const user of ['wang', 'sun']) {
      await again(user);
      await s.go('#/cases');
      await page.locator('.cs-card', { hasText: '电缆破损' }).locator('button').click();
      await pane.getByRole('button', { name: '验收销号' }).click();
      await dialog.getByRole('button', { name: '验收销号' }).click();
      await until(async () => (await dialog.count()) === 0, 'signed');
      if (user === 'wang') await pane.getByText(/已签 1 人/).waitFor();
    }
    await until(async () => /已销号/.test(await pane.locator('.rg-case .mark').first().innerText()), 'closed');
  });
}

try {
  await story('records: the program', room);
} finally {
  await mine.stop();
}
