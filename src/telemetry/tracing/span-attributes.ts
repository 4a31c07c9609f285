import type { Attributes } from '@opentelemetry/api';
import { perSnapshot } from '../../config/per-snapshot.js';
import type { BackendConfig } from '../../config/schema/backend-config.js';
import type { Fault } from '../../contract/faults.js';
import type { AttemptRecord, GenerationRecord } from '../../contract/generation.js';
import { WAITED_FOR } from '../../contract/waits.js';

/* The names are OpenTelemetry's (HTTP, GenAI); what they have no name for begins with `sluice.`. */

/** Methods that are named; others would be names of spans that anybody can make up. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']);

/** A request, as it arrives. */
export interface ArrivedRequest {
  readonly id: string;
  readonly method: string;
  /** The template of its path. */
  readonly route: string;
  /** Without its query. */
  readonly path: string;
}

/** What it was answered with. */
export interface SentResponse {
  /** Absent: the caller left before there was one. */
  readonly status?: number | undefined;
  /** Why it was refused, or failed before its first byte. */
  readonly fault?: Fault | undefined;
  /** Who asked, by the name that metrics have for it. */
  readonly caller: string;
}

export function requestSpanName({ method, route }: ArrivedRequest): string {
  return `${METHODS.has(method) ? method : 'HTTP'} ${route}`;
}

export function requestAttributes({ id, method, route, path }: ArrivedRequest): Attributes {
  return {
    'http.request.method': METHODS.has(method) ? method : '_OTHER',
    'http.route': route,
    'url.path': path,
    'sluice.request_id': id,
  };
}

export function responseAttributes(
  { status, caller }: SentResponse,
  fault: Fault | undefined,
): Attributes {
  return {
    'http.response.status_code': status,
    'sluice.caller': caller,
    'error.type': fault,
  };
}

export function generationAttributes(record: GenerationRecord): Attributes {
  const attributes: Attributes = {
    'sluice.stream_id': record.id,
    'sluice.model': record.model,
    'sluice.dialect': record.dialect,
    'sluice.streaming': record.streaming,
    'sluice.attempts': record.attemptsBegun,
    'sluice.end_reason': record.endReason,
  };
  const { ms } = record.waits;
  for (const on of WAITED_FOR) {
    const whole = Math.round(ms[on]);
    if (whole > 0) attributes[`sluice.waited_ms.${on}`] = whole;
  }
  return attributes;
}

export function attemptEndAttributes({ outcome, ...attempt }: AttemptRecord): Attributes {
  const { usage } = attempt;
  return {
    'error.type': outcome === 'ok' || outcome === 'cancelled' ? undefined : outcome,
    'sluice.outcome': outcome,
    'sluice.upstream_request_id': attempt.requestId,
    'http.response.status_code': attempt.status,
    'gen_ai.response.model': attempt.upstreamModel,
    'gen_ai.usage.input_tokens': usage?.input,
    'gen_ai.usage.output_tokens': usage?.output,
    'gen_ai.usage.cache_read.input_tokens': usage?.cachedInput,
    'gen_ai.usage.cache_creation.input_tokens': usage?.cacheWrite,
    'gen_ai.usage.reasoning.output_tokens': usage?.reasoning,
  };
}

/** What every attempt at a backend says of it, by the backend's id. */
export const backendAttributes = perSnapshot(
  ({ backends }) => new Map(backends.map((each) => [each.id, attributesOf(each)])),
);

function attributesOf({ id, kind, baseUrl }: BackendConfig): Attributes {
  const about = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': kind,
    'sluice.backend': id,
  };
  if (baseUrl === undefined) return about;
  const { hostname, port, protocol } = new URL(baseUrl);
  const defaultPort = protocol === 'https:' ? 443 : 80;
  return {
    ...about,
    'server.address': hostname,
    'server.port': port === '' ? defaultPort : Number(port),
  };
}
