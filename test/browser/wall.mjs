// SPDX-License-Identifier: Apache-2.0
// The wall: letters of its alarms are large enough for 4 m, it says when the line is lost.
import { ok, skip, story, until } from './lib.mjs';

await story(
  'wall',
  async (s, step) => {
    const { page, server } = s;
    await s.login();
    await s.go('#/wall');
    await step('dark, with map, areas, fans and trends', async () => {
      await page.locator('.wall .kt-live canvas').waitFor();
      await until(
        async () => (await page.locator('html').getAttribute('data-theme')) === 'dark',
        'dark',
      );
      for (const c of ['.wall-areas li', '.wall-worst', '.wall-trends'])
        await until(async () => (await page.locator(c).count()) > 0, c);
      await s.shot('wall');
    });
    await step(
      'main letters are at least 63 px, the rest at least 42 px on a 4K wall',
      async () => {
        const px = (sel) =>
          page
            .locator(sel)
            .first()
            .evaluate((e) => Number.parseFloat(getComputedStyle(e).fontSize));
        await until(async () => (await px('.wall-worst')) >= 62.9, 'letters of alarms');
        await until(async () => (await px('.wall-areas li')) >= 41.9, 'letters of values');
      },
    );
    await step('nothing is wider than the wall', async () => {
      ok(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        'no scrolling',
      );
    });
    await step('link loss in large letters', async () => {
      if (!server) skip('needs the fixture to fall silent');
      server.silence(true);
      await page.locator('.linkloss').waitFor();
      const size = await page
        .locator('.linkloss p')
        .evaluate((e) => Number.parseFloat(getComputedStyle(e).fontSize));
      ok(size >= 119, `${size} px`);
      server.silence(false);
    });
  },
  { width: 3840, height: 2160 },
);
