import { describe, expect, it } from 'vitest';
import { faultOf } from './fault-of.js';
import { parseErrorField } from './upstream-error.js';

const verdictOn = (message: string, status: number) =>
  faultOf({
    ...parseErrorField({ error: { message, type: 'invalid_request_error' } }, []),
    status,
  });

describe("A caller's own words", () => {
  it.each([
    'Error while downloading https://evil.example/api-key-invalid.png.',
    'Error while downloading https://evil.example/no-api-key.png.',
    'Could not load HTTP://evil.example/model-not-found/quota-exceeded',
    "Invalid schema for function 'get_api_key': api key is missing",
    "Invalid 'messages[1].content': model not found, credit balance is too low",
    'Invalid value: "incorrect API key provided"',
  ])('cannot say that a target is of no use to others: %s', (message) => {
    expect(verdictOn(message, 400)).toMatchObject({
      fault: 'invalid_request',
      breakerEffect: undefined,
    });
  });

  it.each([
    [
      'Incorrect API key provided: sk-x. You can find your API key at https://platform.openai.com/account/api-keys.',
      401,
      'upstream_credentials',
    ],
    [
      'Your credit balance is too low to access the Anthropic API: see https://console.anthropic.com.',
      400,
      'quota_exhausted',
    ],
    [
      'The model `gpt-9` does not exist: see https://platform.openai.com.',
      404,
      'upstream_model_missing',
    ],
  ])('beside them do not hide those of the provider: %s', (message, status, fault) => {
    expect(verdictOn(message, status).fault).toBe(fault);
  });
});
