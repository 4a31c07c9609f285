import { exceeds } from '../../../contract/json-extent.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { SEALED_BY_SLUICE, type SealedReasoning } from '../../../contract/stream-event.js';

interface Sealed {
  readonly signature?: SealedReasoning | undefined;
  readonly redacted?: SealedReasoning | undefined;
}

/**
 * `encrypted_content` is the one thing of reasoning that every client sends back as it is: other
 * providers' signatures travel in it, so that the next turn can give them back to their own.
 */
export function sealedContent({ signature, redacted }: Sealed): string | undefined {
  const sealed = redacted ?? signature;
  if (!sealed) return undefined;
  const { provider, data } = sealed;
  if (provider === 'openai') return data;
  const envelope = { v: 1, provider, data, ...(redacted && { redacted: true }) };
  return SEALED_BY_SLUICE + Buffer.from(JSON.stringify(envelope)).toString('base64url');
}

/** What a caller sends back. An envelope that cannot be read is none: its reasoning has no signature then. */
export function unsealed(content: string | undefined): Sealed | undefined {
  if (!content) return undefined;
  if (!content.startsWith(SEALED_BY_SLUICE))
    return { redacted: { provider: 'openai', data: content } };
  const { provider, data, redacted } = readEnvelope(content.slice(SEALED_BY_SLUICE.length));
  if (provider !== 'anthropic' || typeof data !== 'string') return undefined;
  const sealed: SealedReasoning = { provider, data };
  return redacted === true ? { redacted: sealed } : { signature: sealed };
}

/** As ours are: anybody may send one, and the bounds of bodies see only a text. */
const MAX_ENVELOPE = { depth: 1, values: 8 };

function readEnvelope(text: string): JsonObject {
  const json = Buffer.from(text, 'base64url').toString();
  if (exceeds(json, MAX_ENVELOPE)) return {};
  try {
    const envelope: unknown = JSON.parse(json);
    return isJsonObject(envelope) ? envelope : {};
  } catch {
    return {};
  }
}
