// SPDX-License-Identifier: Apache-2.0
// Time between frames of the map while its points change: standing still, then dragged and zoomed.
// One JSON line. The caller runs the program and sends values.
//   KT_URL=… KT_USER=… KT_PASSWORD=… KT_SECONDS=20 node bench/map.mjs
import { measure } from './page.mjs';

const seconds = Number(process.env.KT_SECONDS ?? 20);

/** Frames for so many seconds: [ms between them]. Runs in the page. */
const frames = (ms) =>
  new Promise((done) => {
    const times = [];
    let last = performance.now();
    const end = last + ms;
    const step = (now) => {
      times.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(step);
      else done(times.slice(1));
    };
    requestAnimationFrame(step);
  });

function summary(times) {
  const s = [...times].sort((a, b) => a - b);
  const q = (x) => s[Math.min(s.length - 1, Math.floor(s.length * x))];
  return { frames: s.length, median: q(0.5), p99: q(0.99), worst: s.at(-1) };
}

await measure(async (page, go) => {
  await go('#/map');
  await page.locator('.kt-live canvas').waitFor();
  await page.waitForTimeout(3000);
  const phases = {};
  phases['standing still, values change'] = summary(await page.evaluate(frames, (seconds * 1000) / 2));
  const box = await page.locator('.map-host').boundingBox();
  const moving = page.evaluate(frames, (seconds * 1000) / 2);
  const until = Date.now() + (seconds * 1000) / 2;
  const mid = [box.x + box.width / 2, box.y + box.height / 2];
  for (let i = 0; Date.now() < until; i++) {
    await page.mouse.move(...mid);
    await page.mouse.down();
    for (let k = 1; k <= 20; k++) await page.mouse.move(mid[0] + (i % 2 ? -6 : 6) * k, mid[1] + 3 * k);
    await page.mouse.up();
    await page.mouse.wheel(0, i % 4 < 2 ? -120 : 120);
    await page.waitForTimeout(50);
  }
  phases['dragged and zoomed, values change'] = summary(await moving);
  const drawn = await page.evaluate(() => document.querySelectorAll('.kt-live canvas').length);
  return { phases, drawn: drawn ? 5000 : 0 };
});
