import type { UpstreamExchange, UpstreamRequest, UpstreamScript } from './scripted-upstream.js';
import type { AnswerWire } from './answer-wire.js';

/**
 * A streamed answer that goes on only when the test says so. It plays one request: every step waits
 * for that request to arrive, and resolves once the kernel took what the step wrote.
 */
export class Stepper {
  readonly #arrived = Promise.withResolvers<UpstreamExchange>();
  #wire: AnswerWire | undefined;
  #opened = false;
  #begun = false;

  constructor(private readonly wireOf: (request: UpstreamRequest) => AnswerWire) {}

  /** The script to give to the upstream. */
  readonly script: UpstreamScript = (exchange) => {
    if (this.#wire) return exchange.respond(500, { error: 'This stepper already played.' });
    this.#wire = this.wireOf(exchange.request);
    this.#arrived.resolve(exchange);
  };

  /** The exchange, for what has no step of its own; resolves once the request arrived. */
  get exchange(): Promise<UpstreamExchange> {
    return this.#arrived.promise;
  }

  /** Status and headers, nothing else. */
  async open(): Promise<void> {
    await this.#open();
  }

  /** What the protocol sends before any token (OpenAI's role chunk; nothing at Ollama). */
  async begin(): Promise<void> {
    const { exchange, wire } = await this.#open();
    if (this.#begun) return;
    this.#begun = true;
    const opening = wire.opening();
    if (opening !== '') await exchange.write(opening);
  }

  async next(token: string): Promise<void> {
    await this.begin();
    const { exchange, wire } = await this.#open();
    await exchange.write(wire.token(token));
  }

  /** Bytes as they are: comments, noise, halves of events. */
  async send(data: string | Uint8Array): Promise<void> {
    const { exchange } = await this.#open();
    await exchange.write(data);
  }

  /** Says that the answer is whole, and ends. */
  async finish(): Promise<void> {
    await this.sayFinished();
    await this.eof();
  }

  /** Says that the answer is whole, and keeps the connection. */
  async sayFinished(): Promise<void> {
    await this.begin();
    const { exchange, wire } = await this.#open();
    await exchange.write(wire.closing());
  }

  /** An error as an event of the stream, then a clean end. */
  async error(error: unknown): Promise<void> {
    const { exchange, wire } = await this.#open();
    await exchange.write(wire.error(error));
    exchange.end();
  }

  /** Ends the HTTP body well without a word that the answer is whole. */
  async eof(): Promise<void> {
    const { exchange } = await this.#open();
    exchange.eof();
  }

  /** FIN without the final zero-length chunk. */
  async cut(): Promise<void> {
    (await this.exchange).cut();
  }

  /** RST. */
  async reset(): Promise<void> {
    (await this.exchange).reset();
  }

  /** Nothing more will come; headers are sent if they were not yet. */
  async stall(): Promise<void> {
    await this.open();
  }

  async #open(): Promise<{ exchange: UpstreamExchange; wire: AnswerWire }> {
    const exchange = await this.exchange;
    const wire = this.#wire!;
    if (!this.#opened) {
      this.#opened = true;
      exchange.open(wire.contentType, wire.headers);
    }
    return { exchange, wire };
  }
}
