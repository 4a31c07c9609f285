import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { GatewayError } from '../../contract/gateway-error.js';

/** Strict: a field that is not in the DTO is refused, because one that is silently dropped changes the answer. */
export const chatValidation = new ValidationPipe({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  validationError: { target: false },
  exceptionFactory: (errors) => firstFault(errors),
});

/** The first fault, by its path in the caller's JSON: `messages[0].role`. */
function firstFault(errors: readonly ValidationError[], parent = ''): GatewayError {
  const [error] = errors;
  if (!error) return new GatewayError('invalid_request', 'The request is not valid.');
  const param = pathOf(parent, error.property);
  if (error.children?.length) return firstFault(error.children, param);
  return new GatewayError('invalid_request', `${whatIsWrong(error, param)}.`, { param });
}

/** In place of class-validator's words where they say too little. */
const PLAIN_WORDS: Readonly<Record<string, string>> = {
  whitelistValidation: 'is not known here',
  isArray: 'must be an array',
  isNumber: 'must be a number',
  isInt: 'must be an integer',
};

function whatIsWrong(
  { constraints = {}, property, value }: ValidationError,
  param: string,
): string {
  const plain = Object.keys(PLAIN_WORDS).find((rule) => rule in constraints);
  if (value === undefined && plain !== 'whitelistValidation') return `${param} is missing`;
  if (plain !== undefined) return `${param} ${PLAIN_WORDS[plain]}`;
  // An element that is no object: the library names the array, not the element.
  if (/^\d+$/.test(property)) return `${param} must be an object`;
  // The rules of a field run last to first.
  return (Object.values(constraints).at(-1) ?? 'is not valid').replace(property, param);
}

function pathOf(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent === '' ? property : `${parent}.${property}`;
}
