// SPDX-License-Identifier: Apache-2.0
// The dispatcher runs the belts of the demonstration mine from one screen: stops a section, looks at
// what stands against its start, starts it with a recipe, sees a protection act in the plant.
import { missing, PASSWORD, start } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start({ wang: { name: '王建国', roles: 'dispatcher' } });
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'wang', KT_PASSWORD: PASSWORD });
const { ok, story, until } = await import('./lib.mjs');
const LONG = 240_000; // a whole section stops and starts, on a busy machine

async function belts(s, step) {
  const { page } = s;
  const card = (name) => page.locator('.belt', { hasText: name });
  const state = (name) => card(name).locator('.belt-state').innerText();
  const is = (name, word) =>
    until(async () => (await state(name)).includes(word), `${name}: ${word}`, LONG);
  const dialog = page.locator('dialog.sequence');
  const run = page.locator('.seq-runs .run').first();

  await step('the whole line on one screen, grey where it runs', async () => {
    await s.login();
    await s.go('#/belts');
    await card('主斜井胶带').waitFor();
    ok((await page.locator('.belt').count()) === 10, 'ten belts');
    await is('胶带大巷一部胶带', '运行');
    await s.axe('the belts');
    await s.shot('line');
  });
  await step('a section is stopped with the flow', async () => {
    await card('胶带大巷二部胶带').locator('.belt-name').click();
    await page.getByRole('button', { name: '顺煤流停车…' }).click();
    await dialog.getByText('1207回风顺槽掘进胶带').waitFor();
    ok((await dialog.locator('.conditions li').count()) === 3, 'the belt and what gives to it');
    await dialog.getByLabel(/拉空时限/).fill('2');
    await s.shot('stop');
    await dialog.getByRole('button', { name: '顺煤流停车：3 台' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await is('胶带大巷二部胶带', '停止');
    await is('胶带大巷一部胶带', '运行');
  });
  await step('local mode stands against a start, and is said before and after', async () => {
    await mine.plant('set YK-HFY 0');
    await until(
      async () => (await card('辅运大巷掘进胶带').innerText()).includes('就地'),
      'local',
      LONG,
    );
    await card('胶带大巷二部胶带').locator('.belt-name').click();
    await card('辅运大巷掘进胶带').locator('.belt-name').click();
    await page.getByRole('button', { name: '逆煤流启车…' }).click();
    await dialog.getByText('不在集控方式').waitFor();
    await s.axe('what stands against a start');
    await s.shot('against');
    await dialog.getByRole('button', { name: /^逆煤流启车：/ }).click();
    await run.getByText('保持', { exact: true }).first().waitFor({ timeout: LONG });
    await s.shot('held');
    await run.getByRole('button', { name: '放弃' }).click();
    await mine.plant('set YK-HFY 1');
    await until(
      async () => !(await card('辅运大巷掘进胶带').innerText()).includes('就地'),
      'remote',
      LONG,
    );
  });
  await step('the section is started against the flow, belt by belt', async () => {
    await page.getByRole('button', { name: '逆煤流启车…' }).click();
    await dialog.getByLabel(/预警时间/).fill('6');
    await dialog.getByRole('button', { name: /^逆煤流启车：/ }).click();
    await dialog.waitFor({ state: 'hidden' });
    await run.locator('.run-steps').waitFor({ timeout: LONG });
    await s.shot('running');
    await is('胶带大巷二部胶带', '运行');
    await is('辅运大巷掘进胶带', '运行');
    await until(async () => (await run.innerText()).includes('完成'), 'the run is done', LONG);
  });
  await step('a protection acts: its belt and all behind it stand', async () => {
    await mine.plant('set DH-BM1 1');
    await is('胶带大巷一部胶带', '保护动作');
    await is('1203顺槽胶带', '停止');
    await is('主斜井胶带', '运行');
    await s.shot('tripped');
  });
  await step('the emergency stop goes at the first click', async () => {
    await page.getByRole('button', { name: '集控急停', exact: true }).click();
    ok((await dialog.count()) === 0, 'nothing is asked');
    await run.getByText('集控急停').waitFor({ timeout: LONG });
  });
}

try {
  await story('the belts under one hand', belts);
} finally {
  await mine.stop();
}
