import { defineConfig } from 'vitest/config';

// The core against a real local network; live/setup.ts says which one.
export default defineConfig({
  test: {
    include: ['live/**/*.test.ts'],
    globalSetup: './live/setup.ts',
    environment: 'node',
    testTimeout: 120_000,
    fileParallelism: false,
  },
});
