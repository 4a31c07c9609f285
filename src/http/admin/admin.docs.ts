/** What routes for operators refuse. */
export const ADMIN_ONLY = [
  'permission_denied',
  'The key is none with `admin: true`.',
  'This needs a key with "admin: true".',
] as const;

export const WRONG_PARAMETER = [
  'invalid_request',
  'A parameter is wrong; `param` names it.',
  'state must be open or ended.',
  'state',
] as const;

export const NO_SUCH_STREAM = [
  'model_not_found',
  'There is no such stream, or it is not kept any more.',
  'There is no such stream here.',
] as const;

export const NO_SUCH_TARGET = [
  'model_not_found',
  'There is no such target.',
  'There is no such target here.',
] as const;
