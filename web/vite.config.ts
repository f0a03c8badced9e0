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
    rolldownOptions: {
      output: {
        // What is needed together is packed together: smaller than one file each, and fewer requests.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'follow', test: /src\/core\/(ask|follow|view|rounds|blocks|pace)\.ts/ },
            {
              name: 'sign',
              test: /src\/core\/(tx|proto|session|keystore|keplr|act|advance|refused|signer|address)\.ts/,
            },
            {
              name: 'proof',
              test: /src\/(ui\/(rounds|later-stages|appeal|rate|stuck|matrix|checks|task-facts|receipt-buttons|states|dialog)|state\/(act|ballots|receipts|task)|i18n\/(more|en-rounds|en-explore))\.tsx?/,
            },
          ],
        },
      },
    },
  },
  server: { host: '127.0.0.1', port: 5173, strictPort: false },
});
