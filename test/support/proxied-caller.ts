import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { TlsUpstream } from './tls-upstream.js';

export interface ProxiedRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is where it is a string. */
  readonly body?: unknown;
}

export type HttpVersion = 'HTTP/1.1' | 'HTTP/2';

/** Whoever calls through a proxy, over one version of HTTP; connections are kept as browsers keep them. */
export class ProxiedCaller {
  #agent: Agent | undefined;
  #session: ClientHttp2Session | undefined;

  constructor(
    private readonly url: string,
    private readonly version: HttpVersion,
  ) {}

  /** Resolves once the head of the answer is there. */
  ask(asked: ProxiedRequest): Promise<ProxiedAnswer> {
    const { method, path, headers = {}, body } = asked;
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const type = text === undefined ? {} : { 'content-type': 'application/json' };
    const verb = method ?? (text === undefined ? 'GET' : 'POST');
    const all = { ...type, ...headers };
    return this.version === 'HTTP/2'
      ? this.#askOver2(verb, path, all, text)
      : this.#askOver1(verb, path, all, text);
  }

  close(): void {
    this.#agent?.destroy();
    this.#session?.destroy();
  }

  async #askOver1(
    method: string,
    path: string,
    headers: object,
    text = '',
  ): Promise<ProxiedAnswer> {
    const agent = (this.#agent ??= new Agent({ keepAlive: true, ca: TlsUpstream.ca }));
    const asking = request(this.url + path, { method, agent, headers: { ...headers } });
    asking.end(text);
    const [message] = (await once(asking, 'response')) as [IncomingMessage];
    return ProxiedAnswer.of(message, message.statusCode, message.headers, () => message.destroy());
  }

  async #askOver2(
    method: string,
    path: string,
    headers: object,
    text = '',
  ): Promise<ProxiedAnswer> {
    if (!this.#session || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(this.url, { ca: TlsUpstream.ca });
      this.#session.on('error', () => {});
    }
    const head2 = { ':method': method, ':path': path, ...headers };
    const stream = this.#session.request(head2, { endStream: text === '' });
    if (text !== '') stream.end(text);
    const [head] = (await once(stream, 'response')) as [Record<string, string | number>];
    return ProxiedAnswer.of(stream, Number(head[':status']), head, () =>
      stream.close(constants.NGHTTP2_CANCEL),
    );
  }
}

interface Piece {
  readonly text: string;
  /** In `performance.now()`'s milliseconds. */
  readonly at: number;
}

/** An answer as it comes. */
export class ProxiedAnswer {
  readonly pieces: Piece[] = [];
  #text = '';
  #waiting: (() => void) | undefined;

  private constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, unknown>>,
    /** How it ended: `clean` as HTTP has it, or `cut`: a connection that broke, a stream that was reset. */
    readonly ended: Promise<'clean' | 'cut'>,
    /** Closes the connection, or resets the stream. */
    readonly leave: () => void,
  ) {}

  static of(
    source: IncomingMessage | ClientHttp2Stream,
    status: number | undefined,
    headers: object,
    leave: () => void,
  ): ProxiedAnswer {
    const ended = new Promise<'clean' | 'cut'>((resolve) => {
      source.once('error', () => resolve('cut'));
      source.once('close', () => {
        const isWhole = 'complete' in source ? source.complete : source.rstCode === 0;
        resolve(isWhole ? 'clean' : 'cut');
      });
    });
    const answer = new ProxiedAnswer(status ?? 0, { ...headers }, ended, leave);
    source.setEncoding('utf8').on('data', (text: string) => answer.#add(text));
    void ended.then(() => answer.#waiting?.());
    return answer;
  }

  get text(): string {
    return this.#text;
  }

  /** Resolves once its body holds `wanted`. */
  async readUntil(wanted: string): Promise<void> {
    let isOver = false;
    void this.ended.then(() => (isOver = true));
    while (!this.#text.includes(wanted)) {
      if (isOver) throw new Error(`It ended without "${wanted}": ${this.#text}`);
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
  }

  /** The whole body, however it ends. */
  async rest(): Promise<string> {
    await this.ended;
    return this.#text;
  }

  #add(text: string): void {
    this.pieces.push({ text, at: performance.now() });
    this.#text += text;
    this.#waiting?.();
  }
}
