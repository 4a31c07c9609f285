import { createHash, randomBytes } from 'node:crypto';

/**
 * 256 random bits behind a prefix that secret scanners can look for. Only such secrets are taken:
 * what nobody can guess needs no slow hash, and a password would.
 */
const SECRET = /^sk-sluice-[A-Za-z0-9_-]{43}$/;

export function generateSecret(): string {
  return `sk-sluice-${randomBytes(32).toString('base64url')}`;
}

export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

/** As `access.keys[].hashes` has it, without `sha256:`. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
