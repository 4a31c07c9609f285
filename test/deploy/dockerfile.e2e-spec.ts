import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './build-context.js';
import { parseDockerfile } from './dockerfile.js';

const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

describe('The Dockerfile', () => {
  it('is built on the Node.js that npm ci brings, with an exact version', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const { args, stages } = parseDockerfile(DOCKERFILE);
    expect(args['NODE_IMAGE']).toBe(`node:${devDependencies['node']}-trixie-slim`);
    const names = stages.map(({ name }) => name);
    for (const { base } of stages) expect(['${NODE_IMAGE}', ...names]).toContain(base);
  });

  it('installs packages before it copies what changes more often', () => {
    for (const { steps } of parseDockerfile(DOCKERFILE).stages) {
      const install = steps.findIndex((step) => step.kind === 'RUN' && /npm ci/.test(step.command));
      const before = steps.slice(0, Math.max(0, install)).filter(({ kind }) => kind === 'COPY');
      expect(before.flatMap((step) => (step.kind === 'COPY' ? step.sources : []))).toEqual(
        install < 0 ? [] : ['package.json', 'package-lock.json'],
      );
    }
  });

  it.each([
    ['an instruction that is not known here', 'ADD x y', /ADD is not replayed/],
    ['another platform', 'FROM --platform=linux/arm64 x', /FROM with --platform/],
    ['an owner of copies', 'COPY --chown=1000 x y', /COPY with --chown=1000/],
    ['a mounted secret', 'RUN --mount=type=secret,id=x true', /RUN with --mount/],
    ['an absolute path', 'RUN rm -rf /usr/local/lib', /absolute path/],
    ['an entry point in a shell', 'ENTRYPOINT node dist/main.js', /not in exec form/],
    ['a health check in a shell', 'HEALTHCHECK CMD curl localhost', /not in exec form/],
    ['what it does not inherit', 'ONBUILD RUN true', /ONBUILD is not replayed/],
  ])('is not replayed as if nothing were there with %s', (_, line, fault) => {
    expect(() => parseDockerfile(`FROM scratch\n${line}\n`)).toThrow(fault);
  });
});
