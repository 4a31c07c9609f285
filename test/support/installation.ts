import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The built service as `npm ci --omit=optional` leaves it: without what the sandbox is made of. */
export class InstallationWithoutSandbox {
  readonly root = mkdtempSync(join(tmpdir(), 'sluice-installation-'));

  constructor() {
    cpSync(join(ROOT, 'dist'), join(this.root, 'dist'), { recursive: true });
    rmSync(join(this.root, 'dist/sandbox'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(this.root, 'package.json'));
    const packages = join(ROOT, 'node_modules');
    mkdirSync(join(this.root, 'node_modules'));
    for (const name of readdirSync(packages)) {
      if (name === '@copilotkit') continue;
      symlinkSync(join(packages, name), join(this.root, 'node_modules', name));
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
