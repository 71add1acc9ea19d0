// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

// KT_URL: the program (or dev/fixture.mjs) that answers /api while `vite` serves the sources.
const target = process.env.KT_URL ?? 'http://127.0.0.1:8099';

interface Built {
  type: string;
  fileName: string;
  isEntry?: boolean;
  imports?: string[];
  dynamicImports?: string[];
  facadeModuleId?: string | null;
  viteMetadata?: { importedCss?: Set<string> };
}

/** phone-sw.js with the names of all files that the phone page needs; a new build has a new cache. */
function phoneWorker(): Plugin {
  return {
    name: 'phone-worker',
    apply: 'build',
    // after the style sheets' own chunks have been taken out
    writeBundle(options, bundle) {
      const all = Object.values(bundle) as unknown as Built[];
      const queue = all.filter((c) => c.isEntry && c.facadeModuleId?.endsWith('phone.html'));
      const files = new Set<string>();
      for (const c of queue) {
        files.add(c.fileName);
        for (const css of c.viteMetadata?.importedCss ?? []) files.add(css);
        for (const name of [...(c.imports ?? []), ...(c.dynamicImports ?? [])]) {
          const next = all.find((x) => x.fileName === name);
          if (next && !queue.includes(next)) queue.push(next);
        }
      }
      const list = ['icon.svg', 'phone.webmanifest', ...files].map((f) => `./${f}`);
      const version = createHash('sha256').update(list.join()).digest('hex').slice(0, 12);
      const source = readFileSync(new URL('src/phone/sw.js', import.meta.url), 'utf8')
        .replace('__VERSION__', version)
        .replace('__FILES__', JSON.stringify(list));
      writeFileSync(join(options.dir ?? 'dist', 'phone-sw.js'), source);
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [phoneWorker()],
  build: {
    target: 'chrome87',
    cssTarget: 'chrome87',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: { input: ['index.html', 'phone.html'] },
  },
  server: { proxy: { '/api': { target, changeOrigin: true } } },
});
