import type { ChatCompletionRequest, FixtureResponse } from '@copilotkit/aimock';
import { at } from './at.js';
import { exampleOf } from './example-of.js';

/** What `thinks-first` thinks. */
export const THOUGHTS =
  'Nobody asked a model, so there is nothing to think about. Still, a reader should see how ' +
  'thoughts arrive before the answer, and apart from it. That is shown now, so on to the answer.';

const SOURCES = {
  openai: 'Hello from the sandbox of Sluice! An OpenAI-shaped backend streams this text to you.',
  ollama:
    'Hello from the sandbox of Sluice! This text comes from the Ollama-shaped backend, ' +
    'maybe because another backend failed first.',
};

const EXPLANATION =
  ' It is canned: no model is involved, and every prompt gets the same answer. What is real is ' +
  'its way to you. Sluice passes each token on when it is generated, reads no faster than you do, ' +
  'stops the backend as soon as you leave, and asks another backend when one fails before its ' +
  'first token. An answer that was cut is never shown as complete. With keys of your own in the ' +
  'configuration, a model will be speaking here.';

/** How many tokens the answers have, about. */
export const TYPICAL_TOKENS = (SOURCES.openai + EXPLANATION).split(' ').length;

/** The answer to any request: text, or JSON or a tool call where the request insists on one. */
export function cannedAnswer(request: ChatCompletionRequest): FixtureResponse {
  const tool = demandedTool(request);
  if (tool) {
    const parameters = exampleOf({ type: 'object', ...tool.parameters });
    return { toolCalls: [{ name: tool.name, arguments: JSON.stringify(parameters) }] };
  }
  const text =
    jsonFor(formatOf(request)) ?? SOURCES[isOllama(request) ? 'ollama' : 'openai'] + EXPLANATION;
  if (request.stream !== true) return { content: text };
  // Blocks are streamed one by one, so no token has parts of two words.
  return { blocks: text.match(/\s*\S+/g)?.map((word) => ({ type: 'text', text: word })) ?? [] };
}

/** Only requests to Ollama have a context: their format, see sandbox.ts. */
export function isOllama({ _context: context }: ChatCompletionRequest): boolean {
  return context !== undefined;
}

function formatOf({ _context: context, response_format: format }: ChatCompletionRequest): unknown {
  return context === undefined ? format : JSON.parse(context);
}

function demandedTool({ tools, tool_choice: choice }: ChatCompletionRequest) {
  if (choice === 'required') return tools?.[0]?.function;
  const name = at(choice, 'function', 'name');
  return tools?.find((tool) => name !== undefined && at(tool, 'function', 'name') === name)
    ?.function;
}

function jsonFor(format: unknown): string | undefined {
  const type = at(format, 'type');
  if (type === 'json_schema') return JSON.stringify(exampleOf(at(format, 'json_schema', 'schema')));
  if (type !== 'json_object') return undefined;
  return JSON.stringify({ message: 'Canned JSON from the sandbox of Sluice.', sandbox: true });
}
