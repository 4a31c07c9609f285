import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Files = Readonly<Record<string, string>>;

/**
 * A ConfigMap or a Secret as the kubelet mounts it: its files are links into `..data`, itself a link
 * to a folder that holds one state of them all.
 */
export class MountedVolume {
  #state = 0;

  private constructor(readonly path: string) {}

  static async mount(files: Files): Promise<MountedVolume> {
    const volume = new MountedVolume(await mkdtemp(join(tmpdir(), 'sluice-volume-')));
    await volume.replace(files);
    for (const name of Object.keys(files)) {
      await symlink(join('..data', name), join(volume.path, name));
    }
    return volume;
  }

  /** All at once, by moving the link. */
  async replace(files: Files): Promise<void> {
    const state = `..${(this.#state += 1)}`;
    await mkdir(join(this.path, state));
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(this.path, state, name), content);
    }
    await symlink(state, join(this.path, '..data_tmp'));
    await rename(join(this.path, '..data_tmp'), join(this.path, '..data'));
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true });
  }
}
