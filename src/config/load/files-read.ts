import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorCode } from './config-error.js';

/** A file of the configuration, a key or a bundle of certificates: the largest has some 200 KB. */
const MAX_BYTES = 4 * 1024 * 1024;

/** To open a FIFO for reading waits for a writer, which may never come. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** A file that is none, or that nobody can have meant. */
class UnreadableFile extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/**
 * The files of one load of the configuration, with what was in them. They are read, not watched: a
 * ConfigMap is swapped by a symlink above its files, which watchers of the files never hear of.
 */
export class FilesRead {
  /** By path: the hash of its content, or why it could not be read. */
  readonly #states = new Map<string, string>();

  /** @throws an error with a `code`: one of the system's, or that it is no regular file, or too large */
  read(path: string): string {
    try {
      const content = readRegularFile(path);
      this.#states.set(path, stateOf(content));
      return content.toString();
    } catch (error) {
      this.#states.set(path, errorCode(error));
      throw error;
    }
  }

  /** Whether one of them is another one by now. */
  async haveChanged(): Promise<boolean> {
    for (const [path, state] of this.#states) {
      const now = await contentOf(path).then(stateOf, errorCode);
      if (now !== state) return true;
    }
    return false;
  }
}

function readRegularFile(path: string): Buffer {
  const file = openSync(path, FLAGS);
  try {
    refuseOdd(fstatSync(file));
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

async function contentOf(path: string): Promise<Buffer> {
  await using file = await open(path, FLAGS);
  refuseOdd(await file.stat());
  return await file.readFile();
}

function refuseOdd(stats: { isFile(): boolean; size: number }): void {
  if (!stats.isFile()) throw new UnreadableFile('no regular file');
  if (stats.size > MAX_BYTES) throw new UnreadableFile(`over ${MAX_BYTES} bytes`);
}

function stateOf(content: Buffer): string {
  return hash('sha256', content);
}
