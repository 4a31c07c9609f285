import type { LoggerService } from '@nestjs/common';
import { isJsonObject } from '../../src/contract/json.js';

/** A logger that keeps what it is told. */
export class LogLines implements LoggerService {
  /** Every line, as JSON. */
  readonly lines: string[] = [];
  readonly #generations: Record<string, unknown>[] = [];
  readonly #waiting: { readonly n: number; readonly resolve: () => void }[] = [];

  log(...line: unknown[]): void {
    this.#keep(line);
  }

  error(...line: unknown[]): void {
    this.#keep(line);
  }

  warn(...line: unknown[]): void {
    this.#keep(line);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** The fields of the n-th line about a generation that ended (from 0), once it is there. */
  async generation(n: number): Promise<Record<string, unknown>> {
    const waited = this.#generations[n]
      ? Promise.resolve()
      : new Promise<void>((resolve) => this.#waiting.push({ n, resolve }));
    await waited;
    return this.#generations[n]!;
  }

  #keep(line: readonly unknown[]): void {
    this.lines.push(JSON.stringify(line));
    const [message, fields] = line;
    if (!String(message).startsWith('generation ended') || !isJsonObject(fields)) return;
    this.#generations.push(fields);
    for (const { n, resolve } of this.#waiting) if (this.#generations[n]) resolve();
  }
}
