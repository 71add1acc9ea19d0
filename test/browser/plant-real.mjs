// SPDX-License-Identifier: Apache-2.0
// Machines of the demonstration mine on one screen: the fans change over with a second person.
import { missing, PASSWORD, start } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start({
  wang: { name: '王建国', roles: 'dispatcher,ventilation-engineer' },
  li: { name: '李工', roles: 'ventilation-engineer' },
});
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'wang', KT_PASSWORD: PASSWORD });
const { ok, story, until } = await import('./lib.mjs');
const LONG = 240_000;

/** The second person, who sits elsewhere. */
async function confirm(browser, run) {
  const other = await (await browser.newContext()).newPage();
  await other.goto(`${mine.url}#/plant`);
  await other.locator('input[name=user]').fill('li');
  await other.locator('input[name=password]').fill(PASSWORD);
  await other.locator('form button[type=submit]').click();
  await other.locator(run).getByRole('button', { name: '确认启动' }).click({ timeout: LONG });
  await other.getByText('进行中').first().waitFor({ timeout: LONG });
  await other.context().close();
}

async function plant(s, step) {
  const { page } = s;
  const run = page.locator('.seq-runs .run').first();

  await step('a set-point is set by a number: its limits are shown, beyond them nothing is sent', async () => {
    await s.login();
    await s.go('#/o/RH-SD');
    await page.getByRole('button', { name: '设定…' }).click({ timeout: LONG });
    const d = page.getByRole('dialog', { name: /命令/ });
    await d.getByText('联锁条件全部满足').waitFor({ timeout: LONG });
    await d.getByText(/允许 3 至 5 %/).waitFor();
    await d.getByLabel('原因').fill('配比调整');
    await d.getByLabel(/键入 RH-SD/).fill('RH-SD');
    await d.getByLabel(/新设定值/).fill('5.2');
    const send = d.getByRole('button', { name: /执行/ });
    await until(async () => await send.isDisabled(), 'beyond its limits');
    await d.getByLabel(/新设定值/).fill('4.4');
    await until(async () => !(await send.isDisabled()), 'within them');
    await s.shot('set-point');
    await send.press('Enter');
    await d.locator('li.done', { hasText: '设备已回读' }).waitFor({ timeout: LONG });
    await d.getByRole('button', { name: '关闭', exact: true }).last().click();
  });
  await step('the fan station is drawn as it is', async () => {
    await s.go('#/plant?kind=fan');
    await until(
      async () => (await page.locator('.plant-drawing').textContent()).includes('1号 正转'),
      'fan 1 blows',
      LONG,
    );
    await s.axe('the fans');
    await s.shot('fans');
  });
  await step('change-over, confirmed by a second person', async () => {
    await mine.plant('speed 8');
    await page.getByRole('button', { name: '倒机：主通风机换备用…' }).click();
    const dialog = page.locator('dialog.sequence');
    await dialog.getByRole('button', { name: /^倒机/ }).click();
    await run.getByText('等待第二人确认').waitFor({ timeout: LONG });
    await s.shot('waiting');
    await confirm(page.context().browser(), '.seq-runs .run >> nth=0');
    await until(
      async () => (await page.locator('.plant-drawing').textContent()).includes('2号 正转'),
      'fan 2 blows',
      LONG,
    );
    await until(async () => (await run.innerText()).includes('完成'), 'done', LONG);
    await s.shot('changed');
  });
  for (const kind of await page
    .locator('.desk-bar [role=tab]')
    .evaluateAll((x) => x.length)
    .then((n) => Array.from({ length: n }, (_, i) => i))) {
    await step(`the page of kind ${kind + 1}`, async () => {
      await page.locator('.desk-bar [role=tab]').nth(kind).click();
      await page.locator('.plant-card').first().waitFor();
      await s.axe(`page ${kind + 1}`);
      await s.shot(`kind-${kind + 1}`);
    });
  }
  await step('the litres of the replaced diesel are set by hand at their point; the card counts with them', async () => {
    const card = page.getByRole('region', { name: '1号电动卡车' });
    await s.go('#/plant?kind=truck');
    await card.getByText(/替代柴油\s*–\s*L/).waitFor();
    await card.getByRole('link', { name: '到测点 DK-1-YH 置手动值' }).click();
    await page.getByRole('button', { name: '置手动值…' }).click();
    const d = page.getByRole('dialog');
    await d.getByRole('spinbutton').fill('42.5');
    await d.getByRole('textbox').fill('机电部核定（演示）');
    await d.locator('button[type=submit]').click();
    await page.getByText(/42\.5.*机电部核定/).first().waitFor();
    await s.go('#/plant?kind=truck');
    await card.getByText(/替代柴油\s*\d+ L/).waitFor();
    await card.getByRole('link', { name: '改值（测点 DK-1-YH）' }).waitFor();
    await s.axe('the trucks');
    await s.shot('truck');
  });
  await step('the network on the map: its ring with a break, its stations with one down', async () => {
    await mine.plant('rig RING cut3 1');
    await mine.plant('rig BASES off3 1');
    await s.go('#/map');
    await page.locator('.kt-live canvas').waitFor();
    const open = page.locator('.layers-open');
    if (await open.count()) await open.click();
    await page.getByLabel('环网与基站', { exact: true }).check();
    await page.locator('.legend', { hasText: '环网段连通' }).waitFor();
    await until(
      async () => {
        const rules = await page.evaluate(async () =>
          (await (await fetch('api/v1/alarms?limit=1000')).json()).items.map((a) => a.rule),
        );
        return rules.includes('net.ring-open') && rules.includes('base.down');
      },
      'the break is said',
      LONG,
    );
    await s.shot('network-map');
  });
  ok(true, 'all seen');
}

try {
  await story('machines under one hand', plant);
} finally {
  await mine.stop();
}
