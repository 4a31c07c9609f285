import { describe, expect, it } from 'vitest';
import { responses } from './dialect.js';
import { RESPONSES_REQUESTS } from './responses.docs.js';

describe('The schemas of Responses', () => {
  it.each(Object.entries(RESPONSES_REQUESTS))(
    'have an example that the reader takes: %s',
    (_, { value }) => expect(() => responses.read(value, {})).not.toThrow(),
  );
});
