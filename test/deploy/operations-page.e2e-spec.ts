import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { SluiceProcess } from '../support/sluice-process.js';

const PAGE = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The block of code behind these words of the page, without its indentation. */
function blockBehind(words: string): string {
  const [, indent, code] = /^( *)```\w+\n([^]*?)^ *```$/m.exec(PAGE.slice(PAGE.indexOf(words)))!;
  return code!.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}

describe('docs/operations.md', () => {
  it('has a configuration that is sound, with a key for a caller', async () => {
    const key = await ConfigFile.writeText('sk-provider');
    const config = await ConfigFile.writeText(
      blockBehind('3. Write')
        .replace('/etc/sluice/openai-key', key.path)
        .replace('sha256:…', `sha256:${'a'.repeat(64)}`),
    );
    const env = { SLUICE_ADMIN_PORT: '13001' };
    const check = SluiceProcess.spawn(env, ['--check', config.path]);
    expect([await check.exit(), check.output]).toEqual([0, expect.stringContaining('is sound')]);
    expect(check.output).toContain('1 keys');
    await Promise.all([key.remove(), config.remove()]);
  });

  it('gives a unit the time that Sluice asks for with its defaults', () => {
    expect(blockBehind('4. Run two')).toContain('TimeoutStopSec=615');
  });
});
