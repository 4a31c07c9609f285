import type { HeldBytes } from '../../../contract/byte-budget.js';
import type { StreamSource } from '../connection/stream-source.js';
import { MAX_NOISE_BYTES } from './sse-decoder.js';
import { tooLongFault } from '../errors/upstream-fault.js';

/** Bytes of newline-delimited JSON to its lines, wherever the bytes were split. */
export class LineDecoder {
  readonly #text = new TextDecoder();
  /** Pieces of the unfinished last line: joined once, when it ends, so that a long line costs linear time. */
  #open: string[] = [];
  #openChars = 0;
  readonly #held: HeldBytes;

  constructor(private readonly source: StreamSource) {
    this.#held = source.eventBytes.open();
  }

  /**
   * The lines completed by `bytes`, without their line ends. Those of the last call have been passed
   * on by now.
   * @throws GatewayError `upstream_protocol` for a line that is too long, `overloaded`
   */
  decode(bytes: Uint8Array): string[] {
    this.#held.hold(this.#openChars + bytes.byteLength);
    const lines = this.#text.decode(bytes, { stream: true }).split('\n');
    const rest = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = this.#takeOpen() + lines[0];
    }
    this.#keep(rest);
    return lines;
  }

  /** The last line, when the stream ended without a line end. */
  end(): string {
    this.#keep(this.#text.decode());
    return this.#takeOpen();
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }

  #keep(text: string): void {
    const { backend, maxEventBytes } = this.source;
    this.#openChars += text.length;
    if (this.#openChars > maxEventBytes) throw tooLongFault(backend, maxEventBytes);
    if (text !== '') this.#open.push(text);
    if (this.#openChars <= MAX_NOISE_BYTES) return;
    // What does not begin like JSON will not be an event, however long it gets.
    const opening = this.#open.find((piece) => piece.trim() !== '') ?? '';
    if (!/^\s*[{["]/.test(opening)) throw tooLongFault(backend, MAX_NOISE_BYTES);
  }

  #takeOpen(): string {
    const text = this.#open.join('');
    this.#open = [];
    this.#openChars = 0;
    return text;
  }
}
