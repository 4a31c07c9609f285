import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { failsWith } from '../support/upstream-scripts.js';
import { UPSTREAM_KINDS } from '../support/route-forms.js';
import { within } from '../support/within.js';
import { areClientsMissing } from './installed.js';
import { ANSWERS, SAYS_AND_CALLS } from './upstream-answers.js';

const { CLIENTS } = areClientsMissing() ? { CLIENTS: [] } : await import('./clients.js');

describe.skipIf(CLIENTS.length === 0)('docs/clients.md', () => {
  it('has a row for each client that is tried, with its versions', () => {
    const text = readFileSync(new URL('../../docs/clients.md', import.meta.url), 'utf8');
    const rows = text
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    expect(rows.map(([, name, versions]) => [name, versions])).toEqual(
      CLIENTS.map(({ name, packages }) => [name, packages.map(versionOf).join(', ')]),
    );
  });
});

describe.skipIf(CLIENTS.length === 0)('@anthropic-ai/sdk', () => {
  it.each([
    ['.stream()', '2026-10-21'],
    ['.stream(), anthropic-version 2023-06-01', '2023-06-01'],
  ])('asks an upstream of its own kind in its own version: %s', async (use, version) => {
    const gateway = await Gateway.start();
    gateway.anthropic.script(ANSWERS.anthropic.thinks);
    const client = CLIENTS.find(({ name }) => name === `@anthropic-ai/sdk, ${use}`)!;
    await client.stream(gateway.url, 'claude').finally(() => gateway.close());
    expect(gateway.anthropic.requests[0]!.headers['anthropic-version']).toBe(version);
  });
});

describe.skipIf(CLIENTS.length === 0)('@ai-sdk/openai', () => {
  it('refers to what it was told in its second turn, unless nothing is stored: 400', async () => {
    const { aiSdkResponses, useToolStored } = await import('./ai-sdk.js');
    const gateway = await Gateway.start();
    gateway.openai.script(SAYS_AND_CALLS.whole);
    await expect(useToolStored(gateway.url, 'gpt-only')).rejects.toThrow('store: false');
    gateway.openai.script(SAYS_AND_CALLS.streamed, ANSWERS.openai.tells);
    expect(await aiSdkResponses.useTool(gateway.url, 'gpt-only')).toBe('It is sunny.');
    await gateway.close();
  });
});

describe.skipIf(CLIENTS.length === 0)('the clients', () => {
  it('are used as their types have it', async () => {
    const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
    const { stdout } = await promisify(execFile)(tsc, ['--noEmit', '-p', import.meta.dirname]);
    expect(stdout).toBe('');
  }, 60_000);
});

function versionOf(name: string): string {
  const path = new URL(`node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return `${name} ${version}`;
}

describe.each(CLIENTS)('$name', (client) => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  describe.each(UPSTREAM_KINDS)('over $id', ({ id, model, scripts }) => {
    it('streams a text, piece by piece', async () => {
      gateway[id].script(scripts.streamsText(['Hel', 'lo', ' 👩‍💻']));
      const pieces: string[] = [];
      const { text } = await client.stream(gateway.url, model, (piece) => pieces.push(piece));
      expect(text).toBe('Hello 👩‍💻');
      expect(pieces.length).toBeGreaterThan(1);
    });

    it('tells reasoning from text', async () => {
      gateway[id].script(ANSWERS[id].thinks);
      const { text, reasoning } = await client.stream(gateway.url, model);
      expect(text).toBe('Hello');
      expect(reasoning || undefined).toBe(client.showsReasoning ? 'Hm.' : undefined);
    });

    it('has a tool called, and a second turn with what it said', async () => {
      gateway[id].script(ANSWERS[id].calls, ANSWERS[id].tells);
      expect(await client.useTool(gateway.url, model)).toBe('It is sunny.');
      expect(JSON.stringify(gateway[id].requests[1]!.body['messages'])).toContain('sunny');
    });

    const { structured } = client;
    if (structured) {
      it('has JSON of its schema written, and reads it', async () => {
        gateway[id].script(ANSWERS[id].places);
        expect(await structured(gateway.url, model)).toEqual({ city: 'Bern' });
        // In each one's own field for it.
        expect(JSON.stringify(gateway[id].requests[0]!.body)).toContain('"required":["city"]');
      });
    }

    it('has the upstream stopped when it aborts', async () => {
      const step = scripts.stepper();
      gateway[id].script(step.script);
      const abort = new AbortController();
      const heard = Promise.withResolvers<void>();
      const streaming = client
        .stream(gateway.url, model, () => heard.resolve(), abort.signal)
        .catch(() => 'failed');
      await step.next('Hel');
      await step.next('lo');
      await within(heard.promise, 'some text arrives');
      abort.abort();
      const { closed } = await gateway[id].request(0);
      await within(closed, 'the upstream is left');
      expect(await within(streaming, 'the client ends')).toBe('failed');
    });

    it.each([
      ['is cut', scripts.streamsTextThenCuts(['Hel'])],
      ['just ends', scripts.streamsTextThenEnds(['Hel'])],
      ['is reset', scripts.resetsAfter(['Hel'])],
    ])('takes no answer that %s for a whole one', async (_, script) => {
      gateway[id].script(script);
      const pieces: string[] = [];
      const streaming = client.stream(gateway.url, model, (piece) => pieces.push(piece));
      await expect(streaming).rejects.toBeInstanceOf(Error);
      // It heard what there was, and asked nobody again: what was paid for once is not paid for twice.
      expect([pieces.join(''), gateway[id].requests.length]).toEqual(['Hel', 1]);
    });

    it('says what the upstream has against a request', async () => {
      gateway[id].script(failsWith(400, ANSWERS[id].refusal));
      await expect(client.stream(gateway.url, model)).rejects.toThrow('no such voice');
      expect(gateway[id].requests).toHaveLength(1);
    });

    it('says that there is no such model', async () => {
      await expect(client.stream(gateway.url, 'nobody')).rejects.toThrow('nobody');
    });
  });
});
