import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SluiceProcess } from '../support/sluice-process.js';

const run = promisify(execFile);
const HERE = import.meta.dirname;

const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  module: 'nodenext',
  target: 'es2024',
  lib: ['es2024', 'dom', 'dom.iterable'],
  types: [],
  outDir: 'out',
};

/** What a program of Node.js is given, without the types of Node.js. */
const GLOBALS = 'declare const process: { readonly argv: readonly string[] };\n';

function areGeneratorsMissing(): boolean {
  if (existsSync(join(HERE, 'node_modules/@hey-api/openapi-ts'))) return false;
  const what = 'the generators of clients are not installed: get them with "npm run test:setup"';
  if (process.env['SLUICE_TEST_STRICT'] === '1') throw new Error(`SLUICE_TEST_STRICT: ${what}`);
  process.stderr.write(`\n!!! SKIPPED: ${what}\n`);
  return true;
}

describe.skipIf(areGeneratorsMissing())('The OpenAPI document of the built service', () => {
  let folder: string;
  let gateway: Gateway;
  beforeAll(async () => {
    // Below the packages, which what is generated imports.
    await mkdir(join(HERE, 'node_modules/.cache'), { recursive: true });
    folder = await mkdtemp(join(HERE, 'node_modules/.cache/generated-'));
    const sluice = SluiceProcess.spawn({ PORT: '0' }, ['config/sandbox.yaml']);
    try {
      const response = await fetch(`${await sluice.listening()}/openapi.json`);
      await writeFile(join(folder, 'openapi.json'), await response.text());
    } finally {
      await sluice.kill();
    }
    gateway = await Gateway.start();
    gateway.openai.script((exchange) => {
      const { stream } = exchange.request.body;
      const script = stream ? openAi.streamsText(['Hi', ' there']) : openAi.answersText('Hi');
      return script(exchange);
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives openapi-typescript types that a strict program of openapi-fetch compiles with', async () => {
    const said = await answerOf('openapi-fetch', (project) =>
      tool('openapi-typescript', ['openapi.json', '--output', join(project, 'schema.d.ts')]),
    );
    expect(said).toEqual({
      text: 'Hi',
      never: false,
      pieces: 'Hi there',
      isNotFound: true,
      unknownCode: 'model_gone',
      message: 'Hi',
    });
  }, 120_000);

  it('gives @hey-api/openapi-ts a client that streams', async () => {
    const said = await answerOf('hey-api', (project) =>
      tool('openapi-ts', ['-i', 'openapi.json', '-o', project, '-c', '@hey-api/client-fetch']),
    );
    expect(said).toEqual({
      text: 'Hi',
      pieces: 'Hi there',
      said: 'Hi there',
      names: ['start', 'message', 'message', 'done'],
      code: 'model_not_found',
      checks: 2,
    });
  }, 120_000);

  it('has no error by the recommended rules of Redocly', async () => {
    await tool('redocly', ['lint', '--extends', 'recommended', 'openapi.json']);
  }, 60_000);

  it("has no error by Spectral's rules of OpenAPI", async () => {
    await writeFile(join(folder, '.spectral.yaml'), 'extends: ["spectral:oas"]\n');
    await tool('spectral', ['lint', 'openapi.json']);
  }, 60_000);

  /** What a program prints that is compiled against what `generate` made, and asks our gateway. */
  async function answerOf(
    program: string,
    generate: (project: string) => Promise<unknown>,
  ): Promise<unknown> {
    const project = join(folder, program);
    await mkdir(project);
    const config = { compilerOptions: STRICT, include: ['.'] };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config));
    await generate(project);
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(join(project, 'package.json'), '{"type":"module"}');
    await writeFile(join(project, 'globals.d.ts'), GLOBALS);
    await copyFile(join(HERE, 'programs', `${program}.txt`), join(project, 'program.ts'));
    await tool('tsc', ['--project', project]);
    const { stdout } = await run(process.execPath, [join(project, 'out/program.js'), gateway.url]);
    return JSON.parse(stdout);
  }

  /** Fails with what the tool printed. */
  async function tool(name: string, args: readonly string[]): Promise<void> {
    const program = join(HERE, 'node_modules/.bin', name);
    try {
      await run(process.execPath, [program, ...args], { cwd: folder });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${name} failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  }
});
