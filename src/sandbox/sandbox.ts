import {
  type ChaosConfig,
  type ChatCompletionRequest,
  createServer,
  type Fixture,
  type FixtureMatch,
  type FixtureResponse,
} from '@copilotkit/aimock';
import type { IncomingMessage } from 'node:http';
import { cannedAnswer, isOllama, THOUGHTS, TYPICAL_TOKENS } from './canned-answers.js';
import { at } from './at.js';

/** A running upstream that needs no keys: OpenAI, Anthropic and Ollama on a free port of the loopback. */
export interface Sandbox {
  /** Base URL of what speaks OpenAI and Anthropic, with `/v1`. */
  readonly openaiUrl: string;
  /** Base URL of what speaks Ollama. */
  readonly ollamaUrl: string;
  /** Cuts the streams that are open and frees the port. */
  close(): Promise<void>;
}

interface SandboxOptions {
  readonly tokensPerSecond: number;
  /** Silence before the first token; the model `slow-to-start` takes twenty times as long. */
  readonly firstTokenMs: number;
}

const OPENAI_PATH = '/v1/chat/completions';
const ANTHROPIC_PATH = '/v1/messages';
const OLLAMA_PATH = '/api/chat';
const CONTEXT_HEADER = 'x-aimock-context';

/**
 * Starts an upstream whose answers are canned, so that Sluice can be tried, with its faults, over
 * real HTTP. How it behaves depends on the model it is asked for: `always-rate-limited`,
 * `cut-after-20-tokens`, `slow-to-start`, `thinks-first`; any other name gets a friendly answer.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { server, url } = await createServer(fixtures(options), {
    host: '127.0.0.1',
    port: 0,
    // aimock remembers every request; 0 would mean all of them.
    journalMaxEntries: 1,
  });
  // aimock speaks its protocols over WebSockets, too, which any page in a browser may open. Without
  // a listener a request to upgrade is one like any other.
  server.removeAllListeners('upgrade');
  server.prependListener('request', (request, response) => {
    // aimock writes on for a caller that has left until its response counts as ended.
    response.on('close', () => response.end());
    const path = request.url?.split('?', 1)[0];
    if (path === OLLAMA_PATH) passFormatOn(request);
    // aimock lets any page in a browser read its journal, and reset it: nothing else of it is served.
    else if (path !== OPENAI_PATH && path !== ANTHROPIC_PATH) request.url = '/';
  });
  return {
    openaiUrl: `${url}/v1`,
    ollamaUrl: url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The first that matches answers. */
function fixtures({ tokensPerSecond, firstTokenMs }: SandboxOptions): Fixture[] {
  const normal = { tokensPerSecond, waitMs: firstTokenMs };
  const [cutStream, cutWhole] = answers({ model: 'cut-after-20-tokens' }, normal);
  const cutOllamaStream = {
    ...cutStream.match,
    predicate: (request: ChatCompletionRequest) => streams(request) && isOllama(request),
  };
  return [
    { match: { model: 'always-rate-limited' }, response: RATE_LIMITED },
    // aimock destroys the response before its last chunk has left: one more than is to arrive.
    { ...cutStream, match: cutOllamaStream, truncateAfterChunks: 20 + 1 },
    // OpenAI's first chunk has a role and no token.
    { ...cutStream, truncateAfterChunks: 1 + 20 + 1 },
    { ...cutWhole, chaos: { ...cutWhole.chaos, disconnectRate: 1 } },
    ...answers({ model: 'slow-to-start' }, { ...normal, waitMs: 20 * firstTokenMs }),
    ...answers({ model: 'thinks-first' }, { ...normal, reasoning: THOUGHTS }),
    ...answers({}, normal),
  ];
}

interface Pace {
  readonly tokensPerSecond: number;
  readonly waitMs: number;
  readonly reasoning?: string;
}

function answers(match: FixtureMatch, pace: Pace): [stream: Fixture, whole: Fixture] {
  const { tokensPerSecond, waitMs, reasoning } = pace;
  const response = (request: ChatCompletionRequest): FixtureResponse => ({
    ...cannedAnswer(request),
    ...(reasoning && { reasoning }),
  });
  const wholeMs = waitMs + (TYPICAL_TOKENS * 1000) / tokensPerSecond;
  return [
    {
      match: { ...match, predicate: streams },
      response,
      // Longer words are split, as models do.
      chunkSize: 10,
      streamingProfile: { ttft: 0, tps: tokensPerSecond },
      chaos: silence(waitMs),
    },
    { match, response, chaos: silence(wholeMs) },
  ];
}

function streams({ stream }: ChatCompletionRequest): boolean {
  return stream === true;
}

/** Unlike `ttft`, this wait ends when the caller leaves. aimock takes up to 30 s and ignores more. */
function silence(ms: number): ChaosConfig {
  return { latencyMs: Math.min(30_000, Math.round(ms)) };
}

const RATE_LIMITED: FixtureResponse = {
  status: 429,
  retryAfter: 1,
  error: {
    message: 'The sandbox limits every request for this model.',
    type: 'requests',
    code: 'rate_limit_exceeded',
  },
};

/**
 * aimock drops Ollama's `format`. Its context header is the one thing that reaches the answer, so
 * the format goes there, in OpenAI's words; that it is there at all says that Ollama is spoken.
 */
function passFormatOn(request: IncomingMessage): void {
  const body: Buffer[] = [];
  request.on('data', (piece: Buffer) => body.push(piece));
  request.on('end', () => {
    request.headers[CONTEXT_HEADER] = JSON.stringify(formatOf(Buffer.concat(body).toString()));
  });
}

function formatOf(body: string): object {
  try {
    const format = at(JSON.parse(body), 'format');
    if (format === 'json') return { type: 'json_object' };
    if (format) return { type: 'json_schema', json_schema: { schema: format } };
  } catch {
    // aimock answers what is not JSON.
  }
  return { type: 'text' };
}
