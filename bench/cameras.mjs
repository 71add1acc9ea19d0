// SPDX-License-Identifier: Apache-2.0
// From a click on a camera in the list to its first picture on the screen, one camera after the other.
// One JSON line with the milliseconds. The caller runs the program and the cameras.
//   KT_URL=… KT_USER=… KT_PASSWORD=… KT_CAMERAS=C01,C02 node bench/cameras.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(fileURLToPath(new URL('../web/', import.meta.url)), 'package.json'));
const { chromium } = require('playwright-core');
const profile = mkdtempSync(join(tmpdir(), 'kt-bench-cameras-'));

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

const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.KT_CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  viewport: { width: 1366, height: 768 },
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(60_000);
  await page.goto(process.env.KT_URL);
  await page.locator('input[name=user]').fill(process.env.KT_USER);
  await page.locator('input[name=password]').fill(process.env.KT_PASSWORD);
  await page.locator('form button[type=submit]').click();
  await page.locator('header.strip').waitFor();
  const took = [];
  for (const id of process.env.KT_CAMERAS.split(',')) {
    await page.goto(`${process.env.KT_URL}#/cameras`);
    await page.locator('.camera-list button').filter({ hasText: id }).first().waitFor();
    took.push(await page.evaluate(firstPicture, id));
    await page.goto(`${process.env.KT_URL}#/map`);
    await page.locator('.kt-live canvas').waitFor();
  }
  console.log(JSON.stringify(took));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
