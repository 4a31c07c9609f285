import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAi } from '../support/openai-script.js';
import { ProxiedCaller } from '../support/proxied-caller.js';
import { Replica } from '../support/replica.js';
import { REVERSE_PROXIES, ReverseProxy } from '../support/reverse-proxy.js';
import { ScriptedUpstream, type UpstreamScript } from '../support/scripted-upstream.js';
import { type LoadedRequest, SteadyLoad } from '../support/steady-load.js';
import { isMissing } from '../support/system-parts.js';

const RESTARTS = 10;
const STREAMS = 100;
const NEW_PER_SECOND = 30;

const messages = [{ role: 'user', content: 'Hi' }];
const TOKENS = Array.from({ length: 30 }, (_, n) => `t${n} `);
const WHOLE = TOKENS.join('');

const STREAM: LoadedRequest = {
  path: '/v1/chat/completions',
  body: { model: 'm', stream: true, messages },
  ending: '[DONE]',
};
const EVERY_KIND: readonly LoadedRequest[] = [
  STREAM,
  { path: STREAM.path, body: { model: 'm', messages }, ending: '"finish_reason":"stop"' },
  {
    path: '/v1/messages',
    body: { model: 'm', max_tokens: 99, stream: true, messages },
    ending: 'message_stop',
  },
  { path: '/chat?message=Hi&model=m', ending: 'event: done' },
];

/** A stream takes some 1.5 s; what comes without streaming is there at once. */
const paced: UpstreamScript = async (exchange) => {
  if (exchange.request.body['stream'] !== true) return openAi.answersText(WHOLE)(exchange);
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

    it(
      `lose and refuse nothing of ${STREAMS} streams and ${NEW_PER_SECOND} new requests a second, ${RESTARTS} times`,
      { timeout: 240_000 },
      async () => {
        const load = new SteadyLoad(callers);
        load.keepRunning(STREAMS, STREAM);
        load.begin(NEW_PER_SECOND, EVERY_KIND);
        const codes: (number | null)[] = [];
        for (let n = 0; n < RESTARTS; n += 1) {
          for (const replica of replicas) codes.push(await replica.restart());
        }
        await load.stop();
        process.stdout.write(`${kind.name}: ${load.whole} answers, ${load.losses.length} lost\n`);
        expect(load.losses).toEqual([]);
        expect(codes).toEqual(Array.from({ length: 2 * RESTARTS }, () => 0));
        // A load that stood still would have nothing to lose.
        expect(load.whole).toBeGreaterThan(RESTARTS * STREAMS);
      },
    );
  });
});
