import type { Unmodelled } from '../../../contract/chat-request.js';
import type { JsonObject } from '../../../contract/json.js';
import { isForeign } from '../openai-shared/foreign-type.js';

/** Fields that change the shape of the answer. */
const SHAPE_FIELDS = [
  'logprobs',
  'top_logprobs',
  'audio',
  'functions',
  'function_call',
  'web_search_options',
];

/** Fields that only colour it. */
const HINT_FIELDS = [
  'logit_bias',
  'parallel_tool_calls',
  'prediction',
  'verbosity',
  'top_k',
  'min_p',
  'repetition_penalty',
];

/** What a Chat Completion asks for beyond the neutral request: for backends of its own dialect. */
export function findUnmodelled(body: JsonObject): Unmodelled {
  return {
    shape: [
      ...(asksForMoreThanText(body['modalities']) ? ['modalities'] : []),
      ...SHAPE_FIELDS.filter((name) => body[name] != null && body[name] !== false),
      ...(hasForeignTool(body['tools']) ? ['tools'] : []),
      ...(isForeign(body['tool_choice'], ['function']) ? ['tool_choice'] : []),
      ...(isForeign(body['response_format'], ['text', 'json_object', 'json_schema'])
        ? ['response_format']
        : []),
    ],
    hints: HINT_FIELDS.filter((name) => body[name] != null),
  };
}

function asksForMoreThanText(modalities: unknown): boolean {
  return Array.isArray(modalities) && modalities.some((each) => each !== 'text');
}

/** Custom tools, and those of later dates. */
function hasForeignTool(tools: unknown): boolean {
  return Array.isArray(tools) && tools.some((tool) => isForeign(tool, ['function']));
}
