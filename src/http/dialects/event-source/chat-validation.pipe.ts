import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { GatewayError } from '../../../contract/gateway-error.js';

/** Of the query of a `GET`. Strict: a parameter that is not in the DTO is refused, because one that is silently dropped changes the answer. */
export const chatValidation = new ValidationPipe({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  validationError: { target: false },
  exceptionFactory: (errors) => firstFault(errors),
});

function firstFault([error]: readonly ValidationError[]): GatewayError {
  if (!error) return new GatewayError('invalid_request', 'The request is not valid.');
  const { property: param } = error;
  return new GatewayError('invalid_request', `${whatIsWrong(error)}.`, { param });
}

function whatIsWrong({ constraints = {}, property, value }: ValidationError): string {
  if ('whitelistValidation' in constraints) return `${property} is not known here`;
  if (value === undefined) return `${property} is missing`;
  // The rules of a field run last to first.
  return Object.values(constraints).at(-1) ?? `${property} is not valid`;
}
