/** Why the file system refused, in its own word (`ENOENT`). Its message would quote the path. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
