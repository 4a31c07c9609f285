import { createRequire } from 'node:module';

/** As package.json says, which lies one folder above `src/` as well as above `dist/`. */
export const { version: SLUICE_VERSION } = createRequire(import.meta.url)('../../package.json') as {
  version: string;
};
