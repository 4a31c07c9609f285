import type { Unmodelled } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';

/** Fields that make another answer of it: servers that Anthropic runs, and containers that it keeps. */
const SHAPE_FIELDS = ['mcp_servers', 'container'];

/**
 * What a Messages request asks for beyond the neutral one, for backends of its own dialect. All else
 * is left out without a word (`thinking`, `output_config.effort`, `context_management`,
 * `cache_control`, `metadata`, `service_tier`, betas): Claude Code sends it to whoever answers.
 */
export function findUnmodelled(body: JsonObject): Unmodelled {
  const choice = body['tool_choice'];
  const isOneByOne = isJsonObject(choice) && choice['disable_parallel_tool_use'] === true;
  return {
    shape: [
      ...SHAPE_FIELDS.filter((name) => isGiven(body[name])),
      ...(hasForeignTool(body['tools']) ? ['tools'] : []),
    ],
    hints: [
      ...(body['top_k'] == null ? [] : ['top_k']),
      ...(isOneByOne ? ['tool_choice.disable_parallel_tool_use'] : []),
    ],
  };
}

/** An empty list of servers is none. */
function isGiven(value: unknown): boolean {
  return value != null && !(Array.isArray(value) && value.length === 0);
}

/** Tools that the server runs (`web_search_…`), or that only its models know (`bash_…`). */
function hasForeignTool(tools: unknown): boolean {
  return Array.isArray(tools) && tools.some((tool) => !isOwnTool(tool));
}

export function isOwnTool(tool: unknown): boolean {
  return isJsonObject(tool) && (tool['type'] == null || tool['type'] === 'custom');
}
