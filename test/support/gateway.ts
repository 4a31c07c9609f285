import type { Server } from 'node:http';
import { createApplication } from '../../src/application.js';
import { LiveConfig } from '../../src/config/live-config.js';
import { parseConfig } from '../../src/config/load/load-config.js';
import { LogLines } from './log-lines.js';
import { ScriptedUpstream } from './scripted-upstream.js';

export interface GatewaySettings {
  readonly defaultModel?: string;
  readonly backends?: readonly object[];
  readonly models?: readonly object[];
  readonly streams?: object;
  readonly server?: object;
  readonly access?: object;
  readonly browsers?: object;
  readonly retry?: object;
  readonly retryBudget?: object;
  readonly breaker?: object;
  readonly limits?: object;
  readonly responses?: object;
  readonly redis?: object;
  readonly drain?: object;
  readonly usage?: object;
  /** Of both backends; less than the default, so that a test need not send 16 MiB to be over it. */
  readonly maxEventBytes?: number;
  /** What the environment says. */
  readonly env?: Readonly<Record<string, string>>;
  /** How many requests the backend of this id is given at once. */
  readonly room?: { readonly openai?: number; readonly ollama?: number };
}

export const MAX_EVENT_BYTES = 1024 * 1024;

/** Sluice on a free port, with an upstream of each kind that plays scripts. */
export class Gateway {
  private constructor(
    readonly url: string,
    readonly openai: ScriptedUpstream,
    readonly ollama: ScriptedUpstream,
    readonly anthropic: ScriptedUpstream,
    readonly log: LogLines,
    /** The server that callers connect to, for a look at its sockets. */
    readonly server: Server,
    private readonly live: LiveConfig,
    private readonly closeApp: () => Promise<void>,
  ) {}

  #down: Promise<void> | undefined;

  /**
   * By default there are the models `gpt-4o` (openai, then ollama), `gpt-only`, `llama3`, `claude`
   * and `team/gpt`, and every deadline is long enough never to pass. A target that fails is not asked
   * again, and a drain begins at once: tests of retries and of the delay say so.
   */
  static async start(settings: GatewaySettings = {}): Promise<Gateway> {
    const [openai, ollama, anthropic] = await Promise.all([
      ScriptedUpstream.start(),
      ScriptedUpstream.start(),
      ScriptedUpstream.start(),
    ]);
    const log = new LogLines();
    const source = sourceOf(settings, openai, ollama, anthropic);
    const config = parseConfig(source, settings.env);
    const app = await createApplication(config, log);
    await app.listen(0, '127.0.0.1');
    const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    const live = app.get(LiveConfig);
    return new Gateway(url, openai, ollama, anthropic, log, app.getHttpServer(), live, () =>
      app.close(),
    );
  }

  /** What a changed file does: other settings than it was started with, for requests from now on. */
  reconfigure(settings: GatewaySettings): void {
    this.live.replace(parseConfig(sourceOf(settings, this.openai, this.ollama, this.anthropic)));
  }

  /** The record of the n-th generation that ended (from 0), as its log line has it. */
  ended(n = 0): Promise<Record<string, unknown>> {
    return this.log.generation(n);
  }

  get(path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return fetch(this.url + path, { headers, ...(signal && { signal }) });
  }

  post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    });
  }

  /** A streamed Chat Completion with one user message. */
  complete(
    fields: object = {},
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Response> {
    return this.post(
      '/v1/chat/completions',
      { model: 'gpt-only', stream: true, messages: [{ role: 'user', content: 'Hi' }], ...fields },
      headers,
      signal,
    );
  }

  /** The value of one series in `/metrics`; 0 when there is none. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const text = await (await this.get('/metrics')).text();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** What SIGTERM does: nobody new comes in; resolves when the streams that run have ended. */
  shutDown(): Promise<void> {
    return (this.#down ??= this.closeApp());
  }

  async close(): Promise<void> {
    // The upstreams first: a stream that a test left running would hold the drain.
    await Promise.all([this.openai.close(), this.ollama.close(), this.anthropic.close()]);
    await this.shutDown();
  }
}

/** What the configuration's file would say. */
function sourceOf(
  { room = {}, maxEventBytes = MAX_EVENT_BYTES, env: _env, ...settings }: GatewaySettings,
  openai: ScriptedUpstream,
  ollama: ScriptedUpstream,
  anthropic: ScriptedUpstream,
): object {
  return {
    backends: [
      {
        id: 'openai',
        kind: 'openai',
        baseUrl: openai.openaiUrl,
        apiKey: 'sk-upstream-secret',
        maxEventBytes,
        ...limited(room.openai),
      },
      {
        id: 'ollama',
        kind: 'ollama',
        baseUrl: ollama.url,
        maxEventBytes,
        ...limited(room.ollama),
      },
      {
        id: 'anthropic',
        kind: 'anthropic',
        baseUrl: anthropic.openaiUrl,
        apiKey: 'sk-ant-upstream-secret',
        maxEventBytes,
      },
    ],
    models: [
      { id: 'gpt-4o', targets: ['openai/gpt-4o-2024', 'ollama/llama3'] },
      { id: 'gpt-only', targets: ['openai/gpt-4o-2024'] },
      { id: 'llama3', targets: ['ollama/llama3'] },
      ...(settings.backends ? [] : [{ id: 'claude', targets: ['anthropic/claude-x'] }]),
      { id: 'team/gpt', targets: ['openai/gpt-4o-2024'] },
    ],
    retry: { limit: 0 },
    drain: { delayMs: 0 },
    ...settings,
  };
}

function limited(streams: number | undefined): object {
  return streams === undefined ? {} : { limits: { streams } };
}
