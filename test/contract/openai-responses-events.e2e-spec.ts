import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import type { StreamEvent, StreamPart } from '../../src/contract/stream-event.js';
import { contextOf } from '../support/attempt-context.js';
import { failure } from '../support/failure.js';
import {
  argumentsDelta,
  beginning,
  callItem,
  ending,
  frame,
  itemAdded,
  itemDone,
  messageItem,
  partAdded,
  response,
  responses,
  RESPONSES_STREAM_TYPE,
  RESPONSES_USAGE,
  streamOf,
  textDelta,
  textPart,
} from '../support/responses-script.js';
import { answers, replays } from '../support/upstream-scripts.js';
import {
  all,
  BackendUnderTest,
  eventsOf,
  PartReader,
  REQUEST,
  TARGET,
  textOf,
} from './backend-under-test.js';
import { fixturesOf } from './fixtures.js';
import { RESPONSES_KIND } from './responses-kind.js';

const IRREGULAR = /^llama-cpp-|^deltas-only$|^whole-items-only$/;
const REGULAR = fixturesOf(RESPONSES_KIND).filter(({ name }) => !IRREGULAR.test(name));
const RICH = fixturesOf(RESPONSES_KIND).find(({ name }) => name === 'reasoning-text-calls')!;

const EMPTY_MESSAGE = { ...messageItem(''), status: 'in_progress', content: [] };
const [CREATED, IN_PROGRESS] = beginning() as readonly [JsonObject, JsonObject];
const OPENED = [CREATED, IN_PROGRESS, itemAdded(0, EMPTY_MESSAGE), partAdded('msg_1', 0)];
const HI = messageItem('Hi');
const partAt = (index: number) => ({ ...partAdded('msg_1', 0), content_index: index });

describe('reading a streamed response', () => {
  const test = new BackendUnderTest(RESPONSES_KIND);

  async function read(bytes: string | Uint8Array): Promise<StreamEvent[]> {
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, bytes));
    return eventsOf(await test.open());
  }

  it.each(REGULAR.map(({ name, bytes }) => [name, bytes] as const))(
    'carries every event of the fixture %s but keep-alives, in order and unchanged',
    async (_, bytes) => {
      const events = await read(bytes);
      expect(nativesOf(events)).toEqual(eventsIn(bytes));
      for (const { native } of events) {
        expect(native).toMatchObject({ dialect: 'responses', chars: native!.text!.length });
        expect(JSON.parse(native!.text!)).toEqual(native!.event);
      }
      expect(events.at(-1)!.parts.at(-1)!.type).toBe('end');
    },
  );

  it('gives each event what it means', async () => {
    const events = await read(streamOf(...OPENED, textDelta('Hi'), itemDone(0, HI), ending([HI])));
    expect(events.map(({ parts }) => parts.map(({ type }) => type))).toEqual([
      ['start'],
      [],
      [],
      [],
      ['text-delta'],
      [],
      ['end'],
    ]);
    expect(nativesOf(events)).toHaveLength(7);
  });

  it('says nothing before the first content that is too long to be kept until then', async () => {
    const instructions = 'x'.repeat(200_000);
    const fields = { instructions, tools: [{ type: 'web_search' }], metadata: { a: 'b' } };
    const events = await read(
      streamOf(...beginning({ fields }), ...OPENED.slice(2), textDelta('Hi'), itemDone(0, HI), {
        ...ending([HI], { fields }),
      }),
    );
    const [created, inProgress] = nativesOf(events);
    for (const event of [created, inProgress]) {
      expect(event!['response']).toMatchObject({
        instructions: null,
        tools: [],
        metadata: { a: 'b' },
      });
    }
    expect(events[0]!.native!.text).toBeUndefined();
    expect(nativesOf(events).at(-1)!['response']).toMatchObject({ instructions });
    expect(nativesOf(events)).toHaveLength(7);
  });

  const quota = { code: 'insufficient_quota', message: 'No more for sk-secret.' };
  it.each<[string, JsonObject, string]>([
    ['nested', { type: 'error', error: { type: 'x', param: null, ...quota } }, 'quota_exhausted'],
    ['flat', { type: 'error', param: null, ...quota }, 'quota_exhausted'],
    ['by its response', failed(quota), 'quota_exhausted'],
    ['in another event', { type: 'response.error', error: quota }, 'quota_exhausted'],
    ['without a type', { error: quota }, 'quota_exhausted'],
    [
      'as a rate',
      failed({ code: 'rate_limit_exceeded', message: 'Please try again in 1.5s.' }),
      'rate_limited',
    ],
    ['as a prompt', failed({ code: 'invalid_prompt', message: 'No.' }), 'content_filtered'],
    ['as a policy', failed({ code: 'bio_policy', message: 'No.' }), 'content_filtered'],
    ['as an image', failed({ code: 'invalid_image_url', message: 'No.' }), 'invalid_request'],
    ['as its own', failed({ code: 'server_error', message: 'No.' }), 'upstream_unavailable'],
    [
      'as too long',
      failed({ code: 'context_length_exceeded', message: 'Too long.' }),
      'context_too_long',
    ],
    ['without saying why', failed(null), 'upstream_cut'],
    [
      'by calling it cancelled',
      { type: 'response.cancelled', response: { status: 'cancelled' } },
      'upstream_cut',
    ],
  ])('takes a failure that is said %s for one, before content and behind it', async (...row) => {
    const [, event, fault] = row;
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, streamOf(CREATED, event)));
    const early = new PartReader(await test.open());
    const thrown = await failure(early.rest());
    expect(thrown.fault).toBe(fault);
    expect(thrown.message).not.toContain('sk-secret');
    expect(early.read).toEqual([]);

    const late = streamOf(...OPENED, textDelta('Hel'), event, ending([HI]));
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, late));
    const reader = new PartReader(await test.open());
    expect((await failure(reader.rest())).fault).toBe(fault);
    expect(textOf(reader.read)).toBe('Hel');
  });

  it('hears how long to wait', async () => {
    const event = failed({ code: 'rate_limit_exceeded', message: 'Please try again in 1.5s.' });
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, streamOf(CREATED, event)));
    expect(await failure(test.stream())).toMatchObject({ retryAfterMs: 1500 });
  });

  const endingWith = (type: string, fields: JsonObject) => ({
    type: `response.${type}`,
    response: { ...response([HI]), ...fields },
  });
  const spoken = [...OPENED, textDelta('Hi'), itemDone(0, HI)];
  it.each<[string, JsonObject, string]>([
    ['failed', { status: 'failed' }, 'upstream_cut'],
    ['failed by its error', { error: quota }, 'quota_exhausted'],
    ['failed by a sentence', { error: 'Out of memory.' }, 'upstream_unavailable'],
    ['cancelled', { status: 'cancelled' }, 'upstream_cut'],
    ['still running', { status: 'in_progress' }, 'upstream_cut'],
    ['still waiting', { status: 'queued' }, 'upstream_cut'],
  ])('does not call complete what is %s', async (_, fields, fault) => {
    test.upstream.script(
      replays(RESPONSES_STREAM_TYPE, streamOf(...spoken, endingWith('completed', fields))),
      answers({ ...response([HI]), ...fields }),
    );
    expect((await failure(test.stream())).fault).toBe(fault);
    expect((await failure(test.complete())).fault).toBe(fault);
  });

  const details = { incomplete_details: { reason: 'content_filter' } };
  it.each<[string, JsonObject, string]>([
    [
      'whose response is not',
      endingWith('completed', { status: 'incomplete', ...details }),
      'content_filter',
    ],
    ['that says why it is not', endingWith('completed', details), 'content_filter'],
    ['by its response alone', endingWith('incomplete', { status: 'completed' }), 'length'],
    [
      'with an item that is not whole',
      {
        type: 'response.completed',
        response: response([{ ...HI, status: 'incomplete' }]),
      },
      'length',
    ],
  ])('does not call complete an end %s, and mends it', async (_, event, reason) => {
    const events = await read(streamOf(...spoken, event));
    expect(events.at(-1)!.parts.at(-1)).toMatchObject({ type: 'end', reason });
    expect(nativesOf(events)).toHaveLength(spoken.length + 1);
    expect(nativesOf(events).at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason: reason === 'length' ? 'max_output_tokens' : reason },
      },
    });
    expect(events.at(-1)!.native!.text).toBeUndefined();
  });

  it('does not pass on a sentence in place of the word for its end', async () => {
    const odd = {
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter: "Hi, I am"' },
    };
    const events = await read(streamOf(...spoken, endingWith('incomplete', odd)));
    test.upstream.script(answers(response([HI], { fields: odd })));
    const told = { incomplete_details: { reason: 'max_output_tokens' } };
    expect(nativesOf(events).at(-1)).toMatchObject({ response: told });
    expect((await test.complete()).native?.event).toMatchObject(told);
    expect(JSON.stringify(events)).not.toContain('I am');
  });

  const twoParts = { ...HI, content: [...(HI['content'] as unknown[]), textPart('lo')] };
  const spaced = callItem('{"a": 1}');
  const called = [CREATED, itemAdded(0, { ...spaced, arguments: '' })];
  it.each<[string, readonly JsonObject[]]>([
    ['of a text', [...OPENED, textDelta('H'), itemDone(0, HI), ending([HI])]],
    ['of a text whose item has no end', [...OPENED, textDelta('H'), ending([HI])]],
    [
      'that is a whole part',
      [...OPENED, textDelta('Hi'), partAt(1), itemDone(0, twoParts), ending([twoParts])],
    ],
    [
      'of arguments',
      [...called, argumentsDelta('{"a":', 'fc_1', 0), itemDone(0, spaced), ending([spaced])],
    ],
  ])('takes an answer for cut whose end has a piece %s that never came', async (_, events) => {
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, streamOf(...events)));
    expect((await failure(test.stream())).fault).toBe('upstream_cut');
  });

  it.each<[string, readonly JsonObject[]]>([
    ['white space around it', [...OPENED, textDelta('Hi'), ending([messageItem('\n Hi \n')])]],
    [
      'white space in its arguments',
      [...called, argumentsDelta('{"a":1}', 'fc_1', 0), itemDone(0, spaced), ending([spaced])],
    ],
  ])('takes an answer for whole whose end has %s', async (_, events) => {
    expect(partsOf(await read(streamOf(...events))).at(-1)).toMatchObject({ type: 'end' });
  });

  it('does not call complete a call whose arguments break off', async () => {
    const half = callItem('{"a":');
    const events = await read(
      streamOf(
        CREATED,
        itemAdded(0, { ...half, arguments: '' }),
        argumentsDelta('{"a":', 'fc_1', 0),
        itemDone(0, half),
        ending([half]),
      ),
    );
    expect(partsOf(events).at(-1)).toMatchObject({ reason: 'length', rawReason: 'completed' });
    expect(nativesOf(events).at(-1)).toMatchObject({ type: 'response.incomplete' });
    test.upstream.script(answers(response([half])));
    expect(await test.complete()).toMatchObject({
      finishReason: 'length',
      native: { event: { status: 'incomplete', output: [half] } },
    });
  });

  it.each([
    ['length', 'has no word for it', 'incomplete', {}],
    ['stop', 'has one', 'completed', { incomplete_details: null }],
  ])('ends by %s at its limit where a server %s', async (reason, _, status, fields) => {
    const { incomplete_details: _none, ...whole } = response([HI]);
    const json = { ...whole, ...fields };
    const request = { ...REQUEST, sampling: { maxTokens: 3 } };
    const events = streamOf(...spoken, { type: 'response.completed', response: json });
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, events), answers(json));
    const parts = await all(await test.backend.open(request, TARGET, contextOf()));
    expect(parts.at(-1)).toMatchObject({ reason });
    const answer = await test.backend.complete(request, TARGET, contextOf());
    expect([answer.finishReason, answer.native?.event['status']]).toEqual([reason, status]);
  });

  it.each([
    ['[DONE]', 'data: [DONE]\n\n'],
    ['the end of the body', ''],
    ['half an event', 'data: {"type":"response.compl'],
  ])('takes %s without a last event for a cut', async (_, bytes) => {
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, streamOf(...spoken) + bytes));
    expect((await failure(test.stream())).fault).toBe('upstream_cut');
  });

  it('ends well with the last event, also before [DONE] and an error', async () => {
    const behind = `data: [DONE]\n\n${frame({ type: 'error', error: quota })}`;
    const events = await read(streamOf(...spoken, ending([HI])) + behind);
    expect(partsOf(events).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
  });

  it('takes a second beginning for another protocol', async () => {
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, streamOf(...OPENED, CREATED)));
    expect((await failure(test.stream())).fault).toBe('upstream_protocol');
  });

  it.each<[string, readonly JsonObject[], number]>([
    ['no beginning', spoken.slice(1), 0],
    [
      'a beginning without an output',
      [{ type: CREATED['type'], response: { id: 'r' } }, ...spoken.slice(2)],
      0,
    ],
    [
      'no beginning of an item',
      [CREATED, partAdded('msg_1', 0), textDelta('Hi'), itemDone(0, HI)],
      0,
    ],
    [
      'an item whose index is not the next',
      [CREATED, itemAdded(1, EMPTY_MESSAGE), textDelta('Hi', 'msg_1', 1)],
      0,
    ],
    [
      'a message without content',
      [CREATED, itemAdded(0, { type: 'message', id: 'msg_1' }), textDelta('Hi')],
      0,
    ],
    [
      'a message that has its part already',
      [CREATED, itemAdded(0, messageItem('')), partAdded('msg_1', 0), textDelta('Hi')],
      0,
    ],
    ['no beginning of a part', [CREATED, itemAdded(0, EMPTY_MESSAGE), textDelta('Hi')], 0],
    ['another id in every event', [...OPENED, textDelta('H', 'msg_2'), textDelta('i', 'msg_3')], 0],
    ['a piece that is no text', [...OPENED, textDelta({ text: 'Hi' })], 0],
    ['text that no piece said', [...OPENED, itemDone(0, HI)], 0],
    [
      'another id in a later event',
      [...OPENED, textDelta('H'), textDelta('i', 'msg_3')],
      OPENED.length + 1,
    ],
    [
      'reasoning by the name that OpenAI has not',
      [...spoken, { type: 'response.reasoning.delta', delta: 'Hm' }],
      spoken.length,
    ],
  ])('passes on in parts alone what comes with %s, and all after it', async (_, given, count) => {
    const events = await read(streamOf(...given, ending([HI])));
    expect(nativesOf(events)).toHaveLength(count);
    expect(textOf(partsOf(events))).toBe('Hi');
    expect(partsOf(events).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
  });

  it('keeps no more than 256 KiB until the first content', async () => {
    const busy = {
      ...IN_PROGRESS,
      response: response([], { fields: { metadata: 'x'.repeat(60_000) } }),
    };
    const events = await read(
      streamOf(CREATED, busy, busy, busy, busy, busy, ...spoken.slice(2), ending([HI])),
    );
    expect([textOf(partsOf(events)), nativesOf(events)]).toEqual(['Hi', []]);
  });

  const told = { id: 'resp_1', status: 'completed', output: [HI], usage: RESPONSES_USAGE };
  it.each<[string, JsonObject, JsonObject]>([
    ['any output', { output: [] }, told],
    ['an output', { output: null }, told],
    ['items in its output', { output: [null, HI] }, told],
    ['content in its items', { output: [{ id: 'msg_1', type: 'message' }] }, told],
    ['parts in its items', { output: [{ ...HI, content: [null] }] }, told],
    ['text in their parts', { output: [messageItem(7)] }, told],
    ['the ids of its items', { output: [messageItem('Hi', 'msg_9')] }, told],
    ['its id', { id: 'resp_2' }, told],
    ['counts', { usage: undefined }, { ...told, usage: null }],
    ['counts that can be true', { usage: { input_tokens: -35 } }, { ...told, usage: null }],
  ])('mends the end that comes without %s', async (_, fields, mended) => {
    const events = await read(streamOf(...spoken, endingWith('completed', fields)));
    expect(nativesOf(events)).toHaveLength(spoken.length + 1);
    expect(nativesOf(events).at(-1)!['response']).toMatchObject(mended);
    expect(partsOf(events).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
    expect(textOf(partsOf(events))).toBe('Hi');
  });

  it('mends the end of an answer without items, too', async () => {
    const { output: _, ...none } = response([]);
    const events = await read(streamOf(CREATED, { type: 'response.completed', response: none }));
    expect(nativesOf(events).at(-1)!['response']).toMatchObject({ output: [] });
  });

  it.each([
    ['no item', [null, HI], 'Hi'],
    ['a message without content', [{ id: 'msg_1', type: 'message' }], ''],
  ])('builds a whole answer anew whose output has %s', async (_, output, text) => {
    test.upstream.script(answers(response(output)));
    expect(await test.complete()).toMatchObject({ text, native: undefined });
    test.upstream.script(answers(response([...output, { id: 'ws_1', type: 'web_search_call' }])));
    expect((await failure(test.complete())).fault).toBe('upstream_protocol');
  });

  it('takes a status that JavaScript can make no text of for none', async () => {
    test.upstream.script(answers({ ...response([HI]), status: { toString: 1 } }));
    expect(await test.complete()).toMatchObject({ text: 'Hi', finishReason: 'stop' });
  });

  it.each<[string, number, (n: number) => JsonObject]>([
    ['items', 2_000, (n) => itemAdded(n + 1, { id: `x_${n}`, type: 'message' })],
    ['ids', 60, (n) => itemAdded(n + 1, { id: `${n}`.repeat(50_000), type: 'message' })],
    ['parts', 20_000, partAt],
    ['pieces of unknown items', 2_000, (n) => textDelta('x', `x_${n}`, n + 1)],
    [
      'ends of unknown parts',
      20_000,
      (n) => ({ type: 'response.output_text.done', item_id: 'msg_1', content_index: n, text: 'x' }),
    ],
  ])('keeps %s within a bound', async (_, count, event) => {
    const events = Array.from({ length: count }, (_each, n) => event(n));
    const stream = streamOf(...OPENED.slice(0, 3), ...events);
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, stream));
    expect((await failure(test.stream())).message).toContain('more items than are read');
  });

  it('ends the items that nobody ended', async () => {
    const call = callItem('{}');
    const events = await read(
      streamOf(
        ...OPENED,
        textDelta('Hi'),
        itemAdded(1, { ...call, arguments: '' }),
        argumentsDelta('{}', 'fc_1', 1),
        ending([HI, call]),
      ),
    );
    expect(nativesOf(events).slice(-3)).toMatchObject([
      { type: 'response.output_item.done', output_index: 0, item: HI },
      { type: 'response.output_item.done', output_index: 1, item: call },
      { type: 'response.completed', response: { output: [HI, call] } },
    ]);
    expect(partsOf(events).at(-1)).toMatchObject({ type: 'end', reason: 'tool_calls' });
  });

  it('cannot mend the end where it has forgotten what was said', async () => {
    const long = messageItem('x'.repeat(300_000));
    const events = await read(
      streamOf(
        ...OPENED,
        textDelta('x'.repeat(300_000)),
        itemDone(0, long),
        endingWith('completed', { output: [] }),
      ),
    );
    expect(events.at(-1)!.native).toBeUndefined();
    expect(partsOf(events).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
  });

  it('passes on what is not numbered: whoever writes it numbers it', async () => {
    const given = [...spoken, ending([HI])];
    const events = await read(given.map(frame).join(''));
    expect(nativesOf(events)).toEqual(given);
    expect(textOf(partsOf(events))).toBe('Hi');
  });

  it.each<[string, JsonObject]>([
    [
      'an end of a part that was never begun',
      { type: 'response.output_text.done', item_id: 'msg_1', output_index: 0, text: 'Hi' },
    ],
    ['an annotation of nothing', { type: 'response.output_text.annotation.added', item_id: 'x' }],
    [
      'a tool at no place',
      { type: 'response.web_search_call.searching', item_id: 'ws_9', output_index: 9 },
    ],
  ])('leaves out %s, and goes on', async (_, odd) => {
    const said = [...OPENED, textDelta('Hi')];
    const events = await read(streamOf(...said, odd, itemDone(0, HI), ending([HI])));
    expect(nativesOf(events).map(({ type }) => type)).toEqual(
      [...said, itemDone(0, HI), ending([HI])].map(({ type }) => type),
    );
    expect(partsOf(events).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
  });

  it('reads events that are named outside of their JSON alone', async () => {
    const body = [...spoken, ending([HI])].map(
      ({ type, ...rest }) => `event: ${String(type)}\ndata: ${JSON.stringify(rest)}\n\n`,
    );
    const events = await read(body.join(''));
    expect(nativesOf(events)).toEqual([]);
    expect(textOf(partsOf(events))).toBe('Hi');
  });

  const dispensable = eventsIn(RICH.bytes).map(({ type }, n) => [n, String(type)] as const);
  it.each(dispensable.filter(([, type]) => !/\.delta$|\.completed$/.test(type)))(
    'loses nothing and says nothing twice without event %i, %s',
    async (left) => {
      const given = eventsIn(RICH.bytes).filter((_, n) => n !== left);
      expect(saidIn(await read(given.map(frame).join('')))).toEqual(
        saidIn([{ parts: RICH.parts as never }]),
      );
    },
  );

  it.each([
    ['pieces', /\.delta$/],
    ['beginnings', /\.added$/],
    ['pieces and beginnings', /\.(?:delta|added)$/],
    ['ends', /\.done$/],
    ['anything between beginning and end', /\.(?:delta|added|done)$/],
    [
      'anything but pieces of texts and ends of items',
      /\.(?:added|text\.done|part\.done|arguments\.done)$/,
    ],
  ])('loses nothing and says nothing twice without %s', async (_, missing) => {
    const given = eventsIn(RICH.bytes).filter(({ type }) => !missing.test(String(type)));
    for (const withIndex of [true, false]) {
      const body = given.map(({ output_index: index, ...event }) =>
        frame(withIndex ? { ...event, output_index: index } : event),
      );
      expect(saidIn(await read(body.join('')))).toEqual(saidIn([{ parts: RICH.parts as never }]));
    }
  });

  it('begins late where it has to, and once', async () => {
    const events = await read(streamOf(textDelta(''), textDelta('Hi'), ending([HI])));
    expect(partsOf(events).map(({ type }) => type)).toEqual(['start', 'text-delta', 'end']);
    const none = await read(streamOf(ending([])));
    expect(partsOf(none).map(({ type }) => type)).toEqual(['start', 'end']);
  });

  it('fails at arguments of a tool that is never named', async () => {
    const body = streamOf(CREATED, argumentsDelta('{}', 'fc_1', 0), ending([]));
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, body));
    expect((await failure(test.stream())).fault).toBe('upstream_protocol');
  });

  it('fails where clients could not read events that only they can show', async () => {
    const custom = { id: 'ctc_1', type: 'custom_tool_call', call_id: 'c', name: 'p', input: 'x' };
    const body = streamOf(itemAdded(0, custom), itemDone(0, custom), ending([custom]));
    test.upstream.script(
      replays(RESPONSES_STREAM_TYPE, body),
      answers(response([custom])),
      answers(response([custom])),
    );
    expect((await failure(test.stream())).fault).toBe('upstream_protocol');
    expect((await failure(test.stream())).fault).toBe('upstream_protocol');
    expect((await test.complete()).native?.event).toMatchObject({ output: [custom] });
  });

  it.each<[string, string, readonly JsonObject[]]>([
    ['begin', 'in events', many((n) => itemAdded(n, callItem('', n)))],
    ['end', 'in events', many((n) => itemDone(n, callItem('{}', n)))],
    ['have parts', 'in events', many((n) => ({ ...partAdded('msg_1', 0), content_index: n + 1 }))],
    ['are about no item', 'in events', many((n) => textDelta('.', `msg_${n}`, n))],
    ['are said again', 'at the end', [ending(many((n) => messageItem('.', `msg_${n}`)))]],
  ])('takes more of them than an answer has for another protocol: that %s, %s', async (...row) => {
    const bytes = streamOf(...OPENED, ...row[2]);
    test.upstream.script(replays(RESPONSES_STREAM_TYPE, bytes));
    expect((await failure(test.stream())).fault).toBe('upstream_protocol');
  });

  it('reads a whole answer, and an error, that call themselves an event stream', async () => {
    test.upstream.script(
      replays(RESPONSES_STREAM_TYPE, JSON.stringify(response([HI]))),
      replays(RESPONSES_STREAM_TYPE, JSON.stringify({ error: quota })),
      replays(RESPONSES_STREAM_TYPE, '{"id":"resp_1","output":[{"type":"mess'),
    );
    expect(textOf(await test.stream())).toBe('Hi');
    expect((await failure(test.stream())).fault).toBe('quota_exhausted');
    expect((await failure(test.stream())).fault).toBe('upstream_cut');
  });
});

describe('reading a whole response', () => {
  const test = new BackendUnderTest(RESPONSES_KIND);

  it('carries its JSON, and all that it means', async () => {
    const reasoning = {
      id: 'rs_1',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'Hm.' }],
      encrypted_content: 'gAAAAAB',
    };
    const json = response([reasoning, HI, callItem('{"a":1}'), { type: 'web_search_call' }]);
    test.upstream.script(answers(json, { 'x-request-id': 'req_7' }));
    expect(await test.complete()).toEqual({
      id: 'resp_1',
      model: 'gpt-test',
      backend: 'under-test',
      requestId: 'req_7',
      text: 'Hi',
      reasoning: 'Hm.',
      reasoningSignature: { provider: 'openai', data: 'gAAAAAB' },
      toolCalls: [{ id: 'call_1', name: 'sum', arguments: '{"a":1}' }],
      finishReason: 'tool_calls',
      rawReason: 'completed',
      usage: { input: 9, output: 3, cachedInput: 4, reasoning: 0 },
      native: { dialect: 'responses', event: json },
    });
  });

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ])('is incomplete for %s', async (finishReason, reason) => {
    test.upstream.script(responses.answersText('Hi', { finishReason }));
    const answer = await test.complete();
    expect(answer).toMatchObject({ finishReason: reason, rawReason: finishReason });
    expect(answer.native?.event['status']).toBe('incomplete');
  });

  it('has no counts that cannot be true', async () => {
    test.upstream.script(responses.answersText('Hi', { counts: { input_tokens: -35 } }));
    expect((await test.complete()).native?.event['usage']).toBeNull();
    expect(test.told.implausibleUsage).toBe(1);
  });

  it('is taken as it is without a status, and is none without an output', async () => {
    const { status: _, ...json } = response([HI]);
    test.upstream.script(answers(json), answers({ ...json, output: undefined }));
    expect(await test.complete()).toMatchObject({ text: 'Hi', finishReason: 'stop' });
    expect((await failure(test.complete())).fault).toBe('upstream_protocol');
  });

  it.each<[string, unknown, object]>([
    ['a message whose content is a text', { ...HI, content: 'Hi' }, { text: 'Hi' }],
    [
      'a message whose part is called "text"',
      { ...HI, content: [{ type: 'text', text: 'Hi' }] },
      { text: 'Hi' },
    ],
    ['a message without content', { type: 'message' }, { text: '' }],
    ['thoughts without a summary', { type: 'reasoning', content: 'Hm.' }, { reasoning: 'Hm.' }],
    [
      'a call whose arguments are an object',
      callItem({ a: 1 }),
      { toolCalls: [{ id: 'call_1', name: 'sum', arguments: '{"a":1}' }] },
    ],
    ['what is no item', null, { text: '' }],
  ])('is made anew where clients would throw at %s, or lose it', async (_, item, content) => {
    test.upstream.script(answers(response([item])));
    const answer = await test.complete();
    expect(answer).toMatchObject(content);
    expect(answer.native).toBeUndefined();
  });

  it('fails where that cannot be, because only its own dialect can show it', async () => {
    test.upstream.script(answers(response([{ type: 'message' }, { type: 'web_search_call' }])));
    expect((await failure(test.complete())).fault).toBe('upstream_protocol');
  });

  it('is called a response, or clients look for no text in it', async () => {
    const { object: _, ...json } = response([HI]);
    test.upstream.script(answers(json));
    expect((await test.complete()).native?.event).toMatchObject({ object: 'response' });
  });

  it('has no more items than an answer has', async () => {
    test.upstream.script(answers(response(Array.from({ length: 300_000 }, () => ({})))));
    expect((await failure(test.complete())).fault).toBe('upstream_protocol');
  });

  it('is none of ours where its status is an object', async () => {
    test.upstream.script(answers({ ...response([HI]), status: { toString: 1 } }));
    expect(await test.complete()).toMatchObject({ text: 'Hi', finishReason: 'stop' });
  });

  it('is joined where a server streams that was not asked to', async () => {
    test.upstream.script(responses.streamsText(['Hel', 'lo']));
    const answer = await test.complete();
    expect([answer.text, answer.native]).toEqual(['Hello', undefined]);
  });
});

function many(event: (n: number) => JsonObject): JsonObject[] {
  return Array.from({ length: 5000 }, (_, n) => event(n));
}

function nativesOf(events: readonly StreamEvent[]): JsonObject[] {
  return events.flatMap(({ native }) => (native ? [native.event] : []));
}

function partsOf(events: readonly StreamEvent[]): StreamPart[] {
  return events.flatMap(({ parts }) => parts);
}

function failed(error: unknown): JsonObject {
  return {
    type: 'response.failed',
    response: { ...response([]), status: 'failed', error },
  };
}

/** All that is said, joined. */
function saidIn(events: readonly StreamEvent[]): unknown {
  const said: Record<string, string> = {};
  for (const part of events.flatMap(({ parts }) => parts)) {
    if (part.type === 'tool-call-delta') {
      const at = `call ${part.index} `;
      said[at] = (said[at] ?? '') + [part.id, part.name, part.arguments].filter(Boolean).join(' ');
    } else if (part.type === 'reasoning-delta' || part.type === 'text-delta') {
      said[part.type] = (said[part.type] ?? '') + part.text;
      if ('signature' in part) said['seal'] = (said['seal'] ?? '') + part.signature!.data;
    } else if (part.type === 'end') said['reason'] = (said['reason'] ?? '') + part.reason;
  }
  return said;
}

function eventsIn(bytes: Buffer): JsonObject[] {
  return bytes
    .toString()
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as JsonObject)
    .filter(({ type }) => type !== 'keepalive');
}
