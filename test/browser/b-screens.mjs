// SPDX-License-Identifier: Apache-2.0
// The engineers' and administrators' screens in both languages and themes: they draw within the
// window, and axe finds nothing.
import { ok, story } from './lib.mjs';

const SCREENS = [
  'trend?points=T1-1203,F-1203,K-1203',
  'point/T1-1203',
  'point/CO-1301',
  'limits',
  'limits?tab=proposals',
  'limits?tab=ranges',
  'events',
  'calibration',
  'calibration?tab=past',
  'calibration?tab=tests',
  'reports',
  'reports?kind=alarm',
  'backtest',
  'users',
  'users?tab=roles',
  'users?tab=audit',
  'health',
  'health?tab=links',
  'health?tab=kpi',
];

await story('records screens, both languages, both themes', async (s, step) => {
  await s.login();
  for (const theme of ['light', 'dark']) {
    for (const lang of ['zh', 'en']) {
      await s.page.evaluate(
        ([l, t]) => {
          localStorage.setItem('kt.lang', JSON.stringify(l));
          localStorage.setItem('kt.theme', JSON.stringify(t));
        },
        [lang, theme],
      );
      await s.page.reload();
      for (const screen of SCREENS) {
        await step(`${screen}, ${lang}, ${theme}`, async () => {
          await s.go(`#/${screen}`);
          await s.page.locator('main h1').first().waitFor({ state: 'attached' });
          await s.settled();
          await s.shot(`b-${screen.replace(/\W+/g, '-')}-${lang}-${theme}`);
          await s.axe(`${screen} ${lang} ${theme}`, { colours: (lang === 'zh') !== (theme === 'light') });
          const wide = await s.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          ok(wide <= 0, `${wide} px wider than the window`);
        });
      }
    }
  }
});
