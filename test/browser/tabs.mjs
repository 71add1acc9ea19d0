// SPDX-License-Identifier: Apache-2.0
// Two tabs of one browser: one event stream and one sound; when one closes, the other goes on.
import { equal, ok, story, until } from './lib.mjs';

/** Counts the event streams that a page asks for, and the tones it plays. */
function watch(page) {
  const seen = { streams: 0 };
  page.on('request', (r) => {
    if (/\/api\/v1\/stream$/.test(r.url())) seen.streams += 1;
  });
  seen.tones = () => page.evaluate(() => globalThis.ktTones);
  return seen;
}

const clockOf = (page) => page.locator('.strip-clock time').innerText();
async function runs(page, what, ms) {
  const was = await clockOf(page);
  await until(async () => (await clockOf(page)) !== was, what, ms);
}

await story('tabs', async (s, step) => {
  const { page } = s;
  const context = page.context();
  await context.addInitScript(() => {
    globalThis.ktTones = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
      globalThis.ktTones += 1;
      return make.call(this);
    };
    // a tab that is hidden for long: the page's own timers stand still
    globalThis.ktHidden = false;
    for (const name of ['setTimeout', 'setInterval']) {
      const set = globalThis[name];
      globalThis[name] = (f, ms, ...rest) => set(() => globalThis.ktHidden || f(...rest), ms);
    }
  });
  const first = watch(page);
  await page.reload();
  await s.login();
  let other;
  let second;
  await step('the second tab lives without a stream of its own', async () => {
    await until(() => first.streams > 0, 'the first tab has the stream');
    other = await context.newPage();
    second = watch(other);
    await other.goto(s.url);
    await other.locator('.strip-clock time').waitFor();
    await until(async () => /\d\d:\d\d:\d\d/.test(await clockOf(other)), 'its clock');
    await runs(other, 'its clock runs');
    await other.locator('.strip-alarm').first().waitFor();
    equal(second.streams, 0, 'streams of the second tab');
  });
  await step('of two tabs that may sound one does', async () => {
    await page.keyboard.press('Shift'); // a gesture: sound is allowed
    await other.keyboard.press('Shift');
    const sum = async () => (await first.tones()) + (await second.tones());
    await until(async () => (await sum()) > 0, 'a tone');
    const before = [await first.tones(), await second.tones()];
    await until(async () => (await sum()) > before[0] + before[1], 'another tone');
    await until(async () => (await sum()) > before[0] + before[1] + 4, 'and another');
    const grew = [(await first.tones()) > before[0], (await second.tones()) > before[1]];
    ok(grew[0] !== grew[1], `tones: ${before} then ${[await first.tones(), await second.tones()]}`);
  });
  await step('hidden for long, when a browser slows the timers of a page, they sound on', async () => {
    const hide = (is) =>
      Promise.all([page, other].map((p) => p.evaluate((x) => void (globalThis.ktHidden = x), is)));
    const sum = async () => (await first.tones()) + (await second.tones());
    await hide(true);
    const before = await sum();
    await until(async () => (await sum()) > before + 4, 'tones go on'); // more than one sounding
    await hide(false);
  });
  await step(
    'while the first is loaded anew the second goes on, and the first follows it',
    async () => {
      const before = first.streams;
      await page.reload();
      await until(() => second.streams === 1, 'the second reads the stream');
      await until(async () => /\d\d:\d\d:\d\d/.test(await clockOf(page)), 'its clock');
      await runs(page, 'the clock of the first runs');
      await runs(other, 'the clock of the second runs');
      equal(first.streams, before, 'streams of the first tab');
    },
  );
  await step('when the second closes, the first goes on', async () => {
    const before = first.streams;
    await other.close();
    const closed = Date.now();
    await until(() => first.streams > before, 'it reads the stream', 5000);
    console.log(`# took over ${Date.now() - closed} ms after the other tab was closed`);
    await runs(page, 'its clock runs on');
  });
  await step('where the browser has no locks to give, the tabs agree on one stream', async () => {
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
    });
    const before = first.streams;
    await page.reload();
    await until(() => first.streams > before, 'the first has the stream');
    await runs(page, 'its clock runs');
    other = await context.newPage();
    second = watch(other);
    await other.goto(s.url);
    await other.locator('.strip-clock time').waitFor();
    await until(async () => /\d\d:\d\d:\d\d/.test(await clockOf(other)), 'its clock');
    await runs(other, 'its clock runs');
    equal(second.streams, 0, 'streams of the second tab');
    await page.close();
    await until(() => second.streams === 1, 'the second reads the stream');
    await runs(other, 'its clock runs on');
  });
});
