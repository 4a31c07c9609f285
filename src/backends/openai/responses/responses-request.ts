import type { Fit, Target } from '../../../contract/chat-backend.js';
import type { ChatRequest } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { bounded, forbiddenIn } from '../../shared/request/bounds.js';
import { renamed, without } from '../../shared/request/target-fields.js';
import { withOwnInput } from './responses-input.js';

const LIMIT = 'max_output_tokens';

/**
 * Whether its caller speaks the Responses API. An answer that is begun already (`prefill`) cannot be
 * gone on with there.
 */
export function isForResponses({ native, prefill }: ChatRequest): boolean {
  return native?.dialect === 'responses' && prefill === undefined;
}

/**
 * The body of `POST /v1/responses`: its caller's own, as far as its key and the target let it be.
 * @see https://platform.openai.com/docs/api-reference/responses/create
 */
export function responsesBody(request: ChatRequest, target: Target, stream: boolean): JsonObject {
  const { drop = [], rename = {}, set } = target;
  const { isOutputBound, sampling } = request;
  const own = withOwnInput(withLimit(ownBody(request), request), target);
  const fields = renamed(without(drop, own), rename);
  const bound = isOutputBound ? sampling.maxTokens : undefined;
  return {
    ...(bound === undefined ? fields : bounded(fields, bound, [rename[LIMIT] ?? LIMIT])),
    ...set,
    model: target.model,
    stream,
    // What is stored there is the operator's, and anybody's who learns its id: callers have no store
    // of their own behind our one key.
    store: false,
  };
}

/** Whatever a caller of this API can say, it can be said to this upstream, which judges by itself. */
export function fitOf(request: ChatRequest, target: Target): Fit {
  const { drop = [], set = {}, backend } = target;
  const body = ownBody(request);
  const ignored = [
    ...forbiddenIn(nativeBody(request), request),
    ...drop.filter((name) => body[name] != null && name !== 'store'),
    // Where nobody says a word it is true: nobody misses it then.
    ...(body['store'] === true ? ['store'] : []),
  ];
  if (!request.isOutputBound || !drop.includes(LIMIT) || set[LIMIT] != null) return { ignored };
  const message = `Your key bounds what a model may write, and backend "${backend}" takes no limit.`;
  return { ignored, unsupported: { param: LIMIT, message } };
}

function nativeBody({ native }: ChatRequest): JsonObject {
  return native?.dialect === 'responses' ? native.body : {};
}

/** Within what its key may. */
function ownBody(request: ChatRequest): JsonObject {
  const native = nativeBody(request);
  const body = without(forbiddenIn(native, request), native);
  const { tools } = body;
  if (!request.isBoundToModel || !Array.isArray(tools)) return body;
  // Hosted tools may name models, too (`image_generation`).
  const bound = tools.map((tool: unknown) =>
    isJsonObject(tool) ? without(['model'], tool) : tool,
  );
  return { ...body, tools: bound };
}

/** The caller's own may be more than its key lets it have. */
function withLimit(body: JsonObject, { sampling: { maxTokens } }: ChatRequest): JsonObject {
  const given = body[LIMIT];
  if (maxTokens === undefined || (typeof given === 'number' && given <= maxTokens)) return body;
  return { ...body, [LIMIT]: maxTokens };
}
