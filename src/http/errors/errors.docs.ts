import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { type Fault, FAULTS } from '../../contract/faults.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { Dialect } from '../dialects/dialect.js';
import { toOpenAiError } from '../dialects/openai-shared/errors.js';
import { schemaRef } from '../json-schema.js';

/** A fault that a route answers with, and what it means there. */
type Refusal = readonly [fault: Fault, description: string, example: string, param?: string];

/** Of every route but the probes. */
const EVERYWHERE: readonly Refusal[] = [
  ['unauthenticated', 'There is no key, or one that is not known.', 'The key is not known here.'],
  [
    'origin_not_allowed',
    'A page of an origin, or a name of Sluice, that is not listed in the configuration; or what the key does not allow.',
    'Origin "https://app.example.com" is not listed in browsers.origins.',
  ],
];

const OF_MODELS: readonly Refusal[] = [
  [
    'model_not_found',
    'The model is not configured.',
    'The model "gpt-5" does not exist here.',
    'model',
  ],
];

const OF_BODIES: readonly Refusal[] = [
  [
    'body_timeout',
    'The body did not come within `server.bodyMs`.',
    'The body did not come in time.',
  ],
  [
    'payload_too_large',
    'The body is larger than it may be, or has more than 200,000 values.',
    'The body is larger than 20 MiB.',
  ],
  [
    'unsupported_encoding',
    'The body is compressed, or in a way that is not known.',
    'The content-encoding "br" is not taken.',
  ],
];

const OF_GENERATIONS: readonly Refusal[] = [
  [
    'rate_limited',
    'A limit or a budget is used up, or every target is rate limited.',
    'Too many requests of this caller.',
  ],
  ['internal', 'A bug in Sluice.', FAULTS.internal.message],
  [
    'draining',
    'This instance has no room or is draining; another may answer.',
    FAULTS.draining.message,
  ],
  [
    'upstream_unavailable',
    'No target is available.',
    'Backend "openai" is unavailable at the moment.',
  ],
];

/** Of dialects whose status waits for the upstream. */
const OF_UPSTREAMS: readonly Refusal[] = [
  [
    'upstream_cut',
    'No target is available, or the upstream refused our key, lacks the model, cut its answer or broke its protocol.',
    FAULTS.upstream_cut.message,
  ],
  ['first_token_timeout', 'A deadline passed.', 'Backend "openai" sent no content in time.'],
];

/** What most 400s of a body say. */
export const WRONG_FIELD: Refusal = [
  'invalid_request',
  'A field is wrong; `param` names it.',
  'messages[3].content[1].type must be a string.',
  'messages[3].content[1].type',
];

const GROUPS = {
  models: OF_MODELS,
  bodies: OF_BODIES,
  generations: OF_GENERATIONS,
  upstreams: OF_UPSTREAMS,
} as const;

interface ErrorsOf {
  /** What else the route refuses, beside what every route does. */
  readonly groups?: readonly (keyof typeof GROUPS)[];
  readonly also?: readonly Refusal[];
  /** Of a dialect with errors of its own. */
  readonly schema?: string;
  readonly failure?: Dialect<never, never>['failure'];
}

const REQUEST_ID = '0d7c6a5e-3c1b-4f0e-9a51-6f2f0c6f5b1e';

/** The errors of a route, each with the body that Sluice writes for it. */
export function ApiErrors({
  groups = [],
  also = [],
  schema = 'ErrorBody',
  failure = (error, about) => ({ body: toOpenAiError(error, about) }),
}: ErrorsOf = {}): MethodDecorator {
  const refusals = [...EVERYWHERE, ...groups.flatMap((group) => GROUPS[group]), ...also];
  return applyDecorators(
    ...refusals.map(([fault, description, message, param]) => {
      const usual = FAULTS[fault].status;
      const error = new GatewayError(fault, message, { param });
      const { body, status = usual } = failure(error, { requestId: REQUEST_ID, status: usual });
      const content = { 'application/json': { schema: schemaRef(schema), example: body } };
      return ApiResponse({ status, description, content });
    }),
  );
}
