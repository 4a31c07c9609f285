/** Where the upstreams of a fuzz run listen. */
export interface FuzzUpstreamUrls {
  readonly first: string;
  readonly second: string;
  readonly ollama: string;
}

/** Short, so that every deadline is met in a run of seconds; a model's longest life is `totalMs`. */
export const STREAMS = {
  connectMs: 500,
  firstTokenMs: 250,
  idleMs: 250,
  answerMs: 400,
  totalMs: 2500,
  heartbeatMs: 60,
  commitAfterMs: 100,
  slowClientMs: 700,
};

/** So few at once that callers wait for room, and some are refused. */
export const LIMITS = { streams: 18, queue: { size: 8, maxWaitMs: 500 } };

/** Over this a request's body is refused. */
export const BODY_LIMIT_BYTES = 64 * 1024;

/** Public names of the models below: one target and two, with recovery and without. */
export const MODELS = [
  'one',
  'native',
  'two',
  'either',
  'turned',
  'two-recovered',
  'either-recovered',
  'sure-recovered',
];

/** Targets never close for long here: what one case did must not decide over the next one. */
export function fuzzConfig(urls: FuzzUpstreamUrls): object {
  return {
    server: { host: '127.0.0.1', port: 0, bodyLimit: '64kb' },
    streams: STREAMS,
    retry: { limit: 1, baseDelayMs: 5, maxDelayMs: 20, maxRetryAfterMs: 40 },
    retryBudget: { ratio: 1, minRetries: 1000 },
    breaker: { failures: 1_000_000, ratio: 1, windowMs: 1000, cooldownMs: 20 },
    limits: LIMITS,
    drain: { delayMs: 0, forMs: 2000 },
    backends: [
      { id: 'first', kind: 'openai', baseUrl: `${urls.first}/v1`, apiKey: 'sk-fuzz-secret' },
      { id: 'second', kind: 'openai', baseUrl: `${urls.second}/v1` },
      { id: 'ollama', kind: 'ollama', baseUrl: urls.ollama, limits: { streams: 6 } },
    ],
    models: [
      { id: 'one', targets: ['first/m'] },
      { id: 'native', targets: ['ollama/m'] },
      { id: 'two', targets: ['first/m', 'second/m'] },
      { id: 'either', targets: ['first/m', 'ollama/m'] },
      { id: 'turned', targets: ['ollama/m', 'second/m'] },
      { id: 'two-recovered', recovery: 'always', targets: ['second/m', 'first/m'] },
      {
        id: 'either-recovered',
        recovery: 'always',
        recoveryMaxBytes: 2048,
        targets: ['first/m', { backend: 'ollama', model: 'm', prefill: true }],
      },
      { id: 'sure-recovered', recovery: 'deterministic', targets: ['ollama/m', 'first/m'] },
    ],
  };
}
