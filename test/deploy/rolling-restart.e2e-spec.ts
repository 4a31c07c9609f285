import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAi } from '../support/openai-script.js';
import { ProxiedCaller, type ProxiedRequest } from '../support/proxied-caller.js';
import { Replica } from '../support/replica.js';
import { REVERSE_PROXIES, ReverseProxy } from '../support/reverse-proxy.js';
import { ScriptedUpstream, type UpstreamScript } from '../support/scripted-upstream.js';
import { isMissing } from '../support/system-parts.js';
import { setTimeout as pause } from 'node:timers/promises';

const RESTARTS = 10;
const RUNNING_STREAMS = 100;
const NEW_EVERY_MS = 1000 / 30;

/** What is told of one request that did not come out well. */
interface Loss {
  readonly path: string;
  readonly status: number | undefined;
  readonly end: string;
  readonly text: string;
}

const messages = [{ role: 'user', content: 'Hi' }];
const TOKENS = Array.from({ length: 30 }, (_, n) => `t${n} `);
const WHOLE = TOKENS.join('');

const long: ProxiedRequest = {
  path: '/v1/chat/completions',
  body: { model: 'm', stream: true, messages },
};
const SHORT: readonly (ProxiedRequest & { readonly ending: string })[] = [
  { path: '/v1/chat/completions', body: { model: 'm', stream: true, messages }, ending: '[DONE]' },
  {
    path: '/v1/chat/completions',
    body: { model: 'm', messages },
    ending: '"finish_reason":"stop"',
  },
  {
    path: '/v1/messages',
    body: { model: 'm', max_tokens: 99, stream: true, messages },
    ending: 'message_stop',
  },
  { path: '/chat?message=Hi&model=m', ending: 'event: done' },
];

/** Answers at a pace: a long one takes some 1.5 s, what comes without streaming is there at once. */
const paced: UpstreamScript = async (exchange) => {
  const { body } = exchange.request;
  if (body['stream'] !== true) return openAi.answersText(WHOLE)(exchange);
  const step = openAi.stepper();
  await step.script(exchange);
  for (const token of TOKENS) {
    await step.next(token);
    await pause(50);
  }
  await step.finish();
};

describe.each(REVERSE_PROXIES)('Two replicas behind $name', (kind) => {
  describe.skipIf(isMissing(kind.name))('restarted one after the other', () => {
    let upstream: ScriptedUpstream;
    let replicas: readonly Replica[];
    let proxy: ReverseProxy;
    let callers: readonly ProxiedCaller[];
    const losses: Loss[] = [];
    let whole = 0;
    let isOver = false;

    beforeAll(async () => {
      upstream = await ScriptedUpstream.start();
      upstream.script(paced);
      const config = {
        backends: [{ id: 'openai', kind: 'openai', baseUrl: upstream.openaiUrl, apiKey: 'none' }],
        models: [{ id: 'm', targets: ['openai/m'] }],
        drain: { delayMs: 500, forMs: 30_000 },
      };
      replicas = await Promise.all([Replica.start(config), Replica.start(config)]);
      proxy = await ReverseProxy.start(
        kind,
        replicas.map(({ url }) => url),
      );
      callers = kind.versions.map((version) => new ProxiedCaller(proxy.url, version));
    });
    afterAll(async () => {
      for (const caller of callers) caller.close();
      await proxy.stop();
      await Promise.all(replicas.map((replica) => replica.stop()));
      await upstream.close();
    });

    async function ask(request: ProxiedRequest, ending: string, n: number): Promise<void> {
      const caller = callers[n % callers.length]!;
      try {
        const answer = await caller.ask(request);
        const text = await answer.rest();
        const end = await answer.ended;
        if (answer.status === 200 && end === 'clean' && text.includes(ending)) whole += 1;
        else
          losses.push({ path: request.path, status: answer.status, end, text: text.slice(-300) });
      } catch (error) {
        losses.push({ path: request.path, status: undefined, end: String(error), text: '' });
      }
    }

    async function keepOneRunning(n: number): Promise<void> {
      while (!isOver) await ask(long, '[DONE]', n);
    }

    async function keepAsking(): Promise<void> {
      const asked: Promise<void>[] = [];
      for (let n = 0; !isOver; n += 1) {
        const { ending, ...request } = SHORT[n % SHORT.length]!;
        asked.push(ask(request, ending, n));
        await pause(NEW_EVERY_MS);
      }
      await Promise.all(asked);
    }

    it(
      `lose and refuse nothing of ${RUNNING_STREAMS} streams and 30 new requests a second, ${RESTARTS} times`,
      { timeout: 240_000 },
      async () => {
        const running = Array.from({ length: RUNNING_STREAMS }, (_, n) => keepOneRunning(n));
        const load = Promise.all([...running, keepAsking()]);
        const codes: (number | null)[] = [];
        for (let n = 0; n < RESTARTS; n += 1) {
          for (const replica of replicas) codes.push(await replica.restart());
        }
        isOver = true;
        await load;
        process.stdout.write(`${kind.name}: ${whole} whole, ${losses.length} lost or refused\n`);
        expect(losses).toEqual([]);
        expect(codes).toEqual(Array.from({ length: 2 * RESTARTS }, () => 0));
        // A load that stood still would have nothing to lose.
        expect(whole).toBeGreaterThan(RESTARTS * RUNNING_STREAMS);
      },
    );
  });
});
