import { GatewayError } from '../../../contract/gateway-error.js';

/**
 * The beginning of a body as text: no more than `maxBytes` of it are read.
 * @throws what reading throws
 */
export async function beginningOf(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    pieces.push(piece);
    bytes += piece.byteLength;
    if (bytes >= maxBytes) break;
  }
  // As a stream: a character that was cut is left out.
  return new TextDecoder().decode(Buffer.concat(pieces).subarray(0, maxBytes), { stream: true });
}

/**
 * A whole body as text, for answers that are not streams.
 * @param onBytes is told of all that has arrived so far, before it is kept
 * @throws GatewayError `upstream_protocol` over `maxBytes`, and what reading throws
 */
export async function textOf(
  backend: string,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.byteLength;
    if (bytes > maxBytes) {
      throw new GatewayError(
        'upstream_protocol',
        `The answer of backend "${backend}" is larger than ${maxBytes} bytes.`,
      );
    }
    onBytes(bytes);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
