import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Gateway } from '../support/gateway.js';
import { SluiceProcess } from '../support/sluice-process.js';

let gateway: Gateway | undefined;
afterEach(() => gateway?.close());

async function run(...args: string[]): Promise<{ output: string; code: number | null }> {
  const process = SluiceProcess.spawn({}, ['--key', ...args]);
  const code = await process.exit();
  return { output: process.output, code };
}

describe('a new key', () => {
  it.each([[['team-a']], [['--id', 'team-a']], [['1234']]])(
    'is printed with an entry that lets it in: --key %s',
    async (args) => {
      const { output, code } = await run(...args);
      expect(code).toBe(0);
      const [secret = ''] = /sk-sluice-[A-Za-z0-9_-]{43}/.exec(output) ?? [];
      const keys = parse(output.slice(output.indexOf('  - id'))) as object[];
      gateway = await Gateway.start({ access: { mode: 'keys', keys } });
      const { status } = await gateway.get('/v1/models', { authorization: `Bearer ${secret}` });
      expect(status).toBe(200);
    },
  );

  it('is another one each time', async () => {
    const [one, other] = await Promise.all([run('team-a'), run('team-a')]);
    expect(one.output).not.toBe(other.output);
  });

  it.each([
    [[], /^Name the key/],
    [['--id'], /^Name the key/],
    [['a', 'b'], /^Name the key/],
    [['--nothing'], /^Name the key/],
    [['team a'], /^The id must be 1 to 64 letters/],
    [['other'], /^The id must be/],
  ])('is not made for %j, in words and without a stack', async (args, message) => {
    const { output, code } = await run(...args);
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/ at |sk-sluice/);
  });
});
