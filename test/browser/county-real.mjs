// SPDX-License-Identifier: Apache-2.0
// The county's office in the program itself: mines on the map, two sources of one fact, what the plan
// lays on a mine and what satisfies it, the targets, the way to the neighbour.
import { missing, PASSWORD, startCounty } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const county = await startCounty({ li: { name: '李工', roles: 'county-official' } });
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => county.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: county.url, KT_USER: 'li', KT_PASSWORD: PASSWORD });
const { equal, story, until } = await import('./lib.mjs');

async function office(s, step) {
  const { page } = s;
  const idOf = (no) =>
    page.evaluate(async (x) => {
      const f = encodeURIComponent(JSON.stringify([['no', '=', x]]));
      return (await (await fetch(`api/v1/records/mine?filter=${f}`)).json()).items[0].id;
    }, no);
  await s.login('li');

  await step('a site without a drawing opens on its records', async () => {
    await s.go('#/map');
    await page.getByLabel('煤矿主数据').first().waitFor();
    await until(() => page.getByLabel('煤矿主数据').first().isChecked(), 'the layer of mines is on');
    await until(async () => /\d+ km/.test(await page.locator('main, body').first().innerText()), 'kilometres');
    await s.shot('county-map');
  });
  await step('lines of ground movement lie on the main map, with backfill and without', async () => {
    const one = page.getByLabel('地表下沉等值线（采掘与钻孔）').first();
    equal(await one.isChecked(), false, 'off until somebody asks');
    const lines = page.waitForResponse((r) => /\/subsidence\?quantity=sink/.test(r.url()) && r.ok());
    await one.check();
    const drawn = await (await lines).json();
    equal(drawn.features.length > 3, true, 'lines');
    await page.locator('.rr-none, li, label, div', { hasText: /地表下沉等值线（采掘与钻孔）\s*\d+ ms/ }).first().waitFor();
    await s.shot('county-map-subsidence');
    await one.uncheck();
  });
  await step('two sources of one capacity stand side by side', async () => {
    await s.go(`#/registers/mine/${await idOf('M4836')}`);
    const row = page.locator('tr', { has: page.getByRole('rowheader', { name: '能力', exact: true }) });
    await row.getByText('来源不一致').click();
    await page.getByText('“能力”各来源不一致，请选定采用哪一个').waitFor();
    await page.getByText('阳政办发〔2023〕31号 附件').first().waitFor();
  });
  await step('what must be done and which project does it; what is open; what is not known', async () => {
    await s.go(`#/registers/mine/${await idOf('M2201')}?tab=provisions`);
    const must = page.locator('.rr-prov tr', { hasText: 'R3.1' });
    await must.getByText('必须', { exact: true }).waitFor();
    await must.getByRole('link', { name: '落实：LX-008 煤与瓦斯共采' }).waitFor();
    await page.getByRole('tab', { name: /无法判断/ }).click();
    const water = page.locator('.rr-prov tr', { hasText: 'R3.4' });
    await water.getByText('缺少：煤层上方有供水含水层、受下伏承压水威胁严重').waitFor();
    await s.shot('county-provisions');
    await s.go(`#/registers/mine/${await idOf('M1114')}?tab=provisions`);
    await page.getByRole('tab', { name: /尚未落实/ }).click();
    await page.locator('.rr-prov tr', { hasText: 'R3.1' }).getByText('尚未落实').waitFor();
  });
  await step('the share of green mining and how it is read', async () => {
    await s.go('#/indicators');
    await page.getByText('实施绿色开采的煤矿占比').first().waitFor();
  });
  await step('the name of the site leads to its neighbour', async () => {
    await page.locator('.site-switch summary').click();
    const to = page.locator('.site-switch a', { hasText: '乘南煤矿（演示）' });
    equal(await to.getAttribute('href'), 'http://127.0.0.1:8080/', 'the address of the mine');
  });
}

try {
  await story('the county', office);
} finally {
  await county.stop();
}
