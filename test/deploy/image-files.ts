import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface FileOfImage {
  /** Below the image's root. */
  readonly path: string;
  readonly bytes: number;
  readonly text: () => string;
}

/** Every file below `root`, also those whose names begin with a dot. */
export function filesIn(root: string): FileOfImage[] {
  return globSync('**/{*,.*}', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return {
        path: path.slice(root.length),
        bytes: statSync(path).size,
        text: () => readFileSync(path, 'latin1'),
      };
    });
}

export function megabytesBelow(folder: string, files: readonly FileOfImage[]): number {
  const bytes = files.map((file) => (file.path.startsWith(folder) ? file.bytes : 0));
  return Math.round(bytes.reduce((sum, each) => sum + each, 0) / 1e5) / 10;
}

/** By its name, or because it holds a private key. Libraries do name the first line of one. */
export function isKeyFile({ path, text }: FileOfImage): boolean {
  return (
    /\/\.env|\.(pem|key|p12)$|id_rsa/.test(path) || /PRIVATE KEY-----\s+[\w+/=]{60}/.test(text())
  );
}

/** `name@version` of what npm installed there. */
export function packagesIn(app: string): string[] {
  const lock = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  return Object.entries(lock.packages).map(
    ([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`,
  );
}
