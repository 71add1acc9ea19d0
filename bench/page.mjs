// SPDX-License-Identifier: Apache-2.0
// A bench's browser: Debian's Chromium in a profile of its own, logged in at KT_URL as KT_USER.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(fileURLToPath(new URL('../web/', import.meta.url)), 'package.json'));
const { chromium } = require('playwright-core');

/** Runs body(page, go) and prints what it answers as one JSON line; go(hash) opens a screen. */
export async function measure(body) {
  const { KT_URL, KT_USER, KT_PASSWORD, KT_CHROMIUM = '/usr/bin/chromium' } = process.env;
  const profile = mkdtempSync(join(tmpdir(), 'kt-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: KT_CHROMIUM,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
    viewport: { width: 1366, height: 768 },
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(60_000);
    await page.goto(KT_URL);
    await page.locator('input[name=user]').fill(KT_USER);
    await page.locator('input[name=password]').fill(KT_PASSWORD);
    await page.locator('form button[type=submit]').click();
    await page.locator('header.strip').waitFor();
    console.log(JSON.stringify(await body(page, (hash) => page.goto(`${KT_URL}${hash}`))));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}
