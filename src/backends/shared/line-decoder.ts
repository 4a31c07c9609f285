import { MAX_EVENT_CHARS, tooLongFault } from './upstream-fault.js';

/** Bytes of newline-delimited JSON to its lines, wherever the bytes were split. */
export class LineDecoder {
  readonly #text = new TextDecoder();
  /** Pieces of the unfinished last line: joined once, when it ends, so that a long line costs linear time. */
  #open: string[] = [];
  #openChars = 0;

  constructor(private readonly backend: string) {}

  /** The lines completed by `bytes`, without their line ends. */
  decode(bytes: Uint8Array): string[] {
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

  #keep(text: string): void {
    this.#openChars += text.length;
    if (this.#openChars > MAX_EVENT_CHARS) throw tooLongFault(this.backend);
    if (text !== '') this.#open.push(text);
  }

  #takeOpen(): string {
    const text = this.#open.join('');
    this.#open = [];
    this.#openChars = 0;
    return text;
  }
}
