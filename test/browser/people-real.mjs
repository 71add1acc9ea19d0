// SPDX-License-Identifier: Apache-2.0
// Persons below on the demonstration mine: tags from the simulated plant through a broker to dots on
// the map, a call for help, counts for who may not see more, an evacuation as a drill, the past.
import { hasBroker, missing, PASSWORD, start } from './real.mjs';

const why = missing() || (hasBroker() ? '' : 'not there: mosquitto');
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const PERSONS = 120;
const mine = await start(
  {
    li: { name: '李调度', roles: 'dispatcher' },
    zhao: { name: '赵只读', roles: 'readonly' },
  },
  undefined,
  { persons: PERSONS },
);
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'li', KT_PASSWORD: PASSWORD });
const { ok, story } = await import('./lib.mjs');

/** Asked once a second: the program counts how often it is asked. */
async function until(test, what, limit) {
  const end = Date.now() + limit;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`did not happen: ${what}`);
    await new Promise((r) => setTimeout(r, 1000));
  }
}

async function people(s, step) {
  const { page } = s;
  const told = () => page.evaluate(async () => (await fetch('api/v1/personnel')).json());
  const ask = (verb, args) =>
    page.evaluate(
      async ([v, a]) =>
        (
          await fetch('api/v1/requests', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', 'X-Kuangtu': '1' },
            body: JSON.stringify({ verb: v, args: a, key: `${v}-${Math.random()}` }),
          })
        ).status,
      [verb, args],
    );
  let before = 0;

  await step('everybody who walks below is counted, by area and in all', async () => {
    await s.login();
    await until(async () => (await told()).count > PERSONS * 0.8, 'persons below', 60_000);
    await s.go('#/people');
    await page.getByRole('heading', { name: '井下人员', exact: true }).waitFor();
    await page.getByText('按区域').waitFor();
    await page.getByRole('grid', { name: '在井人员' }).waitFor();
    await s.shot('people');
    await s.axe('the page of persons');
  });
  await step('a call for help stands first, with its alarm', async () => {
    await mine.plant('person 1007 sos');
    await until(async () => (await told()).sos === 1, 'the call', 60_000);
    await page.getByText('! 呼救 1').waitFor();
    await s.shot('people-sos');
    await mine.plant('person 1007 calm');
    await until(async () => (await told()).sos === 0, 'taken back at the tag', 60_000);
  });
  await step('the map shows them as dots', async () => {
    await s.go('#/map');
    await page.locator('.kt-live canvas').waitFor();
    const open = page.locator('.layers-open');
    if (await open.count()) await open.click();
    await page.getByLabel('井下人员', { exact: true }).check();
    await page.locator('.legend', { hasText: '虚心' }).waitFor();
    await s.shot('people-map');
    before = Date.now();
  });
  await step('vehicles stand in a list of their own, and on the map as flat boxes', async () => {
    const fast = (p) => ({
      ...{ number: 'WC-7', kind: 'rubber', card: '9001', km_h: 36.2, limit_km_h: 25 },
      ...{ carries: [], is: ['speeding'], place: p.place, airway: p.airway, at_m: p.at_m },
      ...{ error_m: 4, time: p.time, heard: p.heard, in: p.in },
    });
    await page.route('**/api/v1/personnel', async (route) => {
      const answer = await route.fetch();
      const got = await answer.json();
      const two = { ...fast(got.items[9]), number: 'WC-8', card: '9002', km_h: 12.4, is: [] };
      const json = { ...got, vehicles: [two, fast(got.items[3])] };
      await route.fulfill({ response: answer, json }).catch(() => {}); // one that outlives the step
    });
    for (let i = 0; i < 2; i++) await page.waitForResponse('**/api/v1/personnel');
    await s.settled();
    await s.shot('people-map-vehicles');
    await s.go('#/people');
    const list = page.getByRole('grid', { name: '井下车辆与移动仪器' });
    await list.getByText('WC-7').waitFor();
    await list.getByText('36.2 / 25').waitFor();
    await list.scrollIntoViewIfNeeded();
    await s.shot('people-vehicles');
    await s.axe('the list of vehicles');
    await list.getByRole('row').filter({ hasText: 'WC-7' }).getByRole('button').click();
    await page.locator('.kt-live canvas').waitFor(); // the map, at its place
    await s.settled();
    await s.shot('people-vehicle-place');
    await s.go('#/people');
    await list.getByText('WC-7').waitFor();
    await page.unroute('**/api/v1/personnel');
    before = Date.now();
  });
  await step(
    'an evacuation as a drill: who is still below stands first, each with a way out',
    async () => {
      ok((await ask('drill.start', { title: '撤人演练' })) === 200, 'the drill has begun');
      await mine.plant('person all leave');
      ok(
        (await ask('evacuation.start', { place: 'mine', fire: '1203-face', reason: '演练' })) ===
          200,
        'the evacuation has begun',
      );
      await until(async () => (await told()).evacuation?.plan, 'routes', 60_000);
      await s.shot('people-map-evacuation');
      await s.go('#/people');
      await page.getByRole('grid', { name: '撤人' }).waitFor();
      await page.getByText('仍在井下').waitFor();
      await s.shot('people-evacuation');
      await s.axe('the evacuation');
      await page.getByRole('button', { name: '确认并播报路线' }).click();
      // what was said is so, or somebody's way has changed since and asks for another word
      await page.getByText(/路线已确认播报|确认并重新播报/).waitFor();
      ok((await told()).evacuation.confirmed, 'the routes are confirmed');
      await page.getByRole('button', { name: '不是演练：实际撤人…' }).click();
      await page.getByText('实际撤人会立即结束演练').waitFor();
      await s.shot('people-real-evacuation');
      await page.getByRole('button', { name: '关闭' }).click();
      await page.getByRole('button', { name: '结束撤人' }).click();
      await page.getByText('上次撤人').waitFor();
      ok((await ask('drill.stop', {})) === 200, 'the drill is over');
    },
  );
  await step('the past has them where they were', async () => {
    const past = await page.evaluate(
      async (at) => (await fetch(`api/v1/replay?at=${at}`)).json(),
      before,
    );
    ok(past.people.count > PERSONS * 0.8, `persons in the past: ${past.people?.count}`);
    ok(past.difference === '', 'the past is what was recorded');
  });
  await step('who may not see them sees counts', async () => {
    await page.evaluate(() =>
      fetch('api/v1/logout', { method: 'POST', headers: { 'X-Kuangtu': '1' } }),
    );
    const seen = await page.evaluate(async (password) => {
      await fetch('api/v1/login', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Kuangtu': '1' },
        body: JSON.stringify({ user: 'zhao', password }),
      });
      return (await fetch('api/v1/personnel')).json();
    }, PASSWORD);
    ok(seen.sees === false && seen.items.length === 0 && seen.count > 0, 'counts alone');
  });
}

try {
  await story('persons below', people);
} finally {
  await mine.stop();
}
