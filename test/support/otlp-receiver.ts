import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { text } from 'node:stream/consumers';
import { urlOf } from './url-of.js';

type Attributes = Readonly<Record<string, unknown>>;

/** A span, as whoever looks at a trace reads it. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly isError: boolean;
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
}

/* OTLP in JSON, as far as it is looked at. */
interface Value {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly Value[] };
}
type Pairs = readonly { readonly key: string; readonly value: Value }[];
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Pairs;
  readonly events: readonly { readonly name: string; readonly attributes: Pairs }[];
  readonly status: { readonly code: number };
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Pairs };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** A receiver for OTLP over HTTP on a free port that keeps what it is sent. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Everything it was sent, as it was. */
  readonly bodies: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  /** What it was told of the last sender. */
  resource: Attributes = {};
  /** What it answers with; `0` is no answer at all. */
  status = 200;
  answer = '{}';

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** @param port absent: a free one */
  static async start(port = 0): Promise<OtlpReceiver> {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new OtlpReceiver(urlOf(server), server);
  }

  /** What Sluice's environment says to have it send here. */
  get env(): Record<string, string> {
    return { OTEL_EXPORTER_OTLP_ENDPOINT: this.url };
  }

  /** Resolves with the next request. */
  async received(): Promise<void> {
    await once(this.server, 'received');
  }

  /** The one span that a request has, and those of its attempts in their order. */
  trace(): { readonly request: ReceivedSpan; readonly attempts: readonly ReceivedSpan[] } {
    const [request, ...more] = this.spans.filter(({ kind }) => kind === 'server');
    if (!request || more.length > 0) throw new Error(`No one request: ${this.bodies.join('\n')}`);
    return { request, attempts: this.spans.filter(({ kind }) => kind === 'client') };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    this.headers.push(request.headers);
    if (this.status === 0) return;
    if (this.status === 200) this.#keep(body);
    response.writeHead(this.status, { 'content-type': 'application/json' }).end(this.answer);
    this.server.emit('received');
  }

  #keep(body: string): void {
    this.bodies.push(body);
    for (const { resource, scopeSpans } of (JSON.parse(body) as OtlpRequest).resourceSpans) {
      this.resource = toAttributes(resource.attributes);
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans.map(toSpan)));
    }
  }
}

function toSpan(span: OtlpSpan): ReceivedSpan {
  const { name, traceId, spanId, parentSpanId, traceState, kind, events } = span;
  const nanos = BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano);
  return {
    name,
    kind: kind === 2 ? 'server' : 'client',
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    traceState: traceState || undefined,
    isError: span.status.code === 2,
    durationMs: Number(nanos) / 1e6,
    attributes: toAttributes(span.attributes),
    events: events.map((each) => ({ name: each.name, attributes: toAttributes(each.attributes) })),
  };
}

function toAttributes(pairs: Pairs): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, toValue(value)]));
}

function toValue({ arrayValue, ...value }: Value): unknown {
  return arrayValue ? arrayValue.values.map(toValue) : Object.values(value)[0];
}
