import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { GatewayError } from '../contract/gateway-error.js';
import { refuseDeepNesting } from './nesting.js';
import { isGenerationPath } from './paths.js';

/** Parses JSON bodies of up to `limit`, with errors that say what is wrong and quote nothing. */
export function parseJsonBodies(app: NestExpressApplication, limit: string | number): void {
  app.useBodyParser('json', { limit });
  // Right behind the parser: Nest would turn its errors into messages that quote the body.
  app.use((error: unknown, _request: Request, _response: Response, next: NextFunction) => {
    next(bodyParserErrorOf(error) ?? error);
  });
  app.use((request: Request, _response: Response, next: NextFunction) => {
    if (request.method === 'POST' && request.body === undefined && isGenerationPath(request.path)) {
      throw new GatewayError(
        'invalid_request',
        'The request body must be JSON, sent with content-type: application/json.',
      );
    }
    refuseDeepNesting(request.body);
    next();
  });
}

/** @see https://github.com/expressjs/body-parser#errors */
function bodyParserErrorOf(thrown: unknown): GatewayError | undefined {
  if (!(thrown instanceof Error) || !('status' in thrown)) return undefined;
  switch ('type' in thrown ? thrown.type : undefined) {
    case 'entity.too.large':
      return new GatewayError(
        'payload_too_large',
        `The request body is larger than the ${'limit' in thrown ? `${String(thrown.limit)} bytes` : 'size'} allowed here.`,
      );
    case 'entity.parse.failed':
      // The parser's own message quotes the body.
      return new GatewayError('invalid_request', 'The request body is not valid JSON.');
    case 'encoding.unsupported':
    case 'charset.unsupported':
    case 'request.size.invalid':
    case 'request.aborted':
      return new GatewayError(
        'invalid_request',
        `The request body cannot be read: ${thrown.message}.`,
      );
    default:
      // A body that does not decompress: zlib's words mean nothing to a caller.
      if (thrown.status !== 400) return undefined;
      return new GatewayError('invalid_request', 'The request body cannot be decompressed.');
  }
}
