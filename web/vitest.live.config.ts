import { defineConfig } from 'vitest/config';

// The core against a real local network; live/setup.ts says which one.
export default defineConfig({
  test: {
    include: ['live/**/*.test.ts'],
    globalSetup: './live/setup.ts',
    environment: 'node',
    testTimeout: 120_000,
    // These wait for other programs by the clock; vitest tells which test was tried again.
    retry: 2,
    fileParallelism: false,
  },
});
