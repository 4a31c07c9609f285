import { digestOf, generateSecret } from '../../src/access/secret.js';

export interface AccessKey {
  readonly secret: string;
  /** For `access.keys`. */
  readonly entry: { readonly id: string; readonly hashes: readonly string[] };
  /** The header that most clients send it in. */
  readonly headers: { readonly authorization: string };
}

/** A new key with an entry that says so much more of it. */
export function accessKey(id: string, fields: object = {}): AccessKey {
  const secret = generateSecret();
  return {
    secret,
    entry: { id, hashes: [hashOf(secret)], ...fields },
    headers: { authorization: `Bearer ${secret}` },
  };
}

export function hashOf(secret: string): string {
  return `sha256:${digestOf(secret).toString('hex')}`;
}
