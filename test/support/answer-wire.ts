/** How one protocol says the parts of a streamed answer; each part is one or more whole events. */
export interface AnswerWire {
  readonly contentType: string;
  readonly headers?: Record<string, string>;
  /** What comes before the first token, or ''. */
  opening(): string;
  token(text: string): string;
  /** Everything that says the answer is whole, including the protocol's own terminator. */
  closing(): string;
  /** A failure within a stream that already began. */
  error(error: unknown): string;
}
