// SPDX-License-Identifier: Apache-2.0
// Machines of the demonstration mine on one screen: the fans change over with a second person.
import { missing, PASSWORD, start } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start({
  wang: { name: '王建国', roles: 'dispatcher' },
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

  await step('the fan station is drawn as it is', async () => {
    await s.login();
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
  ok(true, 'all seen');
}

try {
  await story('machines under one hand', plant);
} finally {
  await mine.stop();
}
