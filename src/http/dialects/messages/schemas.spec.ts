import { describe, expect, it } from 'vitest';
import { MESSAGE_REQUESTS } from './messages.docs.js';
import { messages } from './dialect.js';

describe('The schemas of Messages', () => {
  it.each(Object.entries(MESSAGE_REQUESTS))(
    'have an example that the reader takes: %s',
    (_, { value }) => expect(() => messages.read(value, {})).not.toThrow(),
  );
});
