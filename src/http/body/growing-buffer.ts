const MIN_CAPACITY_BYTES = 4096;

/**
 * Bytes that come in pieces, copied into one block: a body sent one byte at a time would otherwise
 * cost some 250 bytes of objects for each of its own.
 */
export class GrowingBuffer {
  #block: Buffer;
  #length = 0;

  /** @param expectedBytes 0: not known */
  constructor(expectedBytes: number) {
    // Untouched pages cost nothing: who announces 20 MB and sends one byte takes one page.
    this.#block = Buffer.allocUnsafe(expectedBytes);
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#block.length) {
      const capacity = Math.max(length, 2 * this.#block.length, MIN_CAPACITY_BYTES);
      const block = Buffer.allocUnsafe(capacity);
      this.#block.copy(block, 0, 0, this.#length);
      this.free();
      this.#block = block;
    }
    bytes.copy(this.#block, this.#length);
    this.#length = length;
  }

  bytes(): Buffer {
    return this.#block.subarray(0, this.#length);
  }

  /** Gives the memory back now; the garbage collector, which sees only a small object, may take its time. */
  free(): void {
    const { buffer, length } = this.#block;
    // Small blocks are parts of one that Node shares out.
    if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
  }
}
