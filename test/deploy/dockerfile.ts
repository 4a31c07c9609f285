import {
  Arg,
  Copy,
  DockerfileParser,
  Env,
  From,
  Healthcheck,
  type Instruction,
  JSONInstruction,
  Label,
  type PropertyInstruction,
} from 'dockerfile-ast';

type Values = Readonly<Record<string, string | undefined>>;

/** What a stage does, in the few instructions that are used here. */
export type Step =
  | { readonly kind: 'ARG' | 'ENV' | 'LABEL'; readonly values: Values }
  | { readonly kind: 'WORKDIR' | 'USER' | 'STOPSIGNAL' | 'EXPOSE'; readonly value: string }
  | { readonly kind: 'RUN'; readonly command: string }
  | {
      readonly kind: 'COPY';
      readonly from: string | undefined;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: 'ENTRYPOINT' | 'CMD' | 'HEALTHCHECK'; readonly exec: readonly string[] };

export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly steps: Step[];
}

export interface ParsedDockerfile {
  /** Before the first stage. */
  readonly args: Values;
  readonly stages: readonly Stage[];
}

/** @throws Error for whatever could not be replayed as Docker would do it */
export function parseDockerfile(text: string): ParsedDockerfile {
  const args: Record<string, string | undefined> = {};
  const stages: Stage[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof From) {
      const name = instruction.getBuildStage() ?? undefined;
      const others = instruction.getFlags().filter((flag) => !/BUILDPLATFORM/.test(String(flag)));
      if (others.length > 0) throw new Error(`FROM with ${others.join(' ')} is not replayed`);
      stages.push({ base: instruction.getImage() ?? '', name, steps: [] });
      continue;
    }
    const step = stepOf(instruction);
    const stage = stages.at(-1);
    if (stage) stage.steps.push(step);
    else if (step.kind === 'ARG') Object.assign(args, step.values);
    else throw new Error(`${step.kind} before the first FROM`);
  }
  return { args, stages };
}

function stepOf(instruction: Instruction): Step {
  const kind = instruction.getKeyword();
  const content = instruction.getArgumentsContent() ?? '';
  if (instruction instanceof Arg) return { kind: 'ARG', values: valuesOf(instruction) };
  if (instruction instanceof Env) return { kind: 'ENV', values: valuesOf(instruction) };
  if (instruction instanceof Label) return { kind: 'LABEL', values: valuesOf(instruction) };
  if (instruction instanceof Healthcheck) {
    return { kind: 'HEALTHCHECK', exec: execForm(content.replace(/^CMD\s+/, '')) };
  }
  if (instruction instanceof Copy) {
    const flags = instruction.getFlags().filter((flag) => flag.getName() !== 'from');
    if (flags.length > 0) throw new Error(`COPY with ${flags.join(' ')} is not replayed`);
    const from = instruction.getFromFlag()?.getValue() ?? undefined;
    const paths = instruction.getArguments().map((argument) => argument.getValue());
    return { kind: 'COPY', from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
  }
  if (kind === 'RUN' && instruction instanceof JSONInstruction) {
    // A cache between builds: npm has its own here.
    const others = instruction.getFlags().filter((flag) => !/type=cache/.test(String(flag)));
    if (others.length > 0) throw new Error(`RUN with ${others.join(' ')} is not replayed`);
    // There is no root file system of its own to be in.
    if (/(^|\s)\/\w/.test(content)) throw new Error(`RUN with an absolute path: ${content}`);
    return { kind, command: content };
  }
  switch (kind) {
    case 'WORKDIR':
    case 'USER':
    case 'STOPSIGNAL':
    case 'EXPOSE':
      return { kind, value: content };
    case 'ENTRYPOINT':
    case 'CMD':
      return { kind, exec: execForm(content) };
    default:
      throw new Error(`${kind} is not replayed: teach test/deploy what it does`);
  }
}

function valuesOf(instruction: PropertyInstruction): Values {
  const entries = instruction
    .getProperties()
    .map((each) => [each.getName(), each.getValue() ?? undefined] as const);
  return Object.fromEntries(entries);
}

/** A shell would get the signals, and the image may have none. */
function execForm(content: string): readonly string[] {
  const words: unknown = content.startsWith('[') ? JSON.parse(content) : undefined;
  if (!Array.isArray(words)) throw new Error(`not in exec form: ${content}`);
  return words.map(String);
}
