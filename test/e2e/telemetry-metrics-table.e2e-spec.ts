import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_FAULTS } from '../../src/contract/faults.js';
import { RECOVERY_OUTCOMES } from '../../src/contract/generation.js';
import { DROP_REASONS } from '../../src/ledger/usage-writer.js';
import { Gateway } from '../support/gateway.js';
import { MetricLines } from '../support/metric-lines.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith } from '../support/upstream-scripts.js';

interface Row {
  readonly type: string;
  readonly labels: readonly string[];
  readonly buckets: string;
}

/** The cells of all table rows of docs/metrics.md. */
async function tableRows(): Promise<string[][]> {
  return rowsOf(await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8'));
}

function rowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => row.split('|').map((cell) => cell.trim()));
}

async function documentedMetrics(): Promise<Record<string, Row>> {
  const rows = (await tableRows()).filter((cells) => cells.length > 5);
  return Object.fromEntries(
    rows.map(([, name, type, labels, buckets]) => [
      unquoted(name!)[0]!,
      { type: type!, labels: unquoted(labels!).toSorted(), buckets: buckets! },
    ]),
  );
}

function unquoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
}

describe('docs/metrics.md', () => {
  let gateway: Gateway;
  let folder: string;
  let metrics: MetricLines;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-metrics-'));
    const limits = { requestsPerMinute: 3 };
    const priced = { backend: 'openai', model: 'gpt', price: { input: 2, output: 10 } };
    gateway = await Gateway.start({
      room: { ollama: 1 },
      models: [{ id: 'gpt-4o', targets: [priced, 'ollama/llama3'], recovery: 'always', limits }],
      usage: { file: join(folder, 'usage.db') },
    });
    // Something of everything: a fallback, tokens one by one, a wait for room, and a refusal.
    const step = ollama.stepper();
    gateway.openai.script(failsWith(500, {}));
    gateway.ollama.script(step.script, ollama.streamsText(['one']));
    const answers = [0, 1].map(() => gateway.get('/chat?message=Hi'));
    await gateway.openai.request(1);
    const reader = new SseReader(await answers[0]!);
    for (const token of ['one', 'two']) {
      await step.next(token);
      while (!reader.raw.includes(token)) await reader.next();
    }
    await step.finish();
    await reader.all();
    await (await answers[1]!).text();
    await gateway.get('/chat');
    const counts = {
      prompt_tokens: 9,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens: 3,
      completion_tokens_details: { reasoning_tokens: 1 },
    };
    gateway.openai.script(openAi.streamsText(['one'], { counts }));
    await (await gateway.complete({ model: 'gpt-4o' })).text();
    await (await gateway.complete({ model: 'gpt-4o' })).text();
    metrics = await MetricLines.read(gateway);
  });
  afterAll(async () => {
    await gateway.close();
    await rm(folder, { recursive: true });
  });

  it('lists every metric with its type, labels and buckets, and no other', async () => {
    const exposed = Object.fromEntries(
      [...metrics.types].map(([name, type]): [string, Row] => {
        const ofIt = new RegExp(`^${name}(_bucket|_sum|_count)?$`);
        const lines = metrics.lines.filter((line) => ofIt.test(line.name));
        const labels = new Set(lines.flatMap((line) => Object.keys(line.labels)));
        const bounds = lines.flatMap((line) => line.labels['le'] ?? []);
        labels.delete('le');
        // The last one is +Inf.
        const buckets = bounds.length > 0 ? `${bounds[0]!} to ${bounds.at(-2)!}` : '';
        return [name, { type, labels: [...labels].toSorted(), buckets }];
      }),
    );
    expect(exposed).toEqual(await documentedMetrics());
  });

  it('explains every fault', async () => {
    const text = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    // Some are end reasons as well, which another table explains.
    const [, table = ''] = text.split('| Fault ');
    const explained = rowsOf(table.split('\n\n')[0]!);
    const words = new Set(explained.map(([, word]) => unquoted(word!)[0]));
    expect(ALL_FAULTS.filter((fault) => !words.has(fault))).toEqual([]);
  });

  it('says that the process and the event loop are measured, too', async () => {
    const { types } = await MetricLines.read(gateway, /^(process|nodejs)_/);
    expect([...types.keys()]).toEqual(
      expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds']),
    );
  });

  it('is answered as Prometheus wants it', async () => {
    const response = await gateway.get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; (version=0.0.4|charset)/);
    const info = metrics.lines.find(({ name }) => name === 'sluice_build_info');
    expect(info).toMatchObject({ labels: { node: process.version }, value: 1 });
  });

  it('is right that no label value comes from a caller', async () => {
    const minted = 'minted"}\n';
    const headers = { 'x-request-id': 'minted', 'user-agent': 'minted', origin: 'minted' };
    await (await gateway.complete({ model: minted, user: minted }, headers)).text();
    await (await gateway.get('/chat/minted?message=Hi', headers)).text();
    await (await gateway.get('/minted', headers)).text();
    const now = await MetricLines.read(gateway);
    expect(now.lines.map(({ series }) => series).join('\n')).not.toContain('minted');
    expect([...now.valuesOf('caller')]).toEqual(['anonymous']);
    expect([...now.valuesOf('model')]).toEqual(['gpt-4o']);
    const known = [
      ...ALL_FAULTS,
      ...RECOVERY_OUTCOMES,
      ...DROP_REASONS,
      'ok',
      'cancelled',
      'none',
      'openai',
      'ollama',
      'anthropic',
    ];
    for (const label of ['fault', 'reason', 'outcome', 'backend', 'from', 'to']) {
      expect(known).toEqual(expect.arrayContaining([...now.valuesOf(label)]));
    }
  });
});
