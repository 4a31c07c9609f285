import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BODY_FORMS, headOf } from '../support/body-forms.js';
import { ConfigFile } from '../support/config-file.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SlowCaller } from '../support/slow-caller.js';
import { SluiceProcess } from '../support/sluice-process.js';

const MB = 1024 * 1024;

/** What docs/performance.md recommends; Node's default would hide a lot. */
const HEAP = '--max-old-space-size=256';

const many = (count: number, value: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => value(n)).join(',');
const field = (json: string): string =>
  `{"model":"gpt","stream":true,"messages":[{"role":"user","content":"a"}],"x":${json}}`;
const text = (content: string): string =>
  `{"model":"gpt","stream":true,"messages":[{"role":"user","content":"${content}"}]}`;

const sealed = (json: string): string => {
  const seal = `sluice.${Buffer.from(json).toString('base64url')}`;
  const input = `{"role":"user","content":"a"},{"type":"reasoning","encrypted_content":"${seal}"}`;
  return `{"model":"gpt","stream":true,"input":[${input}]}`;
};
const calling = (args: string): string => {
  const call = { id: 'a', type: 'function', function: { name: 'b', arguments: args } };
  return JSON.stringify({
    model: 'llama',
    stream: true,
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: 'c' },
    ],
  });
};

/** Bodies that pass every bound, and take as much as they can. */
const WORST: readonly (readonly [what: string, count: number, path: string, body: string])[] = [
  ['200,000 objects', 60, '/v1/chat/completions', field(`[${'{},'.repeat(199_000)}{}]`)],
  [
    'objects of many shapes',
    40,
    '/v1/chat/completions',
    field(`[${many(99_000, (n) => `{"k${n}":1}`)}]`),
  ],
  [
    'one object of many fields',
    40,
    '/v1/chat/completions',
    field(`{${many(199_000, (n) => `"k${n}":1`)}}`),
  ],
  [
    'long names',
    6,
    '/v1/chat/completions',
    field(`{${many(199_000, (n) => `"${'k'.repeat(80)}${n}":1`)}}`),
  ],
  ['a text of two bytes each', 13, '/v1/chat/completions', text(`😀${'x'.repeat(19 * MB)}`)],
  ['a text of escapes', 13, '/v1/chat/completions', text('\\n'.repeat(9.5 * MB))],
  [
    'messages of many calls',
    40,
    '/chat',
    `{"messages":[${many(9000, () => `{"role":"assistant","toolCalls":[${many(4, () => '{"id":"a","name":"b","arguments":"{}"}')}]}`)}]}`,
  ],
  [
    'many tools',
    40,
    '/chat',
    `{"messages":[{"role":"user","content":"a"}],"tools":[${many(90_000, () => '{"name":"a"}')}]}`,
  ],
];

describe('A process with a heap of 256 MB', () => {
  let upstream: ScriptedUpstream;
  let ollamaUpstream: ScriptedUpstream;
  let config: ConfigFile;
  let sluice: SluiceProcess;
  let url: string;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    upstream.script(openAi.streamsText(['Hi']));
    ollamaUpstream = await ScriptedUpstream.start();
    ollamaUpstream.script(ollama.streamsText(['Hi']));
    config = await ConfigFile.write({
      backends: [
        { id: 'openai', kind: 'openai', baseUrl: upstream.openaiUrl },
        { id: 'ollama', kind: 'ollama', baseUrl: ollamaUpstream.url },
      ],
      models: [
        { id: 'gpt', targets: ['openai/gpt'] },
        { id: 'llama', targets: ['ollama/llama'] },
      ],
    });
    const env = { PORT: '0', SLUICE_CONFIG: config.path, NODE_OPTIONS: HEAP };
    sluice = SluiceProcess.spawn(env);
    url = await sluice.listening();
  });
  afterEach(async () => {
    await sluice.kill();
    await upstream.close();
    await ollamaUpstream.close();
    await config.remove();
  });

  async function post(path: string, body: string | Buffer, headers = {}): Promise<number> {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    await response.text();
    return response.status;
  }

  async function expectService(): Promise<void> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const rss = Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
    expect(rss).toBeLessThan(640 * MB);
    // What was refused is refused no longer.
    expect(await post('/v1/chat/completions', text('Hi'))).toBe(200);
  }

  it('survives 13 unfinished bodies of 19 MB, and more', async () => {
    const callers = await Promise.all(Array.from({ length: 20 }, () => SlowCaller.connect(url)));
    const responses = callers.map((caller) =>
      caller.write(headOf('/chat', { 'content-length': 19 * MB }) + 'x'.repeat(18 * MB)),
    );
    const refused = responses.slice(3).map(async (response) => (await response.head()).status);
    expect(await Promise.any(refused)).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    for (const caller of callers) caller.leave();
    // In the room of the large ones, which have left.
    const large = text('x'.repeat(10 * MB));
    await expect.poll(() => post('/v1/chat/completions', large), { timeout: 10_000 }).toBe(200);
    await expectService();
  });

  it.each(BODY_FORMS)('survives 2 kB that inflate to 660,000 objects: $form', async ({ path }) => {
    const body = gzipSync(`{"messages":[${'{},'.repeat(660_000)}{}]}`);
    expect(await post(path, body, { 'content-encoding': 'gzip' })).toBe(415);
    await expectService();
  });

  it.each([
    ['a seal', '/v1/responses', sealed(`${'['.repeat(10 * MB)}${']'.repeat(10 * MB)}`)],
    ['a seal that breaks off', '/v1/responses', sealed('['.repeat(20 * MB))],
    ['arguments of a tool', '/v1/chat/completions', calling(`{"a":[${'[],'.repeat(9 * MB)}1]}`)],
  ])('survives JSON without end in %s, which is a text of the body', async (_, path, body) => {
    expect(await post(path, body)).toBe(200);
    await expectService();
  });

  it.each(WORST)('survives crowds of the worst that may pass: %s', async (_, count, path, body) => {
    const statuses = await Promise.all(Array.from({ length: count }, () => post(path, body)));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    await expectService();
  });
});
