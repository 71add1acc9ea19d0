// SPDX-License-Identifier: Apache-2.0
// The time bar turns the whole screen into a replay; the strip stays live; L goes back.
import { equal, ok, story, until } from './lib.mjs';

await story('replay', async (s, step) => {
  const { page } = s;
  // from the beginning: a page that is under way takes a route up late, and the request is gone by then
  let older = null;
  await page.route(/\/api\/v1\/replay\?/, async (r) => {
    if (!older) return r.continue();
    const response = await r.fetch();
    await r.fulfill({ response, json: { ...(await response.json()), site: older } });
  });
  await s.login();
  await s.go('#/map');
  await page.locator('.kt-live canvas').waitFor();
  const title = page.locator('.mode-frame.replay p');
  const past = async () =>
    (await page.locator('.timebar-mode').innerText()).match(/\d\d:\d\d:\d\d/)?.[0];
  await step('typed time and speed start it, in words', async () => {
    await s.key('Shift+R');
    const d = page.getByRole('dialog', { name: '回放' });
    await d.getByLabel('速度').fill('10');
    await d.getByRole('button', { name: '播放' }).click();
    await title.waitFor();
    await title.filter({ hasText: /回放 \d\d-\d\d \d\d:\d\d:\d\d ×10 — 非实时/ }).waitFor();
    await s.shot('replay');
  });
  await step('it runs ten times as fast; the strip shows the present', async () => {
    const seconds = (text) => text.split(':').reduce((n, x) => n * 60 + Number(x), 0);
    const gone = (from, to) => (seconds(to) - seconds(from) + 86_400) % 86_400;
    const now = async () => (await page.locator('.strip-clock time').innerText()).match(/\d\d:\d\d:\d\d/)[0];
    const [first, here] = [await until(past, 'a time'), await now()];
    await until(async () => gone(first, await past()) >= 40, 'forty seconds of then');
    const took = gone(here, await now());
    ok(took < 40, `they took ${took} s of now`);
  });
  await step('Space stops it, brackets step by ten seconds', async () => {
    await s.key('Space');
    await page.getByRole('button', { name: '播放' }).waitFor();
    const a = await until(async () => {
      const one = await past();
      await page.waitForTimeout(300);
      return one === (await past()) && one;
    }, 'it stands');
    await s.key(']');
    await until(async () => (await past()) !== a, 'a step forward');
    await s.key('[');
    await until(async () => (await past()) === a, 'and back');
  });
  await step('of an older site the drawing that stood then is shown', async () => {
    const asked = page.waitForRequest(/\/api\/v1\/map\?at=\d+/);
    older = { hash: 'older', same: false, points: [], ended: [], places: [] };
    await s.key('[');
    await asked;
    await page.locator('.kt-live canvas').waitFor();
    older = null;
  });
  await step('dragging the axis moves the whole screen', async () => {
    const axis = page.getByRole('slider', { name: /时间轴/ });
    const box = await axis.boundingBox();
    const before = await past();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 10, { steps: 5 });
    await page.mouse.up();
    await until(async () => (await past()) !== before, 'another moment');
  });
  await step('other screens are in the past too, and act on nothing', async () => {
    await s.go('#/alarms');
    await title.waitFor();
    equal(
      await page.locator('.alarms-pane').getByRole('button', { name: '确认', exact: true }).count(),
      0,
      'acknowledge buttons',
    );
  });
  await step('L goes back to the present', async () => {
    await s.key('l');
    await title.waitFor({ state: 'detached' });
    await page.getByText('● 实时').waitFor();
  });
});
