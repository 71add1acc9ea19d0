// SPDX-License-Identifier: Apache-2.0
// Prints the gzipped size of the build and fails when a budget is broken.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url);
const FIRST_LOAD_KB = 200;
const FEATURE_KB = 30;
const PHONE_KB = 120;

const html = readFileSync(new URL('index.html', DIST), 'utf8');
const gz = (f) => gzipSync(readFileSync(new URL(f, DIST))).length / 1024;

/** What index.html asks for, plus what those files import statically. */
function closure(entries) {
  const seen = new Set();
  const queue = [...entries];
  while (queue.length > 0) {
    const f = queue.pop();
    if (seen.has(f)) continue;
    seen.add(f);
    if (!f.endsWith('.js')) continue;
    const text = readFileSync(new URL(f, DIST), 'utf8');
    for (const m of text.matchAll(
      /(?:^|[;}\s])(?:import|export)\s*(?:[^"'`()]*?from\s*)?["'`]\.\/([\w.-]+\.js)["'`]/g,
    )) {
      queue.push(`assets/${m[1]}`);
    }
  }
  return [...seen];
}

const entries = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((m) => m[1]);
const shell = closure(entries);
const files = readdirSync(new URL('assets/', DIST)).map((f) => `assets/${f}`);
const map = files.filter((f) => /\/(MapScreen|view)-/.test(f) && f.endsWith('.js'));
const first = closure([...entries, ...map]).filter((f) => f.endsWith('.js'));
const sum = (list) => list.reduce((n, f) => n + gz(f), 0);

console.log(`shell (log-in, strip):   ${sum(shell).toFixed(1)} KB gz`);
const total = sum(first);
console.log(`desk first load (+ map): ${total.toFixed(1)} KB gz JS, budget ${FIRST_LOAD_KB}`);
const phoneHtml = readFileSync(new URL('phone.html', DIST), 'utf8');
const phoneEntries = [...phoneHtml.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(
  (m) => m[1],
);
const phone = sum(closure(phoneEntries));
console.log(`phone first load:        ${phone.toFixed(1)} KB gz, budget ${PHONE_KB}`);
let bad = total > FIRST_LOAD_KB || phone > PHONE_KB;
for (const f of files.filter((x) => x.endsWith('.js') && !first.includes(x))) {
  const kb = gz(f);
  console.log(`  ${f} ${kb.toFixed(1)} KB gz`);
  if (kb > FEATURE_KB) {
    console.error(`${f}: over the ${FEATURE_KB} KB budget of a feature`);
    bad = true;
  }
}
process.exit(bad ? 1 : 0);
