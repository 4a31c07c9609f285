import { describe, expect, it } from 'vitest';
import { parseAccount, withoutAccounts, withoutKeys } from './upstream-secrets.js';

describe('an upstream’s words', () => {
  it('lose our keys and accounts', () => {
    const text = 'No sk-secret for org_01kgg5588eftc8k70aes4864eb or proj-9f8e7d6c5b.';
    expect(withoutAccounts(withoutKeys(['sk-secret'], text))).toBe(
      'No [key] for [account] or [account].',
    );
  });

  it('keep names that a caller gave its own things', () => {
    const text = 'tools[0].project_description and account_number are no strings';
    expect(withoutAccounts(text)).toBe(text);
  });
});

describe('parseAccount', () => {
  it('finds the first account, if there is one', () => {
    expect(parseAccount('Project `proj_9f8e7d6c5b` of org-1a2b3c4d')).toBe('proj_9f8e7d6c5b');
    expect(parseAccount('Nothing here')).toBeUndefined();
  });
});
