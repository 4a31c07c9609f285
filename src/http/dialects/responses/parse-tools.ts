import type { ChatRequest, Tool, ToolChoice } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { FieldReader } from '../../field-reader.js';

/** The functions that a model may call, and whether it has to: `allowed_tools` leaves some of them out. */
export function parseToolChoice(fields: FieldReader): Pick<ChatRequest, 'tools' | 'toolChoice'> {
  const tools = parseTools(fields);
  const choice = fields.stringOrObject('tool_choice');
  if (typeof choice === 'string') return { tools, toolChoice: wordOf(choice) };
  switch (choice?.['type']) {
    case 'function': {
      const chosen = new FieldReader(choice, 'tool_choice');
      return { tools, toolChoice: { name: chosen.required('name', chosen.string('name')) } };
    }
    case 'allowed_tools': {
      const allowed = namesIn(choice);
      const mode = choice['mode'] === 'required' ? 'required' : 'auto';
      return { tools: tools?.filter(({ name }) => allowed.has(name)), toolChoice: mode };
    }
    default:
      return { tools };
  }
}

function parseTools(fields: FieldReader): readonly Tool[] | undefined {
  return fields.array('tools')?.flatMap((tool, index): Tool[] => {
    const path = `tools[${index}]`;
    if (!isJsonObject(tool)) throw fields.invalid(path, 'must be an object');
    if (tool['type'] !== 'function') return [];
    const fn = new FieldReader(tool, path);
    return [
      {
        name: fn.required('name', fn.string('name')),
        description: fn.string('description'),
        parameters: fn.nested('parameters'),
        strict: fn.boolean('strict'),
      },
    ];
  });
}

function wordOf(choice: string): ToolChoice | undefined {
  return choice === 'auto' || choice === 'none' || choice === 'required' ? choice : undefined;
}

function namesIn({ tools }: JsonObject): ReadonlySet<unknown> {
  const all: readonly unknown[] = Array.isArray(tools) ? tools : [];
  return new Set(all.map((tool) => isJsonObject(tool) && tool['name']));
}
