import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SluiceProcess } from '../support/sluice-process.js';
import type { BuiltImage } from './image-build.js';

/**
 * Puts Node.js where the image's base has it, makes everything read-only that is mounted, but for
 * the volume, and becomes the image's user, without a capability.
 */
const READ_ONLY = `
set -e
mount --bind "$NODE_FROM" "$NODE_TO"
if [ -n "$VOLUME" ]; then mount --bind "$VOLUME" "$VOLUME"; fi
for mounted in / /tmp /var/tmp /run /dev/shm; do
  if mountpoint -q "$mounted"; then mount -o remount,bind,ro "$mounted"; fi
done
exec setpriv --reuid "$USER_ID" --regid "$GROUP_ID" --clear-groups --no-new-privs \
  --inh-caps=-all --bounding-set=-all -- env -i "$@"
`;

/** Root alone can mount anew for one process. Others are not kept from writing; they run the rest. */
export const CAN_MOUNT =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of the image's CMD. */
  readonly args?: readonly string[];
  /** A folder that may be written. */
  readonly volume?: string;
}

/** A replayed image that runs as `docker run --read-only` runs one, on this machine's root. */
export class Container {
  constructor(
    private readonly image: BuiltImage,
    private readonly options: RunOptions = {},
  ) {}

  /** Its ENTRYPOINT. */
  start(): SluiceProcess {
    const { entrypoint, cmd } = this.image;
    return SluiceProcess.of(this.#spawn([...entrypoint, ...(this.options.args ?? cmd)]));
  }

  /** Its HEALTHCHECK, which Docker runs beside the process, in the same environment. */
  checkHealth(): Promise<number | null> {
    return this.exec(this.image.healthCheck);
  }

  /** Another command in it. */
  exec(command: readonly string[]): Promise<number | null> {
    return SluiceProcess.of(this.#spawn(command)).exit();
  }

  #spawn([program, ...args]: readonly string[]): ChildProcess {
    const { root, workdir, user } = this.image;
    if (program !== 'node') throw new Error(`the image has no ${program}`);
    const cwd = join(root, workdir);
    const env = { ...this.image.env, ...this.options.env };
    if (!CAN_MOUNT) return spawn(process.execPath, args, { cwd, env, detached: true });

    const node = join(root, 'usr/local/bin/node');
    mkdirSync(dirname(node), { recursive: true });
    writeFileSync(node, '');
    const [uid, gid] = user.split(':');
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const inside = ['sh', '-c', READ_ONLY, 'sh', ...variables, node, ...args];
    return spawn('unshare', ['--mount', '--propagation', 'private', ...inside], {
      cwd,
      detached: true,
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        NODE_FROM: process.execPath,
        NODE_TO: node,
        USER_ID: uid,
        GROUP_ID: gid,
        VOLUME: this.options.volume,
      },
    });
  }
}
