import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { Random } from '../load/random.js';
import { accessKey } from '../support/access-key.js';
import { Gateway } from '../support/gateway.js';
import { changes } from '../support/metric-lines.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith } from '../support/upstream-scripts.js';
import { usageReport } from '../support/usage-report.js';

const GENERATIONS = 400;
const AT_ONCE = 10;
const TOKENS = ['The ', 'quick ', 'brown ', 'fox', '.'];
const COUNTS = {
  prompt_tokens: 120,
  completion_tokens: 50,
  prompt_tokens_details: { cached_tokens: 80 },
  completion_tokens_details: { reasoning_tokens: 30 },
};

/** What the first upstream does to a request for a stream, by lot. */
const STREAMS: readonly UpstreamScript[] = [
  openAi.streamsText(TOKENS),
  openAi.streamsText(TOKENS, { counts: COUNTS }),
  openAi.streamsText(TOKENS, { usage: 'none' }),
  openAi.streamsTextThenCuts(TOKENS.slice(0, 3)),
  openAi.resetsAfter(TOKENS.slice(0, 2)),
  openAi.resetsAfter([]),
  failsWith(429, openAiError('slow')),
  failsWith(500, {}),
];

/** For callers who leave: an answer that is over before they do would have no such end. */
const LEFT: readonly UpstreamScript[] = [
  openAi.stallsAfter(TOKENS.slice(0, 2)),
  openAi.stallsAfter(TOKENS.slice(0, 2), { counts: COUNTS }),
  openAi.resetsAfter([]),
  failsWith(429, openAiError('slow')),
];

const PLAIN: readonly UpstreamScript[] = [
  openAi.answersText(TOKENS.join('')),
  openAi.answersText(TOKENS.join(''), { counts: COUNTS }),
  failsWith(500, {}),
];

const priced = {
  backend: 'openai',
  model: 'gpt',
  price: { input: 2.5, cachedInput: 1.25, output: 10 },
};
const MODELS = [
  { id: 'spliced', recovery: 'always', targets: [priced, { ...priced, backend: 'ollama' }] },
  { id: 'alone', targets: [priced] },
  { id: 'half-priced', recovery: 'always', targets: [priced, 'ollama/llama3'] },
  { id: 'unpriced', targets: ['openai/gpt', 'ollama/llama3'] },
];

it('The usage ledger adds up to what the metrics counted, whatever became of the streams', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
  const keys = [accessKey('team-a'), accessKey('team-b'), accessKey('ops', { admin: true })];
  const ops = keys[2]!;
  const gateway = await Gateway.start({
    models: MODELS,
    access: { mode: 'keys', keys: keys.map(({ entry }) => entry) },
    usage: { file: join(folder, 'usage.db') },
    breaker: { failures: 1000 },
    retryBudget: { ratio: 1, minRetries: 1000 },
  });
  const random = new Random(11);
  gateway.openai.script((exchange) => {
    const { stream, user } = exchange.request.body;
    const scripts = user === 'leaves' ? LEFT : stream === true ? STREAMS : PLAIN;
    return random.from(scripts)(exchange);
  });
  gateway.ollama.script((exchange) => {
    const isStream = exchange.request.body['stream'] !== false;
    const script = isStream ? ollama.streamsText(TOKENS) : ollama.answersText(TOKENS.join(''));
    return (random.chance(0.2) ? failsWith(500, {}) : script)(exchange);
  });

  const one = async () => {
    const model = random.from(MODELS).id;
    const { headers } = random.from(keys);
    const stream = random.chance(0.8);
    const leaves = stream && random.chance(0.2);
    const response = await gateway.complete(
      { model, stream, ...(leaves && { user: 'leaves' }) },
      headers,
    );
    if (!leaves) return void (await response.text().catch(() => ''));
    const reader = new SseReader(response);
    await reader.next();
    await reader.leave();
  };
  let begun = 0;
  const some = async () => {
    while (begun < GENERATIONS) {
      begun += 1;
      await one();
    }
  };
  let sums: JsonObject[] = [];
  const changed = await changes(
    gateway,
    async () => {
      await Promise.all(Array.from({ length: AT_ONCE }, some));
      await gateway.ended(GENERATIONS - 1);
      sums = await usageReport(gateway, 'by=caller,model', GENERATIONS, ops.headers);
    },
    ops.headers,
  );

  const counted = (name: string, sum: JsonObject, also = '') =>
    Object.entries(changed)
      .filter(([series]) => series.startsWith(`${name}{`) && series.includes(also))
      .filter(([series]) => series.includes(`caller="${String(sum['caller'])}"`))
      .filter(([series]) => series.includes(`model="${String(sum['model'])}"`))
      .reduce((all, [, by]) => all + by, 0);
  expect(sums).toHaveLength(keys.length * MODELS.length);
  for (const sum of sums) {
    const { caller, model } = sum;
    expect({ ...sum, costUsd: expect.anything() as number, requestsWithoutCost: 0 }).toEqual({
      caller,
      model,
      requests: counted('llm_streams_total', sum),
      inputTokens: counted('llm_tokens_total', sum, 'type="input"'),
      outputTokens: counted('llm_tokens_total', sum, 'type="output"'),
      cachedInputTokens: counted('llm_cached_input_tokens_total', sum),
      reasoningTokens: counted('llm_reasoning_tokens_total', sum),
      costUsd: expect.anything() as number,
      requestsWithoutCost: 0,
    });
    expect(sum['costUsd']).toBeCloseTo(counted('llm_cost_usd_total', sum), 9);
  }
  // It was no soak of well-behaved streams.
  const ends = Object.keys(changed).join('\n');
  for (const word of ['client_closed', 'upstream_cut', 'regenerated', 'llm_fallbacks_total']) {
    expect(ends).toContain(word);
  }
  await gateway.close();
  await rm(folder, { recursive: true });
}, 60_000);
