import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.js';
import { npmSbom } from '../support/npm-sbom.js';
import { ROOT, writeBuildContext } from './build-context.js';
import { CAN_MOUNT, Container } from './container.js';
import { type BuiltImage, ImageBuild } from './image-build.js';
import { type FileOfImage, filesIn, isKeyFile, megabytesBelow, packagesIn } from './image-files.js';
import { RunningImage } from './running-image.js';

/** What lies about where people build, in places that the Dockerfile copies from, too. */
const SECRET = 'sk-lies-about';
const PLANTED = {
  '.env': SECRET,
  'src/.env.local': SECRET,
  'config/mine.yaml': SECRET,
  'scripts/deploy.pem': SECRET,
  'keys/id_rsa': SECRET,
  'package.json.bak': SECRET,
};

/** Stated in docs/image.md. */
const MAX_MEGABYTES = 35;

type Dependencies = 'dependencies' | 'devDependencies' | 'optionalDependencies';
const { dependencies, devDependencies, optionalDependencies, version } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as Record<Dependencies, Record<string, string>> & { version: string };
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

if (!CAN_MOUNT) {
  process.stderr.write('\n!!! not root: the image is not kept from writing (test/deploy)\n');
}

let folder: string;
let build: ImageBuild;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-image-'));
  // The image's user passes through.
  chmodSync(folder, 0o755);
  writeBuildContext(join(folder, 'context'), PLANTED);
  const buildArgs = { VERSION: version, REVISION: 'abc', SOURCE: 'https://example.com/sluice' };
  build = new ImageBuild(DOCKERFILE, join(folder, 'context'), folder, buildArgs);
  await build.build();
}, 180_000);
// Thousands of files, beside all other tests.
afterAll(() => rm(folder, { recursive: true, force: true }), 120_000);

describe('The image that is built when nobody names a stage', () => {
  let image: BuiltImage;
  let files: FileOfImage[];
  beforeAll(async () => {
    image = await build.build();
    files = filesIn(image.root);
  });

  it('has what runs, its licence and what checks its health, and nothing else', () => {
    const app = ['LICENSE', 'dist', 'health-check.mjs', 'node_modules', 'package.json'];
    expect(readdirSync(join(image.root, 'app')).toSorted()).toEqual(app);
    const own = files.filter(({ path }) => path.startsWith('/app/dist/'));
    expect(own.length).toBeGreaterThan(200);
    const others = own.map(({ path }) => path).filter((path) => !/(?<!\.spec)\.js$/.test(path));
    const page = '/app/dist/http/admin/page/page';
    expect(others.toSorted()).toEqual([`${page}.css`, `${page}.html`]);
  });

  it('has the packages of the SBOM, which are the production dependencies', () => {
    const listed = npmSbom().components.map(({ name, version: exact }) => `${name}@${exact}`);
    expect(packagesIn(join(image.root, 'app')).toSorted()).toEqual(listed.toSorted());
  });

  it('has no dependency of development, no sandbox and nothing that the sandbox is made of', () => {
    const names = packagesIn(join(image.root, 'app')).map((each) => each.replace(/@[^@]+$/, ''));
    const unwanted = [...Object.keys(devDependencies), ...Object.keys(optionalDependencies)];
    expect(names.filter((name) => unwanted.includes(name))).toEqual([]);
    for (const { path } of files) expect(path).not.toMatch(/aimock|\/app\/dist\/sandbox/);
  });

  it('has no native code, so that it is the same for every platform', () => {
    expect(files.filter(({ path }) => /\.(node|so|wasm)$/.test(path))).toEqual([]);
  });

  it('has nothing of what lay about where it was built, and no key', () => {
    const secret = files.filter((file) => isKeyFile(file) || file.text().includes(SECRET));
    expect(secret.map(({ path }) => path)).toEqual([]);
    // Not even the builder was sent it.
    const sent = filesIn(join(folder, 'context')).filter((file) => file.text().includes(SECRET));
    expect(sent).toEqual([]);
  });

  it(`has less than ${MAX_MEGABYTES} MB above its base`, () => {
    const [all, packages, own] = ['', 'node_modules/', 'dist/'].map((part) =>
      megabytesBelow(`/app/${part}`, files),
    );
    process.stdout.write(
      `the image has ${all} MB above its base: ${packages} of packages, ${own} of its own\n`,
    );
    expect(all).toBeLessThan(MAX_MEGABYTES);
  });

  it('is labelled, runs as a numeric user that is not root, and stops at SIGTERM', () => {
    expect(image.labels).toEqual({
      'org.opencontainers.image.title': 'Sluice',
      'org.opencontainers.image.description': 'One streaming API in front of many LLM backends',
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.source': 'https://example.com/sluice',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': 'abc',
      'org.opencontainers.image.base.name': `docker.io/library/node:${devDependencies['node']}-trixie-slim`,
    });
    expect(image).toMatchObject({ user: '1000:1000', stopSignal: 'SIGTERM' });
  });

  describe('running with a root file system that cannot be written', () => {
    it.runIf(CAN_MOUNT)('writes to its volume and nowhere else, as nobody special', async () => {
      await using running = await RunningImage.start(image);
      await running.sluice.listening();
      const { container, volume } = running;
      for (const path of ['.', '/tmp', '/var/tmp', '/dev/shm', '/run', tmpdir()]) {
        const code = `try { require('fs').writeFileSync('${path}/x', '') } catch ({ code }) { process.exit(code === 'EROFS' ? 7 : 8) }`;
        expect([path, await container.exec(['node', '-e', code])]).toEqual([path, 7]);
      }
      const code = `require('fs').writeFileSync('${volume}/x', ''); process.exit(process.getuid() === 1000 && process.getgid() === 1000 ? 7 : 8)`;
      expect(await container.exec(['node', '-e', code])).toBe(7);
    });

    it('lives, streams an answer, and ends with 0 at SIGTERM', async () => {
      await using running = await RunningImage.start(image);
      const { sluice } = running;
      expect((await fetch(`${await sluice.listening()}/livez`)).status).toBe(200);
      const answer = await running.ask();
      expect(answer).toContain('Hello');
      expect(answer).toContain('[DONE]');
      sluice.signal('SIGTERM');
      expect(await sluice.exit()).toBe(0);
      expect(sluice.output).not.toMatch(/EROFS|EACCES/);
    });

    it('has all that it needs of its packages, though their maps and types were deleted', async () => {
      await using running = await RunningImage.start(image);
      const url = await running.sluice.listening();
      const page = ['/admin', '/admin/page/page.css', '/admin/page/main.js'];
      for (const path of ['/openapi.json', '/docs', '/docs/swagger-ui-bundle.js', ...page]) {
        expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
      }
      const names = JSON.stringify(Object.keys(dependencies));
      const code = `for (const name of ${names}) await import(name); process.exit(7)`;
      const command = ['node', '--input-type=module', '-e', code];
      expect(await running.container.exec(command)).toBe(7);
    });

    it('keeps its ledger in a volume, and needs no other folder for it', async () => {
      await using running = await RunningImage.start(image);
      expect(await running.ask()).toContain('[DONE]');
      running.sluice.signal('SIGTERM');
      expect(await running.sluice.exit()).toBe(0);
      // Its write-ahead log stays where a slow disk could not take it in within the time to go.
      for (const file of readdirSync(running.volume)) expect(file).toMatch(/^usage\.sqlite/);
      using ledger = new DatabaseSync(join(running.volume, 'usage.sqlite'));
      expect(ledger.prepare('SELECT model FROM sluice_usage').all()).toEqual([{ model: 'm' }]);
    });

    it.each([
      ['where the image says', {}],
      ['on the loopback only', { HOST: '127.0.0.1' }],
      ['on every address of IPv6', { HOST: '::' }],
    ])(
      'is found healthy %s, whatever its configuration says, and unhealthy when it is gone',
      async (_, env) => {
        const config = { server: { port: 1, host: '192.0.2.1' } };
        await using running = await RunningImage.start(image, { config, env });
        await running.sluice.listening();
        expect(await running.container.checkHealth()).toBe(0);
        await running.sluice.kill();
        expect(await running.container.checkHealth()).toBe(1);
      },
    );

    it('stays healthy when its configuration becomes unsound, which changes nothing for callers', async () => {
      await using running = await RunningImage.start(image);
      await running.sluice.listening();
      writeFileSync(running.config.path, 'server: [');
      running.sluice.signal('SIGHUP');
      await running.sluice.printed(/unsound/);
      expect(await running.container.checkHealth()).toBe(0);
    });

    it('refuses a configuration that needs the sandbox, and says how to get it', async () => {
      const config = { sandbox: {}, backends: [{ id: 'a', kind: 'openai' }] };
      await using running = await RunningImage.start(image, { config });
      expect(await running.sluice.exit()).toBe(1);
      expect(running.sluice.output).toContain('backends[0].baseUrl');
      expect(running.sluice.output).toContain('--target sandbox');
    });
  });
});

describe('The image that is built with --target sandbox', () => {
  it('answers without a configuration, and is found healthy', async () => {
    const image = await build.build('sandbox');
    const container = new Container(image, { env: { PORT: String(await freePort()) } });
    const sluice = container.start();
    onTestFinished(() => sluice.kill());
    const url = await sluice.listening();
    const response = await fetch(`${url}/chat?message=Hello`);
    expect(response.headers.get('x-sluice-sandbox')).toBe('1');
    expect(await response.text()).toContain('event: done');
    expect(await container.checkHealth()).toBe(0);
    sluice.signal('SIGTERM');
    expect(await sluice.exit()).toBe(0);
  });
});
