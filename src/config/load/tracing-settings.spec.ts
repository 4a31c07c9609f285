import { describe, expect, it } from 'vitest';
import { tracingIn } from './tracing-settings.js';

function tracing(env: Record<string, string>) {
  const faults: string[] = [];
  const config = tracingIn(env, (path, message) => faults.push(`${path} ${message}`));
  return { config, faults };
}

const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';

describe('Where traces are sent', () => {
  it.each([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT }, 'http://collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/otlp/' }, 'https://c/otlp/v1/traces'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other/t' },
      'http://other/t',
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'no' }, 'http://collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'console, otlp' },
      'http://collector:4318/v1/traces',
    ],
  ])('with %o is %s', (env, url) => {
    expect(tracing(env)).toMatchObject({ faults: [] });
    expect(tracing(env).config?.url).toBe(url);
  });

  it('has headers of all signals and its own, which win', () => {
    const { config } = tracing({
      OTEL_EXPORTER_OTLP_ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1, b=x%2Cy=z,',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=2',
    });
    expect(config?.headers).toEqual({ a: '2', b: 'x,y=z' });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'c' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=%zz' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [{ OTEL_RESOURCE_ATTRIBUTES: '=secret' }, 'OTEL_RESOURCE_ATTRIBUTES'],
    [{ OTEL_TRACES_SAMPLER: 'secret' }, 'OTEL_TRACES_SAMPLER'],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' },
      'OTEL_TRACES_SAMPLER_ARG',
    ],
  ])('of %o names what is wrong, and not its value', (env, name) => {
    const { faults } = tracing({ OTEL_EXPORTER_OTLP_ENDPOINT, ...env });
    expect(faults).toEqual([expect.stringMatching(`^${name} must be`)]);
    expect(faults.join()).not.toContain('secret');
  });

  it('does not matter where nothing is sent', () => {
    expect(tracing({ OTEL_TRACES_SAMPLER: 'odd' })).toEqual({ config: undefined, faults: [] });
  });
});
