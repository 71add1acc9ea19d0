// SPDX-License-Identifier: Apache-2.0
// The record room and the phone in English and light, as clerk, chief and inspector see them: no key
// stands where a word should, no word is Chinese but in the mine's own data, nothing runs out of the
// window or is cut off.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { equal, real, skip, story } from './lib.mjs';

const SRC = fileURLToPath(new URL('../../web/src/', import.meta.url));
const KEYS = readdirSync(SRC, { recursive: true })
  .filter((f) => f.endsWith('en.json'))
  .flatMap((f) => Object.keys(JSON.parse(readFileSync(`${SRC}${f}`, 'utf8'))))
  .filter((k) => k.includes('.'));

const DESK = {
  qian: [
    'registers',
    'registers/hazard',
    'registers/hazard/new',
    'registers/hazard/import',
    'registers/hazard/duplicates',
    'registers/hazard/FIRST',
    'registers/hazard/FIRST?tab=history',
    'registers/hazard/FIRST?tab=moves',
    'registers/hazard/FIRST/edit',
    'registers/project',
    'registers/patrol',
  ],
  sun: [
    'cases',
    'cases?view=list',
    'cases?view=month',
    'indicators',
    'indicators/hazard_closed',
    'ledgers',
    'calendar',
  ],
};
const PHONE = ['tasks', 'map', 'report', 'report/hazard', 'patrol', 'outbox', 'me', 'trust'];

/** What is wrong with the words that can be seen; the mine's own data may be Chinese. */
const wrongs = (page) =>
  page.evaluate((keys) => {
    const out = [];
    const known = new Set(keys);
    const seen = (el) => el.checkVisibility() && !el.closest('.sr, .kt-rail, header.strip, .popups');
    const say = (what, el) => out.push(`${what}: “${el.textContent.trim().slice(0, 60)}” <${el.tagName.toLowerCase()} class="${el.className}">`);
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) out.push(`${wide} px wider than the window`);
    for (const el of document.querySelectorAll('main *')) {
      if (!seen(el)) continue;
      const own = [...el.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join('').trim();
      if (known.has(own)) say('a key', el);
      if (/\{\w+\}/.test(own)) say('a place that was not filled', el);
    }
    for (const el of document.querySelectorAll('main :is(button, summary, th, legend, .field > span, .field > label, .mark, .btn)')) {
      if (!seen(el)) continue;
      const cut = el.scrollWidth - el.clientWidth;
      if (cut > 1 && !el.title && getComputedStyle(el).overflowX !== 'visible') say(`cut off by ${cut} px`, el);
    }
    for (const el of document.querySelectorAll('main :is(summary, th, legend, .field > :is(span, label):first-child, .btn:not([lang]))'))
      if (seen(el) && /\p{Script=Han}/u.test(el.textContent)) say('Chinese', el);
    return [...new Set(out)];
  }, KEYS);

await story(
  'the room in English',
  async (s, step) => {
    if (real) return step('the room', () => skip('counts on the made-up mine'));
    const { page } = s;
    const look = (where) => async () => {
      await s.settled();
      await s.shot(`en-${where.replace(/\W+/g, '-')}`);
      equal((await wrongs(page)).join('\n'), '', where);
    };
    for (const [user, screens] of Object.entries(DESK)) {
      await page.context().clearCookies();
      await page.goto(s.url);
      await s.login(user);
      const first = (await page.evaluate(async () => (await fetch('api/v1/records/hazard?sort=no&limit=1')).json())).items[0].id;
      for (const where of screens) {
        await step(`${user}: ${where}`, async () => {
          await s.go(`#/${where.replace('FIRST', first)}`);
          await page.locator('main h1').first().waitFor({ state: 'attached' });
          await look(where)();
        });
      }
    }
    await page.setViewportSize({ width: 360, height: 780 });
    await page.context().clearCookies();
    await page.goto(`${s.url}phone`);
    await page.locator('input[name=user]').fill('li');
    await page.locator('input[name=password]').fill('demo');
    await page.locator('form button[type=submit]').click();
    await page.locator('.ph-task').first().waitFor();
    for (const where of PHONE) {
      await step(`phone: ${where}`, async () => {
        await page.goto(`${s.url}phone#/${where}`);
        await page.locator('main').first().waitFor();
        await look(`phone-${where}`)();
      });
    }
    await step('phone: a case', async () => {
      await page.goto(`${s.url}phone#/tasks`);
      await page.locator('.ph-task').first().click();
      await page.locator('main h1').first().waitFor();
      await look('phone-case')();
    });
  },
  { lang: 'en', theme: 'light' },
);
