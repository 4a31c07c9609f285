import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** The part of a `POST /chat` that counts. */
export interface TicketRequest {
  /** Who asks, and how: of its headers those that a generation reads. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: Buffer;
}

const TICKET_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const TAG_BYTES = 16;

/** A key that seals one text and no other needs no nonce of its own. */
const NONCE = Buffer.alloc(12);

/** How long the headers are stands before them. */
const LENGTH_BYTES = 4;

export function newTicket(): string {
  return randomBytes(TICKET_BYTES).toString('base64url');
}

export function isTicket(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** Under which a ticket's request is kept: nobody finds the ticket by it, or what is sealed. */
export function idOf(ticket: string): string {
  return derived(ticket, 'id').toString('base64url');
}

/**
 * Nobody reads it without the ticket, which only the caller has: there is somebody's key in it and
 * a conversation, and it may lie in Redis.
 */
export function seal(ticket: string, { headers, body }: TicketRequest): Buffer {
  const head = Buffer.from(JSON.stringify(headers));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  const cipher = createCipheriv(CIPHER, derived(ticket, 'key'), NONCE);
  const sealed = [cipher.update(length), cipher.update(head), cipher.update(body), cipher.final()];
  return Buffer.concat([...sealed, cipher.getAuthTag()]);
}

/** @throws where it was not sealed with this ticket */
export function unseal(ticket: string, sealed: Buffer): TicketRequest {
  const decipher = createDecipheriv(CIPHER, derived(ticket, 'key'), NONCE);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  const bodyAt = LENGTH_BYTES + plain.readUInt32BE();
  const headers = JSON.parse(plain.toString('utf8', LENGTH_BYTES, bodyAt)) as Record<
    string,
    string
  >;
  return { headers, body: plain.subarray(bodyAt) };
}

function derived(ticket: string, what: 'id' | 'key'): Buffer {
  const secret = Buffer.from(ticket, 'base64url');
  return Buffer.from(hkdfSync('sha256', secret, '', `sluice ticket ${what}`, 32));
}
