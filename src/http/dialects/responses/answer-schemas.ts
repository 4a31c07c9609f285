import {
  arrayOf,
  type JsonSchema,
  type NamedSchemas,
  oneWord,
  openObject,
  orNull,
  schemaRef,
  unionBy,
} from '../../json-schema.js';

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const status = { type: 'string', enum: ['in_progress', 'completed', 'incomplete'] };

/** Where a piece of a stream belongs. */
const inItem = { item_id: text, output_index: count };
const inPart = { ...inItem, content_index: count };
const inSummary = { ...inItem, summary_index: count };
const ofResponse = { response: schemaRef('Response') };
const ofItem = { output_index: count, item: schemaRef('ResponseOutputItem') };

/** Each event's name in generated clients, and what it has beside `type` and `sequence_number`. */
const EVENTS: Readonly<Record<string, readonly [string, Readonly<Record<string, JsonSchema>>]>> = {
  'response.created': ['ResponseCreatedEvent', ofResponse],
  'response.in_progress': ['ResponseInProgressEvent', ofResponse],
  'response.completed': ['ResponseCompletedEvent', ofResponse],
  'response.incomplete': ['ResponseIncompleteEvent', ofResponse],
  'response.failed': ['ResponseFailedEvent', ofResponse],
  'response.output_item.added': ['ResponseOutputItemAddedEvent', ofItem],
  'response.output_item.done': ['ResponseOutputItemDoneEvent', ofItem],
  'response.content_part.added': [
    'ResponseContentPartAddedEvent',
    { ...inPart, part: schemaRef('ResponseOutputPart') },
  ],
  'response.content_part.done': [
    'ResponseContentPartDoneEvent',
    { ...inPart, part: schemaRef('ResponseOutputPart') },
  ],
  'response.output_text.delta': ['ResponseTextDeltaEvent', { ...inPart, delta: text }],
  'response.output_text.done': ['ResponseTextDoneEvent', { ...inPart, text }],
  'response.refusal.delta': ['ResponseRefusalDeltaEvent', { ...inPart, delta: text }],
  'response.refusal.done': ['ResponseRefusalDoneEvent', { ...inPart, refusal: text }],
  'response.reasoning_summary_part.added': [
    'ResponseSummaryPartAddedEvent',
    { ...inSummary, part: schemaRef('ResponseSummaryPart') },
  ],
  'response.reasoning_summary_part.done': [
    'ResponseSummaryPartDoneEvent',
    { ...inSummary, part: schemaRef('ResponseSummaryPart') },
  ],
  'response.reasoning_summary_text.delta': [
    'ResponseSummaryTextDeltaEvent',
    { ...inSummary, delta: text },
  ],
  'response.reasoning_summary_text.done': ['ResponseSummaryTextDoneEvent', { ...inSummary, text }],
  'response.function_call_arguments.delta': [
    'ResponseArgumentsDeltaEvent',
    { ...inItem, delta: text },
  ],
  'response.function_call_arguments.done': [
    'ResponseArgumentsDoneEvent',
    { ...inItem, arguments: text },
  ],
  keepalive: ['ResponseKeepaliveEvent', {}],
  error: [
    'ResponseErrorEvent',
    { error: openObject({ message: text, type: text, code: orNull(text), param: orNull(text) }) },
  ],
};

const kinds = Object.fromEntries(Object.entries(EVENTS).map(([type, [name]]) => [type, name]));
const eventSchemas = Object.fromEntries(
  Object.entries(EVENTS).map(([type, [name, fields]]) => [
    name,
    openObject({ type: oneWord(type), sequence_number: count, ...fields }),
  ]),
);

/** What Responses answers with, whole and streamed. Backends of the dialect may add items, events and fields. */
export const RESPONSE_ANSWER_SCHEMAS: NamedSchemas = {
  Response: openObject({
    id: text,
    object: oneWord('response'),
    created_at: { type: 'number' },
    status: { type: 'string', enum: ['in_progress', 'completed', 'incomplete', 'failed'] },
    error: orNull(openObject({ code: text, message: text })),
    incomplete_details: orNull(openObject({ 'reason?': text })),
    model: text,
    output: arrayOf(schemaRef('ResponseOutputItem')),
    usage: orNull(schemaRef('ResponseUsage')),
  }),
  ResponseOutputItem: unionBy('type', {
    message: 'ResponseOutputMessage',
    reasoning: 'ResponseReasoning',
    function_call: 'ResponseFunctionCall',
  }),
  ResponseOutputMessage: openObject({
    id: text,
    type: oneWord('message'),
    status,
    role: oneWord('assistant'),
    content: arrayOf(schemaRef('ResponseOutputPart')),
  }),
  ResponseOutputPart: unionBy('type', {
    output_text: 'ResponseOutputText',
    refusal: 'ResponseRefusal',
  }),
  ResponseOutputText: openObject({
    type: oneWord('output_text'),
    text,
    annotations: arrayOf({ type: 'object', additionalProperties: true }),
  }),
  ResponseRefusal: openObject({ type: oneWord('refusal'), refusal: text }),
  ResponseReasoning: openObject({
    'id?': text,
    type: oneWord('reasoning'),
    summary: arrayOf(schemaRef('ResponseSummaryPart')),
    'encrypted_content?': orNull(text),
  }),
  ResponseSummaryPart: openObject({ type: oneWord('summary_text'), text }),
  ResponseFunctionCall: openObject({
    'id?': text,
    type: oneWord('function_call'),
    call_id: text,
    name: text,
    arguments: text,
  }),
  ResponseUsage: openObject({
    input_tokens: count,
    input_tokens_details: openObject({ cached_tokens: count }),
    output_tokens: count,
    output_tokens_details: openObject({ reasoning_tokens: count }),
    total_tokens: count,
  }),
  ResponseStreamEvent: unionBy('type', kinds),
  ...eventSchemas,
};
