import { defineConfig } from 'vite';

/** Where `npm run dev` finds a server's API: the mock VTN as it starts by default. */
const API = 'http://127.0.0.1:8000';

export default defineConfig({
  root: import.meta.dirname,
  // Wherever a server puts the page, its files are beside it.
  base: './',
  resolve: { conditions: ['@venfleet/source', 'module', 'browser', 'development|production'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // The content security policy wants scripts, styles and fonts as files of their own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox121', 'safari17.5'],
    reportCompressedSize: false,
  },
  server: { proxy: { '/console/api': API, '/auth': API } },
});
