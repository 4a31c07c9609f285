import { SAMPLERS, type TracingConfig } from '../schema/tracing-config.js';
import { isHttpUrl } from '../rules/upstream-rules.js';

type Environment = Readonly<NodeJS.ProcessEnv>;
type Complain = (path: string, message: string | undefined) => void;

/** Nothing where no receiver is named, or traces are switched off. */
export function tracingIn(env: Environment, complain: Complain): TracingConfig | undefined {
  const isDisabled = env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true';
  const exporters = (env['OTEL_TRACES_EXPORTER'] || 'otlp').split(',').map((name) => name.trim());
  const endpoint = endpointIn(env);
  if (!endpoint || isDisabled || !exporters.includes('otlp')) return undefined;
  const { name, url } = endpoint;
  if (!isHttpUrl(url)) complain(name, 'must be a URL such as http://collector.internal:4318');
  const pairs = (variable: string) => pairsIn(env, variable, complain);
  const serviceName = env['OTEL_SERVICE_NAME'];
  return {
    url,
    headers: {
      ...pairs('OTEL_EXPORTER_OTLP_HEADERS'),
      ...pairs('OTEL_EXPORTER_OTLP_TRACES_HEADERS'),
    },
    ...samplerIn(env, complain),
    resource: {
      ...pairs('OTEL_RESOURCE_ATTRIBUTES'),
      ...(serviceName && { 'service.name': serviceName }),
    },
  };
}

/** The one for traces is used as it is; the one for all signals has theirs below it. */
function endpointIn(env: Environment): { name: string; url: string } | undefined {
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (own) return { name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', url: own };
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const url = base && `${base.replace(/\/+$/, '')}/v1/traces`;
  return url ? { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', url } : undefined;
}

function samplerIn(
  env: Environment,
  complain: Complain,
): Pick<TracingConfig, 'sampler' | 'samplerRatio'> {
  const name = env['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on';
  const sampler = SAMPLERS.find((each) => each === name) ?? 'parentbased_always_on';
  if (sampler !== name) complain('OTEL_TRACES_SAMPLER', `must be one of ${SAMPLERS.join(', ')}`);
  const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG'] || '1');
  if (sampler.endsWith('ratio') && !(ratio >= 0 && ratio <= 1)) {
    complain('OTEL_TRACES_SAMPLER_ARG', 'must be a number from 0 to 1');
  }
  return { sampler, samplerRatio: ratio };
}

/** `name=value,other=value`, with what is special in them as in a URL. The values may be secret. */
function pairsIn(env: Environment, name: string, complain: Complain): Record<string, string> {
  const pairs = (env[name] ?? '').split(',').filter((pair) => pair.trim() !== '');
  try {
    return Object.fromEntries(pairs.map(toPair));
  } catch {
    complain(name, 'must be pairs such as name=value,other=value, escaped as in a URL');
    return {};
  }
}

function toPair(text: string): [string, string] {
  const end = text.indexOf('=');
  const name = decodeURIComponent(text.slice(0, Math.max(end, 0)).trim());
  if (name === '') throw new URIError('no name');
  return [name, decodeURIComponent(text.slice(end + 1).trim())];
}
