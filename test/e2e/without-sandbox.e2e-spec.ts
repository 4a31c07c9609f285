import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { InstallationWithoutSandbox } from '../support/installation.js';
import { openAi } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SluiceProcess } from '../support/sluice-process.js';

const MODELS = [{ id: 'm', targets: ['a/m'] }];
const NEEDS_SANDBOX = { sandbox: {}, backends: [{ id: 'a', kind: 'openai' }], models: MODELS };
const FAULT =
  'backends[0].baseUrl (line 1): is missing: write its URL; the sandbox, which answers without one, is not installed: build the image with "--target sandbox", or run "npm ci" without "--omit=optional"';

describe('An installation without the sandbox', () => {
  let installation: InstallationWithoutSandbox;
  let upstream: ScriptedUpstream;
  let config: ConfigFile;
  let sluice: SluiceProcess | undefined;
  beforeAll(async () => {
    installation = new InstallationWithoutSandbox();
    upstream = await ScriptedUpstream.start();
    upstream.script(openAi.streamsText(['Hello', ' world']));
  });
  afterAll(async () => {
    installation.remove();
    await upstream.close();
  });
  beforeEach(async () => {
    const backends = [{ id: 'a', kind: 'openai', baseUrl: upstream.openaiUrl }];
    config = await ConfigFile.write({ backends, models: MODELS, sandbox: {} });
  });
  afterEach(async () => {
    await sluice?.kill();
    await config.remove();
  });

  function spawn(...args: string[]): SluiceProcess {
    return (sluice = SluiceProcess.spawn({ PORT: '0' }, args, installation.root));
  }

  it.each([
    ['does not start with', []],
    ['finds, when it checks, a fault in', ['--check']],
  ])('%s a configuration that needs it, and says what to do', async (_, args) => {
    await writeFile(config.path, JSON.stringify(NEEDS_SANDBOX));
    expect(await spawn(...args, config.path).exit()).toBe(1);
    expect(sluice!.output).toBe(`Sluice cannot start with ${config.path}:\n  ${FAULT}\n`);
  });

  it('does not send to the sandbox whoever forgot a URL', async () => {
    const { sandbox: _, ...rest } = NEEDS_SANDBOX;
    await writeFile(config.path, JSON.stringify(rest));
    expect(await spawn('--check', config.path).exit()).toBe(1);
    expect(sluice!.output).toContain(FAULT);
  });

  it('answers where every backend has a URL, and keeps that when a new configuration needs the sandbox', async () => {
    const url = await spawn(config.path).listening();
    const ask = async () => (await fetch(`${url}/chat?message=Hello`)).text();
    expect(await ask()).toContain('event: done');
    await writeFile(config.path, JSON.stringify(NEEDS_SANDBOX));
    sluice!.signal('SIGHUP');
    await sluice!.printed(/unsound/);
    expect(sluice!.output).toContain('--target sandbox');
    expect(await ask()).toContain('event: done');
  });
});
