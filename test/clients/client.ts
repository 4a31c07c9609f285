/** What a program that uses a client library gets of one answer. */
export interface Heard {
  readonly text: string;
  /** Absent where there is no place in the library to look for it. */
  readonly reasoning?: string;
}

/** A client library, used as its documentation says; each function rejects where the library fails. */
export interface Client {
  readonly name: string;
  /** Packages whose versions matter. */
  readonly packages: readonly string[];
  /** What it sends its requests to. */
  readonly route: '/v1/chat/completions' | '/v1/messages' | '/v1/responses';
  readonly showsReasoning: boolean;
  /** Streams an answer to "Hi". @param onText called with each piece of text */
  stream(
    origin: string,
    model: string,
    onText?: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<Heard>;
  /** Asks for JSON of the schema below, and returns it as the library reads it. Absent: it is tried elsewhere, or has none. */
  structured?(origin: string, model: string): Promise<unknown>;
  /** Has the model call the tool `weather`, gives it "sunny", and returns the text of the second turn. */
  useTool(origin: string, model: string): Promise<string>;
}

export const WEATHER = 'Tells the weather of a city.';
export const WEATHER_SCHEMA = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
};

/** What the tool says, once it was asked as it has to be. */
export function weather(input: unknown): string {
  const { city } = input as { city?: unknown };
  if (city !== 'Bern') throw new Error(`The tool was called with ${JSON.stringify(input)}.`);
  return 'sunny';
}
