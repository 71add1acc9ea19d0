// SPDX-License-Identifier: Apache-2.0
// The ventilation engineer on the demonstration mine: the solved airflow on the map, a door that is
// opened in the plant, a wind sensor that contradicts its neighbours, the forecast on the trend, a
// round beside the sensor, an interlock test with who made it, a cut.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, missing, PASSWORD, start } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const STEP_MS = 30_000;

/** What the sensor said of the last day, so that there is something to learn from. */
function yesterday(site) {
  const file = join(site, 'old.csv');
  const now = Date.now();
  const rows = Array.from({ length: 2000 }, (_, i) => {
    const at = new Date(now - (2000 - i) * STEP_MS).toISOString();
    return `${at},T1-1203,${(0.4 + 0.1 * Math.sin(i / 15) + 0.08 * Math.sin(i * i)).toFixed(2)}`;
  });
  writeFileSync(file, `time,point,value\n${rows.join('\n')}\n`);
  execFileSync(BIN, ['import', 'history', site, file], { stdio: ['ignore', 'ignore', 'pipe'] });
}

const mine = await start(
  { wang: { name: '王建国', roles: 'ventilation-engineer' } },
  undefined,
  { before: yesterday },
);
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
  await step('a wind sensor that says other than its neighbours is named, with what they say', async () => {
    const said = page.getByRole('region', { name: '与相邻传感器矛盾的风速传感器' });
    await mine.plant('set FS-B2 0.6');
    const row = said.getByRole('row', { name: /胶带大巷2段风速.*FS-B2/ });
    await row.waitFor();
    const [, reads, others, off] = (await row.getByRole('cell').allInnerTexts()).map(Number);
    ok(Math.abs(reads - 0.6) < 0.05, `it reads ${reads}`);
    ok(others > 2 && off > 3, `the others say ${others}, it is off by ${off}`);
    await s.axe('the sensors that contradict');
    await s.shot('contradicts');
    await s.go('#/map');
    await page.locator('.legend', { hasText: /矛盾的风速传感器：.*FS-B2/ }).waitFor();
    await mine.plant('free FS-B2');
    await s.go('#/what-if');
    await until(async () => (await row.count()) === 0, 'it agrees again');
  });
  await step('the trend of the face has the forecast as a band, in words beneath, and what it is not', async () => {
    await s.go('#/trend?points=T1-1203&span=3600000');
    const note = page.getByRole('note');
    await note.filter({ hasText: /T1-1203 三分钟内最高约 \d\.\d+ %CH4（\d\.\d+–\d\.\d+）/ }).waitFor();
    await note.filter({ hasText: '不解除任何报警' }).waitFor();
    await page.locator('.trend-note', { hasText: /代表样本 [1-9]/ }).waitFor();
    await s.shot('forecast');
  });
  await step('a round is written beside the sensor: the larger rules, the difference is told', async () => {
    await s.go('#/registers/gas_round');
    await page.getByRole('button', { name: '新建' }).click();
    await page.getByRole('textbox', { name: /^巡检点/ }).fill('1207Y');
    await page.getByRole('combobox', { name: '地点' }).fill('1207运输顺槽掘进工作面');
    await page.locator('.picker-list [role=option]').first().click();
    await page.locator('[data-field=ch4] input').fill('0.62');
    await page.locator('[data-field=sensor] input').fill('0.30');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: '1207Y' }).waitFor();
    await page.getByRole('row', { name: /^以较大者为准 0\.62/ }).waitFor();
    await page.getByRole('row', { name: /^读数相差 0.1 % 及以上 是/ }).waitFor();
    await s.axe('the round');
    await s.shot('round');
    await s.go('#/point/R-1207Y');
    await page.getByText('便携仪与传感器读数不符').first().waitFor();
    await page.locator('.value', { hasText: '0.62' }).first().waitFor();
    await s.shot('round-point');
  });
  await step('an interlock test is recorded: when, passed, by whom', async () => {
    await s.go('#/point/T1-1205');
    await page.getByRole('button', { name: '登记试验…' }).click();
    const d = page.getByRole('dialog');
    await d.getByRole('textbox').first().fill('甲烷电闭锁试验');
    await d.locator('button[type=submit]').click();
    await page.getByText(/上次合格 \d{4}/).waitFor();
    await page.getByText(/王建国 甲烷电闭锁试验/).waitFor();
    await s.shot('interlock-test');
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
