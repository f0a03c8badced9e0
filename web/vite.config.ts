import { defineConfig } from 'vite';

// Static files with relative paths, so that the page works under any folder, also /ipfs/<cid>/.
export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    outDir: 'dist',
    modulePreload: { polyfill: false },
    // The security policy of index.html allows no data: scripts or styles.
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    sourcemap: false,
    reportCompressedSize: false,
    manifest: 'manifest.json',
  },
  server: { host: '127.0.0.1', port: 5173, strictPort: false },
});
