import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type AccessKey, accessKey } from '../support/access-key.js';
import { openAi } from '../support/openai-script.js';
import type { RedisServer } from '../support/redis-server.js';
import { Replica } from '../support/replica.js';
import { ScriptedUpstream, type UpstreamScript } from '../support/scripted-upstream.js';
import { SlowCaller } from '../support/slow-caller.js';
import { failsWith } from '../support/upstream-scripts.js';

const COUNTS = {
  prompt_tokens: 120,
  prompt_tokens_details: { cached_tokens: 80 },
  completion_tokens: 24,
  completion_tokens_details: { reasoning_tokens: 6 },
};

/** What a slow caller does not take fills the kernel's buffers many times over. */
const LONG_TEXT = 'word '.repeat(64 * 1024);
const LONG_PIECES = 40;

/** How long the upstream "slow" says nothing in the middle of an answer; `stallMs` is less. */
const PAUSE_MS = 600;

const SLOTS = 16;

/** Between two tokens of an upstream that is well. */
const GAP_MS = 20;

/** Something that is to be seen on the dashboard, from when it begins to when it is told to end. */
export type Incident = 'slow upstream' | 'slow callers' | 'crowd';

/**
 * Sluice in a process of its own, with something of everything that its dashboard shows: models that
 * are fast, pause, are cut or refused, callers that leave or are over their limit; and incidents.
 */
export class BusySluice {
  #isOver = false;
  readonly #asking: Promise<void>[] = [];
  readonly #incidents = new Set<Incident>();

  private constructor(
    private readonly replica: Replica,
    readonly admin: AccessKey,
    private readonly callers: readonly AccessKey[],
    private readonly upstreams: readonly ScriptedUpstream[],
    private readonly folder: string,
  ) {}

  static async start(redis: RedisServer): Promise<BusySluice> {
    const [fast, slow, broken, cutting] = await Promise.all([
      ScriptedUpstream.start(),
      ScriptedUpstream.start(),
      ScriptedUpstream.start(),
      ScriptedUpstream.start(),
    ]);
    const upstreams = { fast, slow, broken, cutting };
    const folder = await mkdtemp(join(tmpdir(), 'sluice-busy-'));
    const admin = accessKey('prometheus', { admin: true });
    const callers = [
      accessKey('team-a'),
      accessKey('team-b'),
      accessKey('nightly', { priority: 'batch' }),
      accessKey('trial', { limits: { requestsPerMinute: 2 } }),
    ];
    const replica = await Replica.start({
      server: { bodyLimit: '1mb' },
      access: { mode: 'keys', keys: [admin, ...callers].map(({ entry }) => entry) },
      backends: Object.entries(upstreams).map(([id, { openaiUrl }]) => ({
        id,
        kind: 'openai',
        baseUrl: openaiUrl,
        apiKey: 'none',
      })),
      models: [
        { id: 'gpt-4o', targets: ['fast/gpt-4o'].map(priced) },
        { id: 'reasoner', targets: ['slow/reasoner'].map(priced) },
        { id: 'safe', targets: ['broken/gpt', 'fast/gpt-4o'].map(priced) },
        { id: 'fragile', targets: ['cutting/m', 'fast/gpt-4o'].map(priced), recovery: 'always' },
        { id: 'cut', targets: ['cutting/m'].map(priced) },
      ],
      streams: { stallMs: 300 },
      limits: { streams: SLOTS },
      redis: { url: redis.url },
      usage: { file: join(folder, 'usage.db') },
    });
    const sluice = new BusySluice(replica, admin, callers, Object.values(upstreams), folder);
    fast.script(answers(() => (sluice.#incidents.has('slow upstream') ? 8 * GAP_MS : GAP_MS)));
    slow.script(answers(() => GAP_MS, PAUSE_MS));
    broken.script(failsWith(500, {}));
    cutting.script(cuts());
    return sluice;
  }

  get url(): string {
    return this.replica.url;
  }

  /** Callers that ask and ask, each for its model. */
  keepBusy(): void {
    const [a, b, batch, trial] = this.callers as [AccessKey, AccessKey, AccessKey, AccessKey];
    const ask = (key: AccessKey, model: string) => () => this.#ask(key, model);
    this.#keep(ask(a, 'gpt-4o'), 20);
    this.#keep(ask(a, 'safe'), 60);
    this.#keep(ask(b, 'gpt-4o'), 50);
    this.#keep(ask(b, 'reasoner'), 20);
    this.#keep(ask(b, 'reasoner'), 40);
    this.#keep(ask(batch, 'fragile'), 80);
    this.#keep(ask(batch, 'cut'), 700);
    this.#keep(ask(trial, 'gpt-4o'), 200);
    this.#keep(() => this.#askAndLeave(a), 150);
    this.#keep(ask(a, 'no-such-model'), 300);
    for (let n = 0; n < 5; n += 1) this.#keep(() => this.#askAndDoNotRead(b), 50, 'slow callers');
    for (let n = 0; n < SLOTS; n += 1) this.#keep(ask(batch, 'gpt-4o'), 0, 'crowd');
  }

  begin(incident: Incident): void {
    this.#incidents.add(incident);
  }

  end(incident: Incident): void {
    this.#incidents.delete(incident);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    // The upstreams first: what runs ends with them.
    await Promise.all(this.upstreams.map((upstream) => upstream.close()));
    await Promise.all(this.#asking);
    await this.replica.stop();
    await rm(this.folder, { recursive: true });
  }

  #keep(act: () => Promise<void>, everyMs: number, during?: Incident): void {
    this.#asking.push(this.#again(act, everyMs, during));
  }

  async #again(act: () => Promise<void>, everyMs: number, during?: Incident): Promise<void> {
    while (!this.#isOver) {
      if (during !== undefined && !this.#incidents.has(during)) await pause(100);
      else {
        await act().catch(() => {});
        await pause(everyMs);
      }
    }
  }

  async #ask(key: AccessKey, model: string): Promise<void> {
    await (await this.#begin(key, model)).text();
  }

  async #askAndLeave(key: AccessKey): Promise<void> {
    const leaving = new AbortController();
    const response = await this.#begin(key, 'gpt-4o', leaving.signal);
    await response.body?.getReader().read();
    leaving.abort();
  }

  /** For a second; then it takes all of it. */
  async #askAndDoNotRead(key: AccessKey): Promise<void> {
    const caller = await SlowCaller.connect(this.url);
    const { headers } = key;
    const body = requestOf('gpt-4o', 'long');
    const response = caller.send({ path: '/v1/chat/completions', headers, body });
    await response.head();
    await pause(1000);
    while ((await response.some()).length > 0);
    caller.leave();
  }

  #begin(key: AccessKey, model: string, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...key.headers },
      body: JSON.stringify(requestOf(model, 'Hi')),
      ...(signal && { signal }),
    });
  }
}

function requestOf(model: string, content: string): object {
  return { model, stream: true, messages: [{ role: 'user', content }] };
}

function priced(target: string): object {
  const [backend, model] = target.split('/');
  return { backend, model, price: { input: 2.5, cachedInput: 1.25, output: 10 } };
}

/** Token by token; a long text at once to who asks for it. */
function answers(gapMs: () => number, pauseMs?: number): UpstreamScript {
  return async (exchange) => {
    const step = openAi.stepper({ counts: COUNTS });
    await step.script(exchange);
    if (exchange.request.rawBody.includes('"long"')) {
      for (let n = 0; n < LONG_PIECES; n += 1) await step.next(LONG_TEXT);
      return step.finish();
    }
    await pause(3 * gapMs());
    for (let n = 0; n < COUNTS.completion_tokens; n += 1) {
      await step.next(`word${n} `);
      await pause(n === 12 && pauseMs !== undefined ? pauseMs : gapMs());
    }
    return step.finish();
  };
}

function cuts(): UpstreamScript {
  return async (exchange) => {
    const step = openAi.stepper();
    await step.script(exchange);
    for (const token of ['word0 ', 'word1 ', 'word2 ']) {
      await step.next(token);
      await pause(GAP_MS);
    }
    await step.cut();
  };
}
