import type { Unmodelled } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { isForeign } from '../openai-shared/foreign-type.js';

/** Fields that only colour the answer, or say how it is worked out. */
const HINT_FIELDS = [
  'service_tier',
  'max_tool_calls',
  'context_management',
  'moderation',
  'prompt_cache_retention',
];

const INCLUDED_SHAPES = new Set<unknown>([
  'reasoning.encrypted_content',
  // Of hosted tools, whose calls are refused by themselves.
  'web_search_call.action.sources',
  'web_search_call.results',
  'file_search_call.results',
  'code_interpreter_call.outputs',
  'computer_call_output.output.image_url',
  'message.input_image.image_url',
]);

/** What a request asks for beyond the neutral one: for backends of its own dialect. */
export function findUnmodelled(body: JsonObject): Unmodelled {
  const { text, include, top_logprobs: topLogprobs, truncation, store } = body;
  return {
    shape: [
      ...hostedTools(body['tools']),
      ...(isForeign(body['tool_choice'], ['function', 'allowed_tools']) ? ['tool_choice'] : []),
      ...(isJsonObject(text) && isForeign(text['format'], ['text', 'json_object', 'json_schema'])
        ? ['text.format']
        : []),
      ...(typeof topLogprobs === 'number' && topLogprobs > 0 ? ['top_logprobs'] : []),
      ...(Array.isArray(include) && include.some((each) => !INCLUDED_SHAPES.has(each))
        ? ['include']
        : []),
    ],
    hints: [
      ...HINT_FIELDS.filter((name) => body[name] != null && body[name] !== 'auto'),
      ...(body['parallel_tool_calls'] === false ? ['parallel_tool_calls'] : []),
      ...(truncation === 'auto' ? ['truncation'] : []),
      ...(isJsonObject(text) && text['verbosity'] != null ? ['text.verbosity'] : []),
      // What is not asked for is not missed: it is `true` where nobody says a word.
      ...(store === true ? ['store'] : []),
    ],
  };
}

/** Tools that OpenAI runs, or whose calls are no JSON, with what they are: a request may have many. */
function hostedTools(tools: unknown): readonly string[] {
  if (!Array.isArray(tools)) return [];
  return (tools as unknown[]).flatMap((tool, index) =>
    isForeign(tool, ['function']) ? [`tools[${index}] (${typeOf(tool)})`] : [],
  );
}

function typeOf(tool: unknown): string {
  const type = isJsonObject(tool) ? tool['type'] : undefined;
  return typeof type === 'string' && /^\w{1,64}$/.test(type) ? type : 'of no known type';
}
