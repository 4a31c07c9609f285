/** What a reader of a stream cannot know from the stream itself. */
export interface StreamSource {
  readonly backend: string;
  /** The name asked for. */
  readonly model: string;
  /** The upstream's own request id, from its headers. */
  readonly requestId?: string;
  /** What is to be taken out of the upstream's words about a failure, see `secretsOf`. */
  readonly secrets: readonly string[];
}
