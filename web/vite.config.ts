// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vite';

// KT_URL: the program (or dev/fixture.mjs) that answers /api while `vite` serves the sources.
const target = process.env.KT_URL ?? 'http://127.0.0.1:8099';

export default defineConfig({
  base: './',
  build: {
    target: 'chrome87',
    cssTarget: 'chrome87',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': { target, changeOrigin: true } } },
});
