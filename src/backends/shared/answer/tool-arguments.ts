/** The arguments of a tool call as JSON text, exactly once: some servers send the object, some its text. */
export function argumentsTextOf(given: unknown): string {
  if (typeof given === 'string') return given;
  return given == null ? '' : JSON.stringify(given);
}
