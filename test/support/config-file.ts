import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A configuration that lives as long as a test. JSON is YAML. */
export class ConfigFile {
  private constructor(
    readonly path: string,
    private readonly folder: string,
  ) {}

  static write(config: object): Promise<ConfigFile> {
    return ConfigFile.writeText(JSON.stringify(config));
  }

  static async writeText(text: string): Promise<ConfigFile> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
    const path = join(folder, 'sluice.yaml');
    await writeFile(path, text);
    return new ConfigFile(path, folder);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}
