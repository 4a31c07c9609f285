/** Tells when the text of a JSON object is whole, while it comes in pieces. */
export class CompleteObject {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #hasBegun = false;

  get isWhole(): boolean {
    return this.#hasBegun && this.#depth === 0 && !this.#isInString;
  }

  add(piece: string): void {
    for (const char of piece) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#isInString) {
        if (char === '\\') this.#isEscaped = true;
        else if (char === '"') this.#isInString = false;
      } else if (char === '"') this.#isInString = true;
      else if (char === '{' || char === '[') {
        this.#depth += 1;
        this.#hasBegun = true;
      } else if (char === '}' || char === ']') this.#depth -= 1;
    }
  }
}
