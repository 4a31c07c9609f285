import { parseArgs } from 'node:util';
import { digestOf, generateSecret } from './access/secret.js';
import { keyIdCheck } from './config/rules/access-rules.js';

/** Why no key is made, in words that say what to do about it. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * A new key, for a terminal: its secret, which is kept nowhere, and its entry for the configuration.
 * @param args what follows `--key`: its id, or `--id` and its id
 * @throws UsageError
 */
export function newKey(args: readonly string[]): string {
  const id = idIn(args);
  const secret = generateSecret();
  return `Secret of "${id}", shown only now:

  ${secret}

Entry for access.keys (a second hash there replaces a secret without a gap):

  - id: '${id}'
    hashes: ["sha256:${digestOf(secret).toString('hex')}"]
`;
}

function idIn(args: readonly string[]): string {
  const usage = 'Name the key: npm run key -- --id team-a, or node dist/main.js --key team-a';
  const { positionals, values } = parsed(args, usage);
  const [id = values.id] = positionals;
  if (id === undefined || positionals.length > 1) throw new UsageError(`${usage}.`);
  const complaint = keyIdCheck(id);
  if (complaint !== undefined) throw new UsageError(`The id ${complaint}.`);
  return id;
}

function parsed(args: readonly string[], usage: string) {
  try {
    return parseArgs({
      args: [...args],
      options: { id: { type: 'string' } },
      allowPositionals: true,
    });
  } catch {
    throw new UsageError(`${usage}.`);
  }
}
