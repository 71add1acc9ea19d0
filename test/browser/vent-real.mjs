// SPDX-License-Identifier: Apache-2.0
// The ventilation engineer on the demonstration mine: the solved airflow on the map, a door that is
// opened in the plant, and the past, which has none.
import { missing, PASSWORD, start } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start({ wang: { name: '王建国', roles: 'ventilation-engineer' } });
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'wang', KT_PASSWORD: PASSWORD });
const { ok, story, until } = await import('./lib.mjs');

async function airflow(s, step) {
  const { page } = s;
  const told = () => page.evaluate(async () => (await fetch('api/v1/vent')).json());
  const flow = async (id) => (await told()).items.find((i) => i.id === id).flow;
  let before = 0;

  await step('the layer shows where air goes and says when that was solved', async () => {
    await s.login();
    await s.go('#/map');
    await page.locator('.kt-live canvas').waitFor();
    const open = page.locator('.layers-open');
    if (await open.count()) await open.click();
    await page.getByLabel('解算风流', { exact: true }).check();
    await page.locator('.legend', { hasText: '解算于' }).waitFor();
    await s.shot('airflow');
    before = await flow('XAR120');
  });
  await step('a door is opened in the plant: the airflow follows', async () => {
    await mine.plant('door FM-01 open');
    await until(async () => (await flow('XAR120')) > before + 5, 'more air through the door', 60_000);
    await page.locator('.legend', { hasText: '解算于' }).waitFor();
    ok((await told()).state === 'solved', 'solved again');
  });
  await step('the panel with the layer is in order', async () => {
    await s.axe('the map with its airflow');
  });
  await step('the air of each place against its persons', async () => {
    await s.go('#/what-if');
    await page.getByRole('heading', { name: '需风量与供风量' }).waitFor();
    await page.getByRole('row', { name: /1203综采工作面/ }).waitFor();
    await s.shot('air-needs');
  });
  await step('a cut stands in the book with its cause and the dead feed; unlatched it waits for a person', async () => {
    await mine.plant('set T1-1203 1.6');
    await s.go('#/cuts');
    const row = page.getByRole('row', { name: /甲烷断电.*断电闭锁/ });
    await row.first().waitFor({ timeout: 60_000 });
    await page.getByRole('row', { name: /甲烷断电.* s 后.*断电闭锁/ }).first().waitFor({ timeout: 60_000 });
    await s.axe('the book of cut-offs');
    await s.shot('cuts');
    await mine.plant('set T1-1203 0.2');
    await page.getByRole('row', { name: /已解锁，待人工送电/ }).first().waitFor({ timeout: 60_000 });
    await mine.plant('free T1-1203');
  });
}

try {
  await story('the solved airflow on the map', airflow);
} finally {
  await mine.stop();
}
