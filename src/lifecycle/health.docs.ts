import { applyDecorators } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiResponse,
  ApiSecurity,
  ApiServiceUnavailableResponse,
} from '@nestjs/swagger';

const checks = (words: readonly string[]) => ({
  type: 'object' as const,
  additionalProperties: {
    type: 'object' as const,
    required: ['status'],
    properties: { status: { type: 'string', enum: [...words] }, message: { type: 'string' } },
  },
});

const REPORT = {
  type: 'object' as const,
  required: ['status', 'details'],
  properties: {
    status: { type: 'string', enum: ['ok', 'error', 'shutting_down'] },
    info: checks(['up']),
    error: checks(['down']),
    details: checks(['up', 'down']),
  },
};

const up = { admission: { status: 'up' } };
const down = { admission: { status: 'down', message: 'draining' } };

/** What terminus answers; its own template tells of a database. */
export function ApiLiveness(): MethodDecorator {
  return ApiProbe({ status: 'ok', info: {}, error: {}, details: {} });
}

export function ApiReadiness(): MethodDecorator {
  return applyDecorators(
    ApiProbe({ status: 'ok', info: up, error: {}, details: up }),
    ApiServiceUnavailableResponse({
      description: 'This instance is draining.',
      content: {
        'application/json': {
          schema: REPORT,
          example: { status: 'error', info: {}, error: down, details: down },
        },
      },
    }),
  );
}

function ApiProbe(example: object): MethodDecorator {
  return applyDecorators(
    ApiSecurity({}),
    ApiOkResponse({
      description: 'It is.',
      content: { 'application/json': { schema: REPORT, example } },
    }),
    ApiResponse({ status: 431, description: 'The headers are larger than 16 KiB.' }),
  );
}
