/**
 * What Redis answers while it serves nobody's writes, as its protocol names it. Another error is about
 * the command that met it: WRONGTYPE about its key, NOPERM about what its user may do. MOVED and
 * CROSSSLOT come for some keys of a cluster and not for others.
 */
const SERVES_NOBODY = [
  'LOADING',
  'READONLY',
  'OOM',
  'MISCONF',
  'MASTERDOWN',
  'NOREPLICAS',
  'NOAUTH',
  'BUSY',
  'CLUSTERDOWN',
  'TRYAGAIN',
].join('|');

/** Before version 7 an error inside a script stood behind a preface. */
const CODE_OF_ALL = new RegExp(`^(?:ERR Error running script .*-)?(?:${SERVES_NOBODY})\\b`);

/** Redis answered, and did nothing: our scripts write only behind what can fail. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Redis serves, and refuses this command alone. */
export function isOfOneCommand(error: unknown): error is Error {
  return isReplyError(error) && !CODE_OF_ALL.test(error.message);
}

/** A code or the first word: a whole message may name the address, the user or the command. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error.message.startsWith('no answer within')) return error.message;
  return /^[A-Z]{2,}/.exec(error.message)?.[0] ?? error.name;
}
