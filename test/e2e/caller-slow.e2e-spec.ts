import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { afterEach, describe, expect, it } from 'vitest';
import { BytesInFlight } from '../support/bytes-in-flight.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { type CallerRequest, type CallerResponse, SlowCaller } from '../support/slow-caller.js';

const MAX_IN_FLIGHT = 256 * 1024;
/** More than the kernel's buffers of both connections can swallow by themselves. */
const OFFERED_BYTES = 24 * 1024 * 1024;

const messages = [{ role: 'user', content: 'Hi' }];
const forms: [string, (model: string) => CallerRequest][] = [
  ['/chat', (model) => ({ path: `/chat/${model}?message=Hi` })],
  [
    '/v1/chat/completions',
    (model) => ({ path: '/v1/chat/completions', body: { model, stream: true, messages } }),
  ],
];
const kinds = [
  ['openai', 'gpt-only', openAi],
  ['ollama', 'llama3', ollama],
] as const;
const everyWay = forms.flatMap(([form, ask]) =>
  kinds.map(([id, model, scripts]) => ({ form, id, scripts, request: ask(model) })),
);

/**
 * Tokens that all differ, and not in ASCII: Node counts waiting text in characters in one place and
 * in bytes in another.
 */
function tokensOf(count: number, bytes: number): string[] {
  return Array.from({ length: count }, (_, n) => `${n} `.padEnd(bytes / 3, '你'));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The text of an answer on either form. */
function textOf(body: string): string {
  const texts: string[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === 'done' || data === '[DONE]') return;
      const json = JSON.parse(data) as { text?: string; choices?: [Choice] };
      texts.push(json.text ?? json.choices?.[0].delta.content ?? '');
    },
  });
  parser.feed(body);
  return texts.join('');
}

interface Choice {
  readonly delta: { readonly content?: string };
}

describe('a caller that does not read', () => {
  let gateway: Gateway;
  let caller: SlowCaller | undefined;
  let inFlight: BytesInFlight | undefined;
  afterEach(async () => {
    caller?.leave();
    inFlight?.stop();
    await gateway.close();
  });

  /** Sends the request and reads nothing of an answer of these tokens. */
  async function ask(
    way: (typeof everyWay)[number],
    tokens: readonly string[],
    settings?: GatewaySettings,
  ): Promise<{ response: CallerResponse; watched: BytesInFlight; written: () => boolean }> {
    gateway = await Gateway.start(settings);
    const script = way.scripts.streamsText(tokens);
    let written = false;
    gateway[way.id].script(async (exchange) => {
      await script(exchange);
      written = true;
    });
    const watching = BytesInFlight.watch(gateway.server, gateway[way.id].url);
    caller = await SlowCaller.connect(gateway.url);
    const response = caller.send(way.request);
    inFlight = await watching;
    return { response, watched: inFlight, written: () => written };
  }

  /** Reads on, up to an end that says that the answer is whole; resolves with the hash of its text. */
  async function answerTo(response: CallerResponse): Promise<string> {
    const body = await response.rest();
    expect(response.cleanEnd).toBe(true);
    expect(body.slice(-600)).toMatch(/event: done|\[DONE\]/);
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
    expect([...gateway.openai.requests, ...gateway.ollama.requests]).toHaveLength(1);
    return hashOf(textOf(body));
  }

  // Big pieces and small ones: each fills another buffer on the way.
  const loads = everyWay.flatMap((way) => [
    { ...way, bytes: 7680 },
    ...(way.id === 'openai' ? [{ ...way, bytes: 60 }] : []),
  ]);

  it.each(loads)(
    'stops the pulls of $id on $form with pieces of $bytes bytes, and gets every byte later',
    async ({ bytes, ...way }) => {
      // On the upstream's wire a small piece is 4 times as long.
      const tokens = tokensOf(OFFERED_BYTES / (bytes < 1000 ? bytes * 4 : bytes), bytes);
      const { response, watched, written } = await ask(way, tokens);
      await watched.pullsStopped();
      expect(written()).toBe(false);
      expect(await answerTo(response)).toBe(hashOf(tokens.join('')));
      expect(watched.most()).toBeLessThanOrEqual(MAX_IN_FLIGHT);
    },
  );

  it.each(everyWay.filter(({ id }) => id === 'openai'))(
    'is not what an upstream on $form is given up for when idleMs passes meanwhile',
    async (way) => {
      const tokens = tokensOf(OFFERED_BYTES / 7680, 7680);
      const { response, watched } = await ask(way, tokens, { streams: { idleMs: 400 } });
      await watched.pullsStopped(900);
      expect(await answerTo(response)).toBe(hashOf(tokens.join('')));
    },
  );

  it.each(everyWay)('loses nothing of $id on $form at 2 KiB a time', async (way) => {
    const tokens = tokensOf(500, 60);
    const { response } = await ask(way, tokens);
    // Its own pace: nothing in Sluice is waited for here.
    for (let n = 0; n < 8; n += 1) {
      expect(await response.read(2048)).toHaveLength(2048);
      await pause(50);
    }
    expect(await answerTo(response)).toBe(hashOf(tokens.join('')));
  });
});
