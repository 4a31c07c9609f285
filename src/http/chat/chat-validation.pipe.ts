import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { GatewayError } from '../../contract/gateway-error.js';

/** Strict: a field that is not in the DTO is refused, because one that is silently dropped changes the answer. */
export const chatValidation = new ValidationPipe({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  validationError: { target: false, value: false },
  exceptionFactory: (errors) => firstFault(errors),
});

/** The first fault, by its path in the caller's JSON: `messages[0].role`. */
function firstFault(errors: readonly ValidationError[], parent = ''): GatewayError {
  const [error] = errors;
  if (!error) return new GatewayError('invalid_request', 'The request is not valid.');
  const param = pathOf(parent, error.property);
  if (error.children?.length) return firstFault(error.children, param);
  const constraints = error.constraints ?? {};
  return new GatewayError(
    'invalid_request',
    `${whatIsWrong(constraints, error.property, param)}.`,
    {
      param,
    },
  );
}

function whatIsWrong(
  constraints: Readonly<Record<string, string>>,
  property: string,
  param: string,
): string {
  if (constraints['whitelistValidation']) return `${param} is not known here`;
  // An element that is no object: the library names the array, not the element.
  if (/^\d+$/.test(property)) return `${param} must be an object`;
  // The rules of a field run last to first.
  return (Object.values(constraints).at(-1) ?? 'is not valid').replace(property, param);
}

function pathOf(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent === '' ? property : `${parent}.${property}`;
}
