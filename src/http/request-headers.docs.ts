import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

/** The request headers that every generation takes, in any dialect. */
export function ApiGenerationHeaders(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'x-request-id',
      required: false,
      description: 'Kept if it matches [A-Za-z0-9._-]{1,128}.',
    }),
    ApiHeader({
      name: 'x-sluice-fallback',
      required: false,
      description: '`never`: only the first target.',
    }),
    ApiHeader({
      name: 'x-sluice-timeout-ms',
      required: false,
      schema: { type: 'integer', minimum: 1 },
      description:
        'How long the whole request may take, in milliseconds; it only shortens what is configured.',
    }),
  );
}
