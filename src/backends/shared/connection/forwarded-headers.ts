import type { ChatRequest } from '../../../contract/chat-request.js';
import type { UpstreamSettings } from './upstream-settings.js';

type Headers = Readonly<Record<string, string>>;

/** What an HTTP header can carry, and no more of it than any header of use has. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]{1,8192}$/;

/** Which of the caller's headers an upstream is sent; what the configuration sets is not the caller's to say. */
export class ForwardedHeaders {
  readonly #names: readonly string[];

  constructor({ forwardHeaders = [], headers = {} }: UpstreamSettings) {
    const configured = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    this.#names = forwardHeaders
      .map((name) => name.toLowerCase())
      .filter((name) => !configured.has(name));
  }

  /** Nothing where the caller sent none of them. */
  of({ callerHeader }: ChatRequest): Headers | undefined {
    if (!callerHeader || this.#names.length === 0) return undefined;
    const found = this.#names.flatMap((name): [string, string][] => {
      const value = callerHeader(name);
      return value !== undefined && VALUE.test(value) ? [[name, value]] : [];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  }
}
