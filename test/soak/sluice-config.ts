/** Less than what `hugeWithin` sends. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** Where the upstreams of a soak listen. */
export interface UpstreamUrls {
  readonly first: string;
  readonly second: string;
  readonly ollama: string;
  /** Refuses our key. */
  readonly broke: string;
  /** Nobody listens there. */
  readonly dead: string;
}

/** Public names of the models below. */
export const MODELS = [
  'relay',
  'native',
  'either',
  'spread',
  'dead-first',
  'broke-first',
  'taken-up',
];

/** Everything is on, and every wait is short: what takes minutes in production has to happen in each of them. */
export function sluiceConfig(urls: UpstreamUrls): object {
  return {
    server: { host: '127.0.0.1', port: 0, bodyLimit: '64kb' },
    streams: {
      connectMs: 500,
      firstTokenMs: 300,
      idleMs: 300,
      answerMs: 500,
      // Longer than any wait of the soak: a timer that is left behind is still there to be found.
      totalMs: 120_000,
      heartbeatMs: 60,
      commitAfterMs: 150,
      slowClientMs: 1000,
    },
    retry: { limit: 1, baseDelayMs: 5, maxDelayMs: 20, maxRetryAfterMs: 50 },
    retryBudget: { ratio: 0.2, minRetries: 10 },
    breaker: { failures: 20, ratio: 0.5, windowMs: 2000, cooldownMs: 100 },
    limits: { streams: 60, queue: { size: 12, maxWaitMs: 300 } },
    drain: { delayMs: 0, forMs: 2000 },
    backends: [
      {
        id: 'first',
        kind: 'openai',
        maxEventBytes: MAX_EVENT_BYTES,
        baseUrl: `${urls.first}/v1`,
        apiKey: 'sk-soak',
      },
      {
        id: 'second',
        kind: 'openai',
        maxEventBytes: MAX_EVENT_BYTES,
        baseUrl: `${urls.second}/v1`,
      },
      {
        id: 'ollama',
        kind: 'ollama',
        maxEventBytes: MAX_EVENT_BYTES,
        baseUrl: urls.ollama,
        limits: { streams: 20 },
      },
      { id: 'broke', kind: 'openai', maxEventBytes: MAX_EVENT_BYTES, baseUrl: `${urls.broke}/v1` },
      { id: 'dead', kind: 'openai', maxEventBytes: MAX_EVENT_BYTES, baseUrl: `${urls.dead}/v1` },
    ],
    models: [
      { id: 'relay', targets: ['first/m'] },
      { id: 'native', targets: ['ollama/m'] },
      { id: 'either', targets: ['first/m', 'ollama/m'] },
      {
        id: 'spread',
        streams: { totalMs: 400 },
        targets: [
          { backend: 'first', model: 'm', priority: 0, weight: 2 },
          { backend: 'second', model: 'm', priority: 0, weight: 1 },
        ],
      },
      { id: 'dead-first', targets: ['dead/m', 'first/m'] },
      { id: 'broke-first', targets: ['broke/m', 'second/m'] },
      {
        id: 'taken-up',
        recovery: 'always',
        targets: ['second/m', { backend: 'ollama', model: 'm', prefill: true }],
      },
    ],
  };
}
