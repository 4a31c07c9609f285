/**
 * Names are written behind `event:` as an upstream gave them: one with a line break in it would be
 * frames of its own to a caller, an end of the answer among them.
 */
export function isEventName(type: unknown): boolean {
  return typeof type === 'string' && /^[\w.-]+$/.test(type);
}
