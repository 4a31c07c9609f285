import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type ParsedDockerfile, parseDockerfile, type Stage, type Step } from './dockerfile.js';

/** What a stage left: its files below `root`, and what it says about how they are run. */
export interface BuiltImage {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly stopSignal: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly healthCheck: readonly string[];
}

const EMPTY: Omit<BuiltImage, 'root'> = {
  env: {},
  labels: {},
  workdir: '/',
  user: '0:0',
  stopSignal: '',
  entrypoint: [],
  cmd: [],
  healthCheck: [],
};

/**
 * Replays a Dockerfile step by step, without a Docker engine: every stage is a folder, and what it
 * RUNs runs there, with this machine's programs and the project's Node.js. As with BuildKit only
 * those stages are built that a target needs, each once.
 */
export class ImageBuild {
  readonly #dockerfile: ParsedDockerfile;
  readonly #built = new Map<Stage, Promise<BuiltImage>>();

  constructor(
    text: string,
    /** What COPY copies from. */
    private readonly context: string,
    /** Where stages are built. */
    private readonly folder: string,
    private readonly buildArgs: Readonly<Record<string, string>> = {},
  ) {
    this.#dockerfile = parseDockerfile(text);
  }

  /** @param target absent: the last stage, as with `docker build` */
  build(target?: string): Promise<BuiltImage> {
    const { stages } = this.#dockerfile;
    const stage = target === undefined ? stages.at(-1) : stages.find(({ name }) => name === target);
    if (!stage) throw new Error(`no stage is called ${target}`);
    const built = this.#built.get(stage) ?? this.#buildStage(stage);
    this.#built.set(stage, built);
    return built;
  }

  async #buildStage(stage: Stage): Promise<BuiltImage> {
    const { args, stages } = this.#dockerfile;
    const root = join(this.folder, `stage-${stages.indexOf(stage)}`);
    const isOurs = stages.some(({ name }) => name === stage.base);
    const base = isOurs ? await this.build(stage.base) : undefined;
    if (base && stage.steps.length === 0) return base;
    if (base) copyFolder(base.root, root);
    else mkdirSync(root, { recursive: true });
    if (!isOurs && expand(stage.base, args) === '') throw new Error(`no base: ${stage.base}`);

    const variables: Record<string, string> = {};
    let image: BuiltImage = { ...EMPTY, ...base, root };
    for (const step of stage.steps) {
      if (step.kind === 'ARG') {
        for (const [name, value] of Object.entries(step.values)) {
          variables[name] = this.buildArgs[name] ?? value ?? args[name] ?? '';
        }
      }
      image = await this.#replay(step, image, { ...variables, ...image.env });
    }
    return image;
  }

  async #replay(step: Step, image: BuiltImage, variables: Variables): Promise<BuiltImage> {
    switch (step.kind) {
      case 'ENV':
        return { ...image, env: { ...image.env, ...expanded(step.values, variables) } };
      case 'LABEL':
        return { ...image, labels: { ...image.labels, ...expanded(step.values, variables) } };
      case 'WORKDIR':
        mkdirSync(inImage(image, step.value), { recursive: true });
        return { ...image, workdir: resolve(image.workdir, step.value) };
      case 'USER':
        return { ...image, user: step.value };
      case 'STOPSIGNAL':
        return { ...image, stopSignal: step.value };
      case 'ENTRYPOINT':
        // As in Docker: it forgets the CMD of the base.
        return { ...image, entrypoint: step.exec, cmd: [] };
      case 'CMD':
        return { ...image, cmd: step.exec };
      case 'HEALTHCHECK':
        return { ...image, healthCheck: step.exec };
      case 'COPY': {
        const from = step.from === undefined ? this.context : (await this.build(step.from)).root;
        for (const source of step.sources) copy(join(from, source), step.target, image);
        return image;
      }
      case 'RUN':
        await run(step.command, image);
        return image;
      case 'ARG':
      case 'EXPOSE':
        return image;
    }
  }
}

type Variables = Readonly<Record<string, string | undefined>>;

function expand(text: string, variables: Variables): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => variables[name] ?? '');
}

function expanded(values: Variables, variables: Variables): Record<string, string> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([name, text = '']) => [name, expand(text, variables)]));
}

/** The contents of a folder, or a file: into the target where that is one, else as the target. */
function copy(source: string, target: string, image: BuiltImage): void {
  if (!existsSync(source)) throw new Error(`COPY finds no ${source}: is it in .dockerignore?`);
  const path = inImage(image, target);
  if (statSync(source).isDirectory()) return copyFolder(source, path);
  const to = target.endsWith('/') ? join(path, basename(source)) : path;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(source, to);
}

/** Node's own takes several times as long for packages. */
function copyFolder(source: string, to: string): void {
  mkdirSync(to, { recursive: true });
  execFileSync('cp', ['-a', `${source}/.`, to]);
}

function inImage({ root, workdir }: BuiltImage, path: string): string {
  return join(root, resolve(workdir, path));
}

async function run(command: string, image: BuiltImage): Promise<void> {
  const env = {
    ...image.env,
    // npm, of the machine, runs on the first Node.js in PATH.
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: process.env['HOME'],
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
  // Nice to the tests beside it, some of which look at the clock.
  const args = ['-n', '10', 'sh', '-c', command];
  await promisify(execFile)('nice', args, { cwd: inImage(image, '.'), env });
}
