import { defineConfig } from 'vitest/config';

// Against a local network that is up: ANTIPHON_FACTS names the file with what `antiphon-localnet start --json` printed.
export default defineConfig({
  test: { include: ['live/**/*.test.ts'], environment: 'node', testTimeout: 120_000, fileParallelism: false },
});
