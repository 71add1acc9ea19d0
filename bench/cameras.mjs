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

await measure(async (page, go) => {
  const took = [];
  for (const id of process.env.KT_CAMERAS.split(',')) {
    await go('#/cameras');
    await page.locator('.camera-list button').filter({ hasText: id }).first().waitFor();
    took.push(await page.evaluate(firstPicture, id));
    await go('#/map');
    await page.locator('.kt-live canvas').waitFor();
  }
  return took;
});
