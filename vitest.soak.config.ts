import { defineConfig } from 'vitest/config';

/** `npm run soak`: minutes of load, so it is no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/soak/*.soak.ts'],
    maxWorkers: 1,
    testTimeout: 30 * 60_000,
    disableConsoleIntercept: true,
  },
});
