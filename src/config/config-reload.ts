import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Logger } from '@nestjs/common';
import type { LiveConfig } from './live-config.js';
import { ConfigError, type ConfigFault, lineOf } from './load/config-error.js';
import type { ConfigSource } from './load/config-source.js';
import { FilesRead } from './load/files-read.js';
import { changedPaths, withSectionsOf } from './load/snapshot.js';
import { accessFaults } from './rules/access-faults.js';
import { limitFaults } from './rules/limit-faults.js';
import type { GatewayConfig } from './schema/gateway-config.js';

/** How often the files are read. */
const LOOK_EVERY_MS = 5000;

/** A file that is being written may be sound YAML at any moment: what is taken has stood for so long. */
const SETTLE_MS = 200;

/** So many looks in a row at files that changed meanwhile are worth a word: nothing is taken over. */
const MANY_UNSETTLED = 6;

/** Sockets, stores and the like are made once: what is said of them holds until the restart. */
const NEED_A_RESTART: readonly (keyof GatewayConfig)[] = ['server', 'redis', 'usage', 'sandbox'];

/**
 * Takes over what was changed in the configuration's files while Sluice runs. What is sound replaces
 * the current snapshot; of what is not every fault is logged, once, and the current one stays.
 */
export class ConfigReload {
  readonly #logger = new Logger('Config');
  readonly #first: GatewayConfig;
  #last: Promise<void> = Promise.resolve();
  /** A reload that has not begun yet: another one would find the same. */
  #nextReload: Promise<void> | undefined;
  #isLooking = false;
  #unsettled = 0;
  #toldOfRestart: readonly string[] = [];

  /**
   * @param files as they were when the current snapshot was read from them
   * @param complete adds what is not in the files
   */
  constructor(
    private readonly source: ConfigSource,
    private readonly live: LiveConfig,
    private files: FilesRead,
    private readonly complete: (config: GatewayConfig) => Promise<GatewayConfig>,
  ) {
    this.#first = live.current;
  }

  /** Looks again and again, until the process ends. */
  watch(everyMs = LOOK_EVERY_MS): void {
    setInterval(() => {
      // A disk may be slower than our pace.
      if (!this.#isLooking) void this.look();
    }, everyMs).unref();
  }

  /** Reads the files, and takes over what changed in them. */
  look(): Promise<void> {
    this.#isLooking = true;
    const looking = this.#inTurn(async () => {
      if (!(await this.files.haveChanged())) return;
      const files = new FilesRead();
      const next = this.#load(files);
      await pause(SETTLE_MS, undefined, { ref: false });
      // Otherwise the next look will find it.
      if (await files.haveChanged()) this.#noteUnsettled();
      else await this.#take(next, files);
    });
    return looking.finally(() => {
      this.#isLooking = false;
    });
  }

  /** The same, by someone who has finished writing and wants to hear of it in any case. */
  reload(): Promise<void> {
    return (this.#nextReload ??= this.#inTurn(async () => {
      this.#nextReload = undefined;
      const files = new FilesRead();
      await this.#take(this.#load(files), files);
    }));
  }

  #noteUnsettled(): void {
    this.#unsettled += 1;
    if (this.#unsettled !== MANY_UNSETTLED) return;
    const { file } = this.source;
    this.#logger.warn('the files change faster than they can be taken over', { file });
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(act).catch((error: unknown) => {
      this.live.refuse();
      const why = error instanceof Error ? error.name : typeof error;
      this.#logger.error('the configuration could not be taken over', { error: why });
    });
    return this.#last;
  }

  #load(files: FilesRead): GatewayConfig | ConfigError {
    try {
      return this.source.load(files);
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
  }

  async #take(loaded: GatewayConfig | ConfigError, files: FilesRead): Promise<void> {
    this.#unsettled = 0;
    if (loaded instanceof ConfigError) return this.#refuse(loaded.faults, files);
    const kept = this.#withoutRestart(loaded);
    const faults = faultsUntilRestart(kept);
    if (faults.length > 0) return this.#refuse(faults, files);
    const next = await this.complete(kept);
    const changed = changedPaths(this.live.current, next);
    this.live.replace(next);
    // What was not taken over for a failure of ours is tried again.
    this.files = files;
    const { file } = this.source;
    const { sha256 } = next;
    this.#logger.log('the configuration was read again', { file, sha256, changed });
  }

  #refuse(faults: readonly ConfigFault[], files: FilesRead): void {
    this.files = files;
    this.live.refuse();
    const { file } = this.source;
    const lines = faults.map(lineOf);
    this.#logger.error('the configuration is unsound: the one before stays', {
      file,
      faults: lines,
    });
  }

  /** `next` with what holds until the restart as it was; says what that is. */
  #withoutRestart(next: GatewayConfig): GatewayConfig {
    const kept = NEED_A_RESTART.filter((section) => {
      const [first, wanted] = [this.#first[section], next[section]];
      // A sandbox is started when it is needed.
      if (section === 'sandbox' && (first === undefined || wanted === undefined)) return false;
      return !isDeepStrictEqual(first, wanted);
    });
    const told = changedPaths(this.#first, next, 2).filter((path) =>
      kept.some((section) => path.split('.')[0] === section),
    );
    if (told.length > 0 && !isDeepStrictEqual(told, this.#toldOfRestart)) {
      this.#logger.warn('what was changed here needs a restart', { paths: told });
    }
    this.#toldOfRestart = told;
    return withSectionsOf(this.#first, kept, next);
  }
}

/**
 * What the file was judged by its own sections for, and is wrong with those of the start: who may
 * call depends on where we listen, and what has to survive a restart on the store that we have.
 */
function faultsUntilRestart(kept: GatewayConfig): ConfigFault[] {
  const faults = [...accessFaults(kept, kept.server.host), ...limitFaults(kept)];
  return faults.map(({ path, message }) => ({
    path,
    message: `${message} (server, redis and usage are those of the start until a restart)`,
  }));
}
