import type { UpstreamRequest, UpstreamScript } from './scripted-upstream.js';
import type { AnswerWire } from './answer-wire.js';
import { Stepper } from './stepper.js';

/** A JSON answer. */
export function answers(
  json: unknown,
  headers: Record<string, string> = {},
  status = 200,
): UpstreamScript {
  return (exchange) => exchange.respond(status, json, headers);
}

/** An error answer: JSON, or text as it is. */
export function failsWith(
  status: number,
  errorBody: unknown,
  headers: Record<string, string> = {},
): UpstreamScript {
  return answers(errorBody, headers, status);
}

/** Takes the request and never answers. */
export function stallsBeforeHeaders(): UpstreamScript {
  return () => {};
}

/** Takes the request and breaks the connection (RST). */
export function resetsBeforeHeaders(): UpstreamScript {
  return (exchange) => exchange.reset();
}

/** Takes the request and closes the connection (FIN). */
export function cutsBeforeHeaders(): UpstreamScript {
  return (exchange) => exchange.cut();
}

/** A body of exactly these bytes, in pieces of `sizes` (default: as one), then a clean end. */
export function replays(
  contentType: string,
  bytes: string | Uint8Array,
  sizes?: number | readonly number[],
): UpstreamScript {
  return async (exchange) => {
    const body = Buffer.from(bytes);
    exchange.open(contentType);
    await exchange.writeInPieces(body, sizes ?? body.length);
    exchange.end();
  };
}

/** The scripts every streaming protocol has; `O` are the protocol's own options. */
export class UpstreamScripts<O> {
  constructor(
    private readonly wireOf: (options: O | undefined, request: UpstreamRequest) => AnswerWire,
  ) {}

  /** A whole streamed answer. */
  streamsText(tokens: readonly string[], options?: O): UpstreamScript {
    return this.#play(tokens, options, async (step) => step.finish());
  }

  /** Some tokens, then a clean end of the body without any word that the answer is whole. */
  streamsTextThenEnds(tokens: readonly string[], options?: O): UpstreamScript {
    return this.#play(tokens, options, (step) => step.eof());
  }

  /** Some tokens, then FIN without the final zero-length chunk. */
  streamsTextThenCuts(tokens: readonly string[], options?: O): UpstreamScript {
    return this.#play(tokens, options, (step) => step.cut());
  }

  /** Some tokens (none: only headers), then RST. */
  resetsAfter(tokens: readonly string[], options?: O): UpstreamScript {
    return this.#play(tokens, options, (step) => step.reset());
  }

  /** Some tokens (none: only headers), then silence on an open connection. */
  stallsAfter(tokens: readonly string[], options?: O): UpstreamScript {
    return this.#play(tokens, options, () => {});
  }

  /** Status 200 and some tokens (none: only headers), then an error as an event and a clean end. */
  inBandError(error: unknown, afterTokens: readonly string[] = [], options?: O): UpstreamScript {
    return this.#play(afterTokens, options, (step) => step.error(error));
  }

  /** The same token again and again until the caller leaves, as fast as it reads. */
  streamsForever(token: string, options?: O): UpstreamScript {
    return this.#play([], options, async (step) => {
      for (;;) await step.next(token);
    });
  }

  /** A stream whose every step is made by the test. */
  stepper(options?: O): Stepper {
    return new Stepper((request) => this.wireOf(options, request));
  }

  #play(
    tokens: readonly string[],
    options: O | undefined,
    then: (step: Stepper) => void | Promise<void>,
  ): UpstreamScript {
    return async (exchange) => {
      const step = this.stepper(options);
      await step.script(exchange);
      await step.open();
      for (const token of tokens) await step.next(token);
      await then(step);
    };
  }
}
