// SPDX-License-Identifier: Apache-2.0
// What if, on the program itself: the main fan stopped and a fire at a face, before and after side by
// side; nothing of it reaches the mine.
import { missing, PASSWORD, start } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start({ chen: { name: '陈工', roles: 'ventilation-engineer' } });
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'chen', KT_PASSWORD: PASSWORD });
const { equal, story, until } = await import('./lib.mjs');

async function engineer(s, step) {
  const { page } = s;
  await s.login('chen');
  await step('the airflow is solved', () =>
    until(
      () => page.evaluate(async () => (await (await fetch('api/v1/vent')).json()).state === 'solved'),
      'a first airflow',
    ));
  await step('the main fan stopped: air turns, speeds fall below what is required', async () => {
    await s.go('#/what-if');
    await page.getByText('推演：只在副本上计算，不发出任何命令').waitFor();
    await page.getByLabel(/主要通风机房 · FAN-1/).first().selectOption('stop');
    await page.getByRole('button', { name: '求解' }).click();
    await page.getByText(/由合格变为不合格 [1-9]\d* 条/).waitFor();
    await s.axe();
    await s.shot('what-if-fan');
  });
  await step('a fire at a face: where smoke comes, and when', async () => {
    await page.getByRole('button', { name: '复原' }).click();
    const face = await page.getByLabel('着火地点').locator('option', { hasText: '采煤工作面' }).first().getAttribute('value');
    await page.getByLabel('着火地点').selectOption(face);
    await page.getByRole('button', { name: '求解' }).click();
    await page.getByText(/烟流所及巷道：现状 [1-9]/).waitFor();
    await s.shot('what-if-fire');
  });
  await step('the mine is as it was', async () => {
    const fans = await page.evaluate(async () =>
      (await (await fetch('api/v1/vent')).json()).items.filter((i) => i.fan === 'off').length,
    );
    equal(fans <= 3, true, 'no main fan was stopped');
  });
}

try {
  await story('what-if-real', engineer);
} finally {
  await mine.stop();
}
