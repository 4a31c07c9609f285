import { afterEach, beforeEach } from 'vitest';
import type { ChatAnswer } from '../../src/contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Target } from '../../src/contract/chat-backend.js';
import type { ChatRequest } from '../../src/contract/chat-request.js';
import type { EventBatch } from '../../src/contract/event-batch.js';
import type { StreamEvent, StreamPart } from '../../src/contract/stream-event.js';
import type { UpstreamSettings } from '../../src/backends/shared/connection/upstream-settings.js';
import { contextOf } from '../support/attempt-context.js';
import { settingsOf } from '../support/upstream-settings.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { within } from '../support/within.js';
import type { BackendKind } from './backend-kind.js';

export const REQUEST: ChatRequest = {
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Say hello.' }] }],
  sampling: {},
};
export const TARGET: Target = { backend: 'under-test', model: 'asked-model' };
const NEVER = new AbortController().signal;

/** A backend of the kind and its upstream, new for every test. */
export class BackendUnderTest {
  #upstream: ScriptedUpstream | undefined;
  #backends: ChatBackend[] = [];
  /** How often the backend told its attempts of these. */
  told = nothing();

  constructor(private readonly kind: Pick<BackendKind, 'create' | 'baseUrlOf'>) {
    beforeEach(async () => {
      this.#upstream = await ScriptedUpstream.start();
      this.#backends = [this.create()];
      this.told = nothing();
    });
    afterEach(async () => {
      await Promise.all(this.#backends.map((backend) => backend.close()));
      await this.upstream.close();
    });
  }

  get upstream(): ScriptedUpstream {
    return this.#upstream!;
  }

  get backend(): ChatBackend {
    return this.#backends.at(-1)!;
  }

  /** Has the test go on with a backend of other settings. */
  with(settings: Partial<UpstreamSettings>): ChatBackend {
    const backend = this.create(settings);
    this.#backends.push(backend);
    return backend;
  }

  open(signal: AbortSignal = NEVER): Promise<AsyncIterable<EventBatch>> {
    return within(this.backend.open(REQUEST, TARGET, this.#context(signal)), 'open() settles');
  }

  complete(signal: AbortSignal = NEVER): Promise<ChatAnswer> {
    const completing = this.backend.complete(REQUEST, TARGET, this.#context(signal));
    return within(completing, 'complete() settles');
  }

  /** Opens a stream and reads all of it. */
  async stream(): Promise<StreamPart[]> {
    return all(await this.open());
  }

  #context(signal: AbortSignal): AttemptContext {
    return contextOf(signal, {
      requestSent: () => (this.told.requestSent += 1),
      notices: {
        malformedEvent: () => (this.told.malformedEvent += 1),
        unknownFinishReason: (word) => void this.told.unknownFinishReason.push(word),
        implausibleUsage: () => (this.told.implausibleUsage += 1),
      },
    });
  }

  private create(settings: Partial<UpstreamSettings> = {}): ChatBackend {
    const baseUrl = this.kind.baseUrlOf(this.upstream);
    return this.kind.create(settingsOf({ id: 'under-test', baseUrl, ...settings }));
  }
}

function nothing() {
  return {
    requestSent: 0,
    malformedEvent: 0,
    unknownFinishReason: [] as string[],
    implausibleUsage: 0,
  };
}

export async function eventsOf(batches: AsyncIterable<EventBatch>): Promise<StreamEvent[]> {
  const read: StreamEvent[] = [];
  const reading = (async () => {
    for await (const { events } of batches) read.push(...events);
    return read;
  })();
  return within(reading, 'the stream ends');
}

/** The parts of a whole stream. */
export async function all(batches: AsyncIterable<EventBatch>): Promise<StreamPart[]> {
  return (await eventsOf(batches)).flatMap(({ parts }) => parts);
}

/** Reads a stream part by part, within a test's patience. */
export class PartReader {
  readonly read: StreamPart[] = [];
  readonly #batches: AsyncIterator<EventBatch>;
  #arrived: StreamPart[] = [];

  constructor(batches: AsyncIterable<EventBatch>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** The next part, or nothing after the last. */
  async next(): Promise<StreamPart | undefined> {
    while (this.#arrived.length === 0) {
      const { done, value } = await within(this.#batches.next(), 'next() settles');
      if (done) return undefined;
      this.#arrived = value.events.flatMap(({ parts }) => parts);
    }
    const part = this.#arrived.shift()!;
    this.read.push(part);
    return part;
  }

  /** Everything up to and including this text. */
  async untilText(text: string): Promise<void> {
    while (!textOf(this.read).includes(text)) {
      if (!(await this.next())) throw new Error(`The stream ended without "${text}".`);
    }
  }

  async rest(): Promise<StreamPart[]> {
    while (await this.next());
    return this.read;
  }

  async leave(): Promise<void> {
    await this.#batches.return?.();
  }
}

export function textOf(parts: readonly StreamPart[]): string {
  return parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
}

export function endsOf(parts: readonly StreamPart[]): StreamPart[] {
  return parts.filter((part) => part.type === 'end');
}
