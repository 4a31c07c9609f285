import { describe, expect, it } from 'vitest';
import { parseConfig } from './load-config.js';
import { withSandbox } from './snapshot.js';

const SANDBOX = { openaiUrl: 'http://127.0.0.1:1/v1', ollamaUrl: 'http://127.0.0.1:1' };

describe('a configuration with its sandbox', () => {
  const config = parseConfig({
    sandbox: {},
    backends: [
      { id: 'a', kind: 'openai' },
      { id: 'b', kind: 'ollama', connectMs: 7 },
      { id: 'c', kind: 'openai', baseUrl: 'http://c' },
    ],
    models: [{ id: 'm', targets: ['a/m'] }],
  });

  it('has URLs where none were written, each of its own kind, and says so', () => {
    expect(withSandbox(config, SANDBOX).backends).toEqual([
      { id: 'a', kind: 'openai', baseUrl: SANDBOX.openaiUrl, sandbox: true },
      { id: 'b', kind: 'ollama', connectMs: 7, baseUrl: SANDBOX.ollamaUrl, sandbox: true },
      { id: 'c', kind: 'openai', baseUrl: 'http://c' },
    ]);
  });

  it('is otherwise the same, and as little to be changed', () => {
    const { backends: _, ...rest } = withSandbox(config, SANDBOX);
    const { backends: __, ...before } = config;
    expect(rest).toEqual(before);
    expect(Object.isFrozen(withSandbox(config, SANDBOX).backends)).toBe(true);
    expect(Object.isFrozen(withSandbox(config, SANDBOX).backends[0])).toBe(true);
    expect(config.backends[0]).not.toHaveProperty('baseUrl');
  });
});
