import type { Fit, Target } from '../../../contract/chat-backend.js';
import type { ChatRequest } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { bounded, forbiddenIn } from '../../shared/request/bounds.js';
import { renamed, without } from '../../shared/request/target-fields.js';

const LIMIT = 'max_output_tokens';

/** What Sluice itself sealed, of another provider's reasoning. */
const FOREIGN = /^sluice\./;

/** Whatever a caller of this dialect can say, it can be said to this upstream, which judges by itself. */
export function fitOf(request: ChatRequest, target: Target): Fit {
  const { drop = [] } = target;
  const body = ownBody(request);
  const dropped = [
    ...forbiddenIn(body, request),
    ...drop.filter((name) => body[name] != null),
    // Where nobody says a word it is true: nobody misses it.
    ...(body['store'] === true ? ['store'] : []),
  ];
  const isSet = target.set?.[target.rename?.[LIMIT] ?? LIMIT] != null;
  if (!request.isOutputBound || !drop.includes(LIMIT) || isSet) return { ignored: dropped };
  const message = `Your key bounds what a model may write, and backend "${target.backend}" takes no limit.`;
  return { ignored: dropped, unsupported: { param: LIMIT, message } };
}

/** The caller's own body, as `target` takes it: fields are dropped, then renamed, then set. */
export function toResponsesBody(request: ChatRequest, target: Target, stream: boolean): JsonObject {
  const { drop = [], rename = {}, set } = target;
  const own = ownBody(request);
  const allowed = without([...forbiddenIn(own, request), ...drop], own);
  const said = renamed(withinBound(allowed, request, rename), rename);
  return {
    ...said,
    input: withoutForeignReasoning(said['input']),
    // Sluice keeps nothing, so that nobody could ask for what is kept there.
    store: false,
    ...set,
    model: target.model,
    stream,
  };
}

function ownBody({ native }: ChatRequest): JsonObject {
  return native?.dialect === 'responses' ? native.body : {};
}

function withinBound(
  body: JsonObject,
  { isOutputBound, sampling: { maxTokens } }: ChatRequest,
  rename: Readonly<Record<string, string>>,
): JsonObject {
  if (!isOutputBound || maxTokens === undefined) return body;
  const limited = body[LIMIT] == null ? { ...body, [LIMIT]: maxTokens } : body;
  return bounded(limited, maxTokens, [rename[LIMIT] ?? LIMIT]);
}

/**
 * OpenAI knows reasoning by what it sealed itself. Without, its item is looked for by its id and not
 * found, and another provider's cannot be read: both are a 400.
 */
function withoutForeignReasoning(input: unknown): unknown {
  if (!Array.isArray(input)) return input;
  return (input as unknown[]).filter((item) => {
    if (!isJsonObject(item) || item['type'] !== 'reasoning') return true;
    const sealed = item['encrypted_content'];
    return typeof sealed === 'string' && sealed !== '' && !FOREIGN.test(sealed);
  });
}
