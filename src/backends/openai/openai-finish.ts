/**
 * Whether a streamed answer is whole. A finish reason is not always the last word: Gemini's
 * compatible endpoint and relays say "stop" with every chunk, others with the empty chunks before
 * the text. So a reason counts for as much as its place in the stream lets it.
 */
export class OpenAiFinish {
  #word: string | undefined;
  #hasContent = false;
  /** No content came behind the last reason. */
  #stands = false;
  /** The last reason came in an event without content, behind content. */
  #standsAlone = false;
  /** Content came behind a reason once: this server's reasons say nothing. */
  #isDistrusted = false;

  /** There was content. It withdraws a reason that came before it. */
  content(): void {
    this.#hasContent = true;
    if (!this.#stands) return;
    this.#stands = false;
    this.#isDistrusted = true;
  }

  reason(word: string, isBesideContent: boolean): void {
    this.#word = word;
    this.#stands = true;
    this.#standsAlone = this.#hasContent && !isBesideContent;
  }

  /** The last reason that was given. */
  get word(): string | undefined {
    return this.#word;
  }

  /** `[DONE]` ends the answer well. */
  get endsAtDone(): boolean {
    return this.#word !== undefined;
  }

  /** The end of the body ends the answer well. */
  get endsAtEof(): boolean {
    return this.#stands && !this.#isDistrusted;
  }

  /** So does whatever comes now, also a second of silence or a reset. */
  get isWhole(): boolean {
    return this.endsAtEof && this.#standsAlone;
  }
}
