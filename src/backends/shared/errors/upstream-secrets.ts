import type { UpstreamSettings } from '../connection/upstream-settings.js';

/** Shorter values are words that any sentence may have (`preview`, `true`), not keys. */
const MIN_SECRET_CHARS = 8;

/** What providers call accounts by (`org_01kgg5…`, `proj-…`): the operator's, whoever made the mistake. */
const ACCOUNT =
  /\b(?:org|organization|proj|project|acct|account|wrkspc)[-_](?=[A-Za-z]*\d)[A-Za-z0-9]{6,64}\b/;
const ACCOUNTS = new RegExp(ACCOUNT, 'g');

/** What we send to an upstream besides requests, and no caller may see: the key may be in any of it. */
export function secretsOf({ apiKey = '', headers, query }: UpstreamSettings): readonly string[] {
  const values = [...Object.values(headers ?? {}), ...Object.values(query ?? {})];
  const keys = values.filter((value) => value.length >= MIN_SECRET_CHARS);
  return apiKey === '' ? keys : [apiKey, ...keys];
}

export function withoutKeys(secrets: readonly string[], text: string): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[key]'), text);
}

export function withoutAccounts(text: string): string {
  return text.replace(ACCOUNTS, '[account]');
}

/** The account that an upstream's words are about. */
export function parseAccount(text: string): string | undefined {
  return ACCOUNT.exec(text)?.[0];
}
