// SPDX-License-Identifier: Apache-2.0
// What a browser story needs: Debian's Chromium, the program at KT_URL (or the fixture when it is
// not set), log-in, axe, screenshots. A story is one file that calls story() and steps with step().
//   KT_URL=http://127.0.0.1:8080/ KT_USER=wang KT_PASSWORD=… node test/browser/alarms.mjs
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../../web/', import.meta.url));
const require = createRequire(join(WEB, 'package.json'));
const CHROMIUM = process.env.KT_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** How long anything may take, in ms: a machine may be busy with other things. */
export const PATIENCE = 60_000;
const IMPATIENCE = 8000; // once a step has failed, the next ones mostly cannot succeed
let patience = PATIENCE;
export const real = process.env.KT_URL !== undefined;
export const USER = process.env.KT_USER ?? 'wang';
export const PASSWORD = process.env.KT_PASSWORD ?? 'demo';

export class Skip extends Error {}
/** Ends the step as skipped, with its reason. */
export function skip(why) {
  throw new Skip(why);
}

export function ok(cond, what) {
  if (!cond) throw new Error(what);
}

export function equal(is, should, what) {
  if (is !== should)
    throw new Error(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`);
}

/** Waits until f() is true and answers what it said; fails with `what` after `ms`. */
export async function until(f, what, ms = patience) {
  const end = Date.now() + ms;
  for (;;) {
    const said = await f();
    if (said) return said;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** Waits until f() answers `should`; tells what it answered last otherwise. */
export async function becomes(f, should, what) {
  let is;
  try {
    await until(async () => {
      is = await f();
      return is === should;
    }, what);
  } catch (e) {
    if (is === undefined) throw e;
    equal(is, should, what);
  }
}

class Story {
  constructor(page, server, url, shots) {
    Object.assign(this, { page, server, url, shots });
    this.errors = [];
    page.on('pageerror', (e) => this.errors.push(`page error: ${e.message}`));
    page.on('console', (m) => {
      if (
        m.type() === 'error' &&
        !/status of 4\d\d|ERR_CONNECTION|ERR_INCOMPLETE|net::ERR/.test(m.text())
      )
        this.errors.push(`console: ${m.text()}`);
    });
  }

  go(hash) {
    return this.page.goto(`${this.url}${hash}`);
  }

  /** Logs in through the screen, as a person does. */
  async login(user = USER, password = PASSWORD) {
    await this.page.locator('input[name=user]').fill(user);
    await this.page.locator('input[name=password]').fill(password);
    await this.page.locator('form button[type=submit]').click();
    await this.page.locator('header.strip').waitFor();
    await until(
      async () => /\d\d:\d\d:\d\d/.test(await this.page.locator('.strip-clock time').innerText()),
      'the clock runs',
    );
  }

  key(k) {
    return this.page.keyboard.press(k);
  }

  async shot(name) {
    if (this.shots) await this.page.screenshot({ path: join(this.shots, `${name}.png`) });
  }

  /** The page has drawn what it fetched: nothing changes in it for a tenth of a second. */
  settled() {
    return this.page.evaluate(
      () =>
        new Promise((resolve) => {
          let quiet = setTimeout(done, 100);
          const end = setTimeout(done, 2000);
          const watch = new MutationObserver(() => {
            clearTimeout(quiet);
            quiet = setTimeout(done, 100);
          });
          function done() {
            watch.disconnect();
            clearTimeout(quiet);
            clearTimeout(end);
            requestAnimationFrame(() => resolve());
          }
          watch.observe(document.body, { childList: true, subtree: true, characterData: true });
        }),
    );
  }

  /**
   * Violations of WCAG 2.2 AA as axe sees them, one line each. Names, roles and order do not depend
   * on language and theme: `colours` looks at contrast alone.
   */
  async axe(where = 'page', { colours = false } = {}) {
    if (!(await this.page.evaluate(() => 'axe' in globalThis)))
      await this.page.evaluate(require('axe-core').source);
    const found = await this.page.evaluate(async (only) => {
      const r = await globalThis.axe.run(document, { runOnly: only });
      return r.violations.map(
        (v) =>
          `${v.id}: ${v.help} [${v.nodes
            .slice(0, 3)
            .map((n) => n.target.join(' '))
            .join(' | ')}]`,
      );
    }, colours ? { type: 'rule', values: ['color-contrast'] } : ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
    if (found.length > 0) throw new Error(`axe on ${where}:\n  ${found.join('\n  ')}`);
  }
}

/**
 * Runs one story in a browser of its own and prints TAP.
 * @param body async (s, step) => …   step(name, async () => …)
 * @param home where the browser looks for the authorities that its user trusts (.pki/nssdb)
 */
export async function story(
  title,
  body,
  { width = 1366, height = 768, lang = 'zh', theme = 'light', flags = [], home = '' } = {},
) {
  const { chromium } = require('playwright-core');
  const server = real ? null : await (await import(join(WEB, 'dev/fixture.mjs'))).serve(0);
  const profile = mkdtempSync(join(tmpdir(), 'kt-story-'));
  const shots = process.env.KT_SHOTS;
  if (shots) mkdirSync(shots, { recursive: true });
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: [...FLAGS, ...flags],
    viewport: { width, height },
    ...(home ? { env: { ...process.env, HOME: home } } : {}),
    timeout: 2 * PATIENCE,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(PATIENCE);
  const url = real ? process.env.KT_URL.replace(/\/?$/, '/') : server.url;
  await page.addInitScript(
    ([l, t]) => {
      if (localStorage.getItem('kt.lang') === null)
        localStorage.setItem('kt.lang', JSON.stringify(l));
      if (localStorage.getItem('kt.theme') === null)
        localStorage.setItem('kt.theme', JSON.stringify(t));
    },
    [lang, theme],
  );
  const s = new Story(page, server, url, shots);
  let n = 0;
  let failed = 0;
  let skipped = 0;
  console.log(`# ${title}`);
  const step = async (name, f) => {
    n += 1;
    try {
      await f();
      console.log(`ok ${n} - ${name}`);
    } catch (e) {
      if (e instanceof Skip) {
        skipped += 1;
        console.log(`ok ${n} - ${name} # SKIP ${e.message}`);
        return;
      }
      failed += 1;
      patience = IMPATIENCE;
      s.page.setDefaultTimeout(patience);
      console.log(`not ok ${n} - ${name}\n  ${String(e.message).split('\n').join('\n  ')}`);
      // its page may be gone
      await s.shot(`failed-${title.replace(/\W+/g, '-')}-${n}`).catch(() => undefined);
    }
  };
  try {
    await page.goto(url);
    await body(s, step);
    await step('no script error, nothing refused by the content policy', () =>
      equal(s.errors.join('; '), '', 'errors'),
    );
  } finally {
    await context.close();
    await server?.close();
    rmSync(profile, { recursive: true, force: true });
  }
  console.log(`1..${n}`);
  console.log(`${n - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}
