/** One thing that is wrong with the configuration. */
export interface ConfigFault {
  /** Where: `backends[1].apiKey`, an environment variable, or `file:line:column`. */
  readonly path: string;
  /** What, and how to put it right. Never holds a value that may be a secret. */
  readonly message: string;
  /** Of the file, where that is known. */
  readonly line?: number | undefined;
}

/** Everything that is wrong with the configuration at once; `message` is ready for a terminal. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly faults: readonly ConfigFault[],
    /** The file the faults are in, where there is one. */
    file?: string,
  ) {
    const lines = faults.map((fault) => `  ${lineOf(fault)}`);
    super(
      [`Sluice cannot start${file === undefined ? '' : ` with ${file}`}:`, ...lines].join('\n'),
    );
  }
}

/** One fault on a line of a terminal or of the log. */
export function lineOf({ path, line, message }: ConfigFault): string {
  return `${path}${line === undefined ? '' : ` (line ${line})`}: ${message}`;
}

/** Why the file system refused, in its own word (`ENOENT`). Its message would quote the path. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
