import { defineConfig } from 'vitest/config';

/** `npm run fuzz`: as many minutes as one likes, so only a short run is part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/fuzz/*.fuzz.ts'],
    maxWorkers: 1,
    testTimeout: 24 * 60 * 60_000,
    disableConsoleIntercept: true,
  },
});
