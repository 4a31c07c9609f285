import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { AttemptContext } from '../../../contract/chat-backend.js';
import type { ChatRequest } from '../../../contract/chat-request.js';
import { ForwardedHeaders } from './forwarded-headers.js';
import { DispatchedRequest } from './dispatched-request.js';
import { upstreamErrorFault, connectionFault } from '../errors/upstream-fault.js';
import { parseErrorBody } from '../errors/upstream-error.js';
import { secretsOf } from '../errors/upstream-secrets.js';
import { resetMsOf, parseRetryAfterMs } from '../errors/upstream-wait.js';
import { requestIdOf, UpstreamResponse } from './upstream-response.js';
import type { UpstreamSettings } from './upstream-settings.js';
import { beginningOf } from '../errors/upstream-text.js';

/** What waits in the socket itself; undici's 64 KiB would make it the largest buffer of all. */
const SOCKET_BYTES = 16 * 1024;

/** Response headers that pass: some providers and the proxies before them send dozens. */
const MAX_HEADER_BYTES = 64 * 1024;

/** What is read of an error body: more than any sentence needs, but some quote the whole request behind it. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_MS = 1000;

/** The connections to one upstream, and the one thing it is asked for. */
export class UpstreamClient {
  /** All that is the same in every request. */
  readonly #request: Dispatcher.DispatchOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #forwarded: ForwardedHeaders;
  /** Keeps its connections for later requests. */
  readonly #keeping: Dispatcher;
  /** Makes a new connection for every request. */
  readonly #fresh: Dispatcher;

  /** @param path where requests go, below the base URL */
  constructor(
    private readonly settings: UpstreamSettings,
    path: string,
  ) {
    this.#headers = headersOf(settings);
    this.#request = { ...requestTo(path, settings), headers: this.#headers };
    this.#forwarded = new ForwardedHeaders(settings);
    this.#keeping = createDispatcher(settings);
    this.#fresh = createDispatcher(settings);
  }

  /**
   * Sends `body` as JSON and resolves once the upstream accepted it; the answer is still to be read.
   * @param headers of this request alone; what is configured wins over them
   * @throws GatewayError `upstream_unavailable` without a response, else the fault that the
   *   upstream's status and body mean
   */
  async post(
    body: object,
    attempt: AttemptContext,
    request: ChatRequest,
    headers?: Readonly<Record<string, string>>,
  ): Promise<UpstreamResponse> {
    const json = JSON.stringify(body);
    const forwarded = this.#forwarded.of(request);
    const traced = this.settings.traceContext ? attempt.trace?.headers() : undefined;
    const isUsual = !headers && !forwarded && !traced;
    const own = isUsual ? undefined : { ...headers, ...forwarded, ...traced };
    let response: UpstreamResponse;
    try {
      response = await this.#send(json, attempt, own);
    } catch (error) {
      throw connectionFault(this.settings.id, error);
    }
    if (response.statusCode < 200 || response.statusCode > 299) await this.#refuse(response);
    return response;
  }

  async close(): Promise<void> {
    await Promise.all([this.#keeping.destroy(), this.#fresh.destroy()]);
  }

  /**
   * An upstream may close a kept connection in the moment that a request is written to it. That says
   * nothing about the upstream, so the request is sent once more: over a connection of its own,
   * because the next kept one may be as stale.
   */
  async #send(
    body: string,
    attempt: AttemptContext,
    headers: Readonly<Record<string, string>> | undefined,
  ): Promise<UpstreamResponse> {
    const { signal } = attempt;
    const sending = new DispatchedRequest(body, () => attempt.requestSent());
    const request: Dispatcher.DispatchOptions = { ...this.#request, body: sending.body };
    if (headers) request.headers = { ...headers, ...this.#headers };
    try {
      return await this.#dispatch(this.#keeping, request, sending, signal);
    } catch (error) {
      if (signal.aborted || !sending.metStaleSocket(error)) throw error;
      return this.#dispatch(this.#fresh, { ...request, reset: true }, sending, signal);
    }
  }

  async #dispatch(
    dispatcher: Dispatcher,
    request: Dispatcher.DispatchOptions,
    sending: DispatchedRequest,
    signal: AbortSignal,
  ): Promise<UpstreamResponse> {
    signal.throwIfAborted();
    const response = new UpstreamResponse(this.settings.id, signal, () => sending.brokenBy());
    dispatcher.dispatch(request, response);
    await response.begun;
    return response;
  }

  async #refuse(response: UpstreamResponse): Promise<never> {
    const { statusCode: status, headers } = response;
    // An error body that breaks off, or never ends, is as good as none: the status says enough.
    const enough = setTimeout(() => response.destroy(), MAX_ERROR_MS);
    const text = await beginningOf(response, MAX_ERROR_BYTES)
      .catch(() => '')
      .finally(() => clearTimeout(enough));
    const error = parseErrorBody(text, secretsOf(this.settings));
    throw upstreamErrorFault(this.settings.id, {
      ...error,
      status,
      retryAfterMs:
        parseRetryAfterMs(headers) ??
        error.retryAfterMs ??
        (status === 429 ? resetMsOf(headers, error.type) : undefined),
      requestId: requestIdOf(headers),
    });
  }
}

function requestTo(
  path: string,
  { baseUrl, query = {} }: UpstreamSettings,
): Dispatcher.DispatchOptions {
  const url = new URL(baseUrl.replace(/\/+$/, '') + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'POST',
    // undici's own deadlines (300 s each) count bytes; Sluice's count content. They are said here
    // because the agents behind a proxy look at none of a dispatcher's.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

/** By names in lower case, so that what is configured takes the place of ours. */
function headersOf({ apiKey, headers = {} }: UpstreamSettings): Readonly<Record<string, string>> {
  const configured = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    'content-type': 'application/json',
    'user-agent': 'sluice',
    'accept-encoding': 'identity',
    ...(apiKey && { authorization: `Bearer ${apiKey}` }),
    ...Object.fromEntries(configured),
  };
}

function createDispatcher({ connectMs, ca, proxy }: UpstreamSettings): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  const connect = { timeout: connectMs, highWaterMark: SOCKET_BYTES, ...tls };
  const options: Agent.Options = {
    connect,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Streams that share one HTTP/2 connection would share its fate as well.
    allowH2: false,
  };
  if (!proxy?.httpProxy && !proxy?.httpsProxy) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    // The agents behind a proxy look at none of the above either.
    requestTls: connect,
    proxyTls: { timeout: connectMs },
    clientFactory: (origin, settings) =>
      new Pool(origin, { ...settings, headersTimeout: connectMs, maxHeaderSize: MAX_HEADER_BYTES }),
    // Explicit empty strings: undici would read the environment by itself.
    httpProxy: proxy.httpProxy ?? '',
    httpsProxy: proxy.httpsProxy ?? '',
    // A proxy cannot reach our own loopback, where Ollama and the sandbox live.
    noProxy: [proxy.noProxy, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(','),
  });
}
