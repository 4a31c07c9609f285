import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { AttemptContext } from '../../contract/chat-backend.js';
import { Sending } from './sending.js';
import { complaintFault, connectionFault } from './upstream-fault.js';
import { complaintOf } from './upstream-complaint.js';
import { secretsOf } from './upstream-secrets.js';
import { resetMsOf, retryAfterMsOf } from './upstream-wait.js';
import { requestIdOf, UpstreamResponse } from './upstream-response.js';
import type { UpstreamSettings } from './upstream-settings.js';
import { textOf } from './upstream-text.js';

/** What waits in the socket itself; undici's 64 KiB would make it the largest buffer of all. */
const SOCKET_BYTES = 16 * 1024;

/** What is read of an error body: more than any sentence needs. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_MS = 1000;

/** The connections to one upstream, and the one thing it is asked for. */
export class UpstreamClient {
  /** All that is the same in every request. */
  readonly #request: Dispatcher.DispatchOptions;
  /** Keeps its connections for later requests. */
  readonly #keeping: Dispatcher;
  /** Makes a new connection for every request. */
  readonly #fresh: Dispatcher;

  /** @param path where requests go, below the base URL */
  constructor(
    private readonly settings: UpstreamSettings,
    path: string,
  ) {
    this.#request = requestTo(path, settings);
    this.#keeping = createDispatcher(settings);
    this.#fresh = createDispatcher(settings);
  }

  /**
   * Sends `body` as JSON and resolves once the upstream accepted it; the answer is still to be read.
   * @throws GatewayError `upstream_unavailable` without a response, else the fault that the
   *   upstream's status and body mean
   */
  async post(body: object, attempt: AttemptContext): Promise<UpstreamResponse> {
    let response: UpstreamResponse;
    try {
      response = await this.#send(JSON.stringify(body), attempt);
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
  async #send(body: string, attempt: AttemptContext): Promise<UpstreamResponse> {
    const { signal } = attempt;
    const sending = new Sending(body, () => attempt.requestSent());
    const request = { ...this.#request, body: sending.body };
    try {
      return await this.#dispatch(this.#keeping, request, signal);
    } catch (error) {
      if (signal.aborted || !sending.metStaleSocket(error)) throw error;
      return this.#dispatch(this.#fresh, { ...request, reset: true }, signal);
    }
  }

  async #dispatch(
    dispatcher: Dispatcher,
    request: Dispatcher.DispatchOptions,
    signal: AbortSignal,
  ): Promise<UpstreamResponse> {
    signal.throwIfAborted();
    const response = new UpstreamResponse(this.settings.id, signal);
    dispatcher.dispatch(request, response);
    await response.begun;
    return response;
  }

  async #refuse(response: UpstreamResponse): Promise<never> {
    const { statusCode: status, headers } = response;
    // An error body that breaks off, or never ends, is as good as none: the status says enough.
    const enough = setTimeout(() => response.destroy(), MAX_ERROR_MS);
    const text = await textOf(this.settings.id, response, MAX_ERROR_BYTES)
      .catch(() => '')
      .finally(() => clearTimeout(enough));
    const complaint = complaintOf(text, secretsOf(this.settings));
    throw complaintFault(this.settings.id, {
      ...complaint,
      status,
      retryAfterMs:
        retryAfterMsOf(headers) ??
        complaint.retryAfterMs ??
        (status === 429 ? resetMsOf(headers, complaint.type) : undefined),
      requestId: requestIdOf(headers),
    });
  }
}

function requestTo(
  path: string,
  { baseUrl, query = {}, apiKey, headers }: UpstreamSettings,
): Dispatcher.DispatchOptions {
  const url = new URL(baseUrl.replace(/\/+$/, '') + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'sluice',
      ...(apiKey && { authorization: `Bearer ${apiKey}` }),
      ...headers,
    },
    // undici's own deadlines (300 s each) count bytes; Sluice's count content. They are said here
    // because the agents behind a proxy look at none of a dispatcher's.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function createDispatcher({ connectMs, caFile, proxy }: UpstreamSettings): Dispatcher {
  const tls = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  const connect = { timeout: connectMs, highWaterMark: SOCKET_BYTES, ...tls };
  const options: Agent.Options = {
    connect,
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
      new Pool(origin, { ...settings, headersTimeout: connectMs }),
    // Explicit empty strings: undici would read the environment by itself.
    httpProxy: proxy.httpProxy ?? '',
    httpsProxy: proxy.httpsProxy ?? '',
    // A proxy cannot reach our own loopback, where Ollama and the sandbox live.
    noProxy: [proxy.noProxy, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(','),
  });
}
