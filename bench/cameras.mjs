// SPDX-License-Identifier: Apache-2.0
// From a click on a camera in the list to its first picture on the screen, one camera after the other.
// One JSON line with the milliseconds. The caller runs the program and the cameras.
//   KT_URL=… KT_USER=… KT_PASSWORD=… KT_CAMERAS=C01,C02 node bench/cameras.mjs
import { measure } from './page.mjs';

/** Clicks the button of a camera and waits for a frame of its video. Runs in the page. */
const firstPicture = (id) =>
  new Promise((done, fail) => {
    const button = [...document.querySelectorAll('.camera-list button')].find((b) => b.textContent.includes(id));
    const begun = performance.now();
    const late = setTimeout(() => fail(new Error(`${id} shows nothing in 20 s`)), 20_000);
    const look = () => {
      const video = document.querySelector(`[data-camera="${id}"] video`);
      if (!video) return requestAnimationFrame(look);
      video.requestVideoFrameCallback(() => {
        clearTimeout(late);
        done(performance.now() - begun);
      });
    };
    button.click();
    look();
  });

/** The program holds a camera for 20 s behind its last look. Here each camera is an encoder on the same
 *  machine, so all of them together would be what is measured. */
const AT_ONCE = 4;
const CLOSED_MS = 21_000;

await measure(async (page, go) => {
  const took = [];
  for (const id of process.env.KT_CAMERAS.split(',')) {
    if (took.length && took.length % AT_ONCE === 0) await page.waitForTimeout(CLOSED_MS);
    await go('#/cameras');
    await page.locator('.camera-list button').filter({ hasText: id }).first().waitFor();
    took.push(await page.evaluate(firstPicture, id));
    await go('#/map');
    await page.locator('.kt-live canvas').waitFor();
  }
  return took;
});
