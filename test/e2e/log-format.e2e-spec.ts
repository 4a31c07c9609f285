import { writeFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { isMissing } from '../support/system-parts.js';
import { spawnInTerminal } from '../support/terminal.js';
import { failsWith } from '../support/upstream-scripts.js';

/** What a terminal would obey, and no line of ours may hold but in colours. */
const CONTROLS = /[^\P{Cc}\n]/u;

describe('The log of a running Sluice', () => {
  let upstream: ScriptedUpstream;
  let file: ConfigFile;
  let sluice: SluiceProcess;
  let url: string;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    file = await ConfigFile.write(config());
  });
  afterEach(async () => {
    await sluice.kill();
    await upstream.close();
    await file.remove();
  });

  const config = (more: object = {}) => ({
    server: { port: 0 },
    backends: [
      { id: 'up', kind: 'openai', baseUrl: upstream.openaiUrl, apiKey: 'sk-x' },
      { id: 'down', kind: 'ollama', baseUrl: upstream.url },
    ],
    models: [{ id: 'm', targets: ['up/big', 'down/small'] }],
    ...more,
  });

  async function run(started: SluiceProcess): Promise<void> {
    sluice = started;
    url = await sluice.listening();
  }

  /** Lines of its output so far, as a person sees them. */
  const lines = (output = sluice.output) => output.replaceAll('\r\n', '\n').trim().split('\n');

  const chat = async () => (await fetch(`${url}/chat/m?message=Hi`)).text();

  /**
   * An upstream ends with a word that nobody knows, which is logged, and would rub out the line. (What
   * has spaces or line ends is no word, and is not logged.)
   */
  async function chatWithForger(): Promise<void> {
    const finishReason = '\u001b[2J\u009b2J\u0085\b\b\bforged←x';
    upstream.script(openAi.streamsText(['Hi'], { finishReason }));
    await chat();
    await sluice.printed(/ ← up|generation ended/);
  }

  it('is JSON where nobody watches, from the first line to the last', async () => {
    await run(SluiceProcess.spawn({}, [file.path]));
    await chatWithForger();
    sluice.signal('SIGTERM');
    await sluice.printed(/draining/);
    const events = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(sluice.output).toContain('forged');
    expect(sluice.output).not.toMatch(CONTROLS);
    for (const { level, timestamp } of events) {
      expect(['info', 'warn']).toContain(level);
      expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
    }
    const start = events.find(({ context }) => context === 'Start');
    expect(start).toMatchObject({
      message: `Sluice listens on ${url}`,
      url,
      config: file.path,
      models: ['m'],
      access: 'open',
      admin: `${url}/admin`,
      warnings: [],
    });
  });

  it('says what is wrong with LOG_LEVEL, and does not start', async () => {
    sluice = SluiceProcess.spawn({ LOG_LEVEL: 'loud' }, [file.path]);
    expect(await sluice.exit()).toBe(1);
    expect(sluice.output).toContain('LOG_LEVEL: must be one of: error, warn, info, debug');
  });

  it('follows its settings while Sluice runs', async () => {
    await run(SluiceProcess.spawn({}, [file.path]));
    await writeFile(file.path, JSON.stringify(config({ log: { level: 'warn', format: 'text' } })));
    sluice.signal('SIGHUP');
    const asksUntilText = async () => {
      upstream.script(failsWith(401, openAiError('no')), failsWith(401, openAiError('no')));
      await chat();
      return sluice.output;
    };
    await expect.poll(asksUntilText, { timeout: 10_000 }).toMatch(/ warn {2}m ← /);
    expect(sluice.output).not.toContain('was read again');
  });

  describe.skipIf(isMissing('bsdutils'))('on a terminal', () => {
    it('has a line for people for each event, in colours, behind what they need to begin', async () => {
      await run(spawnInTerminal({}, file.path));
      upstream.script(failsWith(429, openAiError('slow')), ollama.streamsText(['Hel', 'lo']));
      await chat();
      await sluice.printed(/ ← /);
      const seen = lines(stripVTControlCharacters(sluice.output));
      expect(seen).toEqual(
        expect.arrayContaining([
          `Sluice listens on ${url}`,
          `  config   ${file.path}`,
          expect.stringMatching(
            /^\d\d:\d\d:\d\d\.\d{3} info {2}m ← down\/small {2}completed {2}first token \d/,
          ),
        ]),
      );
      expect(sluice.output).toContain('\u001b[32mcompleted\u001b[39m');
      expect(sluice.output).not.toContain('"level"');
    });

    it('has no colours where NO_COLOR asks for none', async () => {
      await run(spawnInTerminal({ NO_COLOR: '1' }, file.path));
      await chatWithForger();
      expect(sluice.output).not.toContain('\u001b');
    });

    it('obeys nothing, and shows as one line, what an upstream calls the end of its answer', async () => {
      await run(spawnInTerminal({ NO_COLOR: '1' }, file.path));
      await chatWithForger();
      expect(sluice.output.replaceAll('\r\n', '\n')).not.toMatch(CONTROLS);
      const forged = lines().filter((line) => line.includes('forged'));
      expect(forged).toEqual([
        expect.stringMatching(/ warn {2}Generation {2}target noticed .*"\\u001b/),
      ]);
    });

    it('is JSON there, too, where that is asked for', async () => {
      await writeFile(file.path, JSON.stringify(config({ log: { format: 'json' } })));
      await run(spawnInTerminal({}, file.path));
      for (const line of lines()) expect(() => JSON.parse(line) as unknown).not.toThrow();
    });
  });
});
