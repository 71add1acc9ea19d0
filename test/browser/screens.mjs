// SPDX-License-Identifier: Apache-2.0
// Every screen of the desk in both languages and themes: it draws, and axe finds nothing.
import { story } from './lib.mjs';

const SCREENS = [
  'map',
  'alarms',
  'alarms?tab=history',
  'alarm-measures',
  'cards',
  'handover',
  'o/T1-1203',
];

await story('every screen, both languages, both themes', async (s, step) => {
  await step('log-in screen', async () => {
    await s.page.locator('input[name=user]').waitFor();
    await s.axe('login');
    await s.shot('login');
  });
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
          await s.axe(`${screen} ${lang} ${theme}`, { colours: (lang === 'zh') !== (theme === 'light') });
          await s.shot(`${screen.replace(/\W/g, '-')}-${lang}-${theme}`);
        });
      }
    }
  }
});
