// SPDX-License-Identifier: Apache-2.0
// One linkage on the demonstration mine, as its dispatcher sees it: methane at a face, the power cut and
// proved, who is there, ways out on the map, a case with its clock, the report, the past.
import { hasBroker, missing, PASSWORD, start } from './real.mjs';

const why = missing() || (hasBroker() ? '' : 'not there: mosquitto');
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start({ li: { name: '李调度', roles: 'dispatcher' } }, undefined, {
  persons: 60,
});
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'li', KT_PASSWORD: PASSWORD });
const { ok, story } = await import('./lib.mjs');

/** Asked once a second: the program counts how often it is asked. */
async function until(test, what, limit) {
  const end = Date.now() + limit;
  for (;;) {
    const got = await test();
    if (got) return got;
    if (Date.now() > end) throw new Error(`did not happen: ${what}`);
    await new Promise((r) => setTimeout(r, 1000));
  }
}

async function linkage(s, step) {
  const { page } = s;
  const get = (path) => page.evaluate(async (p) => (await fetch(`api/v1${p}`)).json(), path);
  let incident;

  await step('methane at the face passes its cut-off: every step comes by itself', async () => {
    await s.login();
    await until(async () => (await get('/personnel')).count > 30, 'persons below', 60_000);
    await mine.plant('set T1-1203 1.9');
    incident = await until(
      async () => {
        const x = (await get('/incidents')).items.find((i) => i.point === 'T1-1203');
        const state = Object.fromEntries((x?.steps ?? []).map((i) => [i.step, i.state]));
        return state.cut === 'proved' && state.routes === 'done' && state.case === 'done' && x;
      },
      'all steps of the linkage',
      60_000,
    );
    ok(incident.persons >= 0 && incident.record > 0, 'who is there, and the case');
  });
  await step('its page shows each step with its state; cameras are named, phone and speakers answer', async () => {
    await s.go('#/incidents');
    await page.getByRole('heading', { name: '联动事件', exact: true }).waitFor();
    await page.getByText('已证实').waitFor();
    await page.getByText(/CAM-1203/).first().waitFor();
    const talks = async () => (await get('/voice')).talks;
    await until(
      async () => (await talks()).some((t) => t.kind === 'ring' && t.point === 'DESK' && t.state !== 'asked'),
      'the desk phone rings',
      60_000,
    );
    await until(
      async () => (await talks()).some((t) => t.by === 'rule:gas.cut' && t.at?.['YX-1'] === 'confirmed' && t.at['YX-6'] === 'silent'),
      'the speaker of the face has said the words, the one that does not answer is named',
      60_000,
    );
    await page.getByRole('row').filter({ hasText: '广播' }).getByText(/\d+\/\d+/).waitFor();
    await s.shot('incident');
    await s.axe('the incident');
  });
  await step('the map has the ways out, who leaves stands first', async () => {
    await s.go('#/map');
    await page.locator('.kt-live canvas').waitFor();
    await s.shot('incident-map');
    await s.go('#/people');
    await page.getByText('仍在井下').waitFor();
    await s.shot('incident-people');
  });
  await step('the dispatcher takes the case: its clock runs', async () => {
    const one = await get(`/records/incident/${incident.record}`);
    const taken = await page.evaluate(
      async ([id, version]) =>
        (
          await fetch('api/v1/requests', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', 'X-Kuangtu': '1' },
            body: JSON.stringify({
              verb: 'record.move',
              args: { record: id, version, transition: 'take' },
              key: `take-${id}`,
            }),
          })
        ).status,
      [incident.record, one.version],
    );
    ok(taken === 200, 'taken');
    await s.go(`#/registers/incident/${incident.record}`);
    await page.getByText('处置中').first().waitFor();
    await s.shot('incident-case');
  });
  await step('the report is printed from the journal', async () => {
    const head = await page.evaluate(async (id) => {
      const got = await fetch(`api/v1/incidents/${id}/report?format=pdf`);
      return new TextDecoder().decode((await got.arrayBuffer()).slice(0, 5));
    }, incident.id);
    ok(head === '%PDF-', `a PDF: ${head}`);
  });
  await step('the past has it, with its steps', async () => {
    const at = incident.at + 5000;
    await until(async () => Date.now() > at + 1000, 'it is past', 20_000);
    const past = await get(`/replay?at=${at}`);
    ok(past.incidents.length > 0 && past.incidents[0].id === incident.id, 'the incident');
    ok(past.people.evacuation.by_rule === true, 'the evacuation');
    ok(past.difference === '', 'the past is what was recorded');
  });
}

try {
  await story('a linkage', linkage);
} finally {
  await mine.stop();
}
