import { ALL_FAULTS } from '../../../contract/faults.js';
import {
  arrayOf,
  type NamedSchemas,
  objectOf,
  openObject,
  orNull,
  schemaRef,
} from '../../json-schema.js';
import { OPENAI_ERROR_CODES, OPENAI_ERROR_TYPES } from './errors.js';

/** The error body of every route but those whose dialect has its own, and what stands in it. */
export const ERROR_SCHEMAS: NamedSchemas = {
  ErrorBody: objectOf({
    error: openObject({
      message: { type: 'string', description: 'What is wrong, for people.' },
      type: { type: 'string', enum: OPENAI_ERROR_TYPES },
      code: {
        anyOf: [
          schemaRef('ErrorCode'),
          { type: 'string', description: "An upstream's own, of a mistake of the caller's." },
          { type: 'null' },
        ],
      },
      param: orNull({ type: 'string', description: 'The field that is wrong.' }),
      requestId: {
        type: 'string',
        description: 'The `x-request-id` of this answer, for a talk with the operator.',
      },
      'attempts?': arrayOf(schemaRef('FailedAttempt')),
    }),
  }),
  ErrorCode: {
    type: 'string',
    enum: OPENAI_ERROR_CODES,
    description: 'What Sluice itself says.',
  },
  FailedAttempt: {
    ...objectOf({
      backend: { type: 'string', description: 'The backend that was asked.' },
      fault: schemaRef('Fault'),
    }),
    description: 'Who was asked in vain.',
  },
  Fault: {
    type: 'string',
    enum: ALL_FAULTS,
    description: 'What became of it. Later versions may add to it.',
  },
};
