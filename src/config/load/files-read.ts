import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorCode } from './config-error.js';

/**
 * The files of one load of the configuration, with what was in them. They are read, not watched: a
 * ConfigMap is swapped by a symlink above its files, which watchers of the files never hear of.
 */
export class FilesRead {
  /** By path: the hash of its content, or why it could not be read. */
  readonly #states = new Map<string, string>();

  /** @throws what `readFileSync` throws */
  read(path: string): string {
    try {
      const content = readFileSync(path);
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
      const now = await readFile(path).then(stateOf, errorCode);
      if (now !== state) return true;
    }
    return false;
  }

  /** Whether `other` read the same. */
  equals(other: FilesRead): boolean {
    const states = [...this.#states];
    return (
      states.length === other.#states.size &&
      states.every(([path, state]) => other.#states.get(path) === state)
    );
  }
}

function stateOf(content: Buffer): string {
  return hash('sha256', content);
}
