import { chatCompletions } from './dialects/chat-completions/dialect.js';
import type { Dialect } from './dialects/dialect.js';
import { eventSource } from './dialects/event-source/dialect.js';
import { messages } from './dialects/messages/dialect.js';
import { responses } from './dialects/responses/dialect.js';

export interface HttpRoute {
  /** As Express has it: `*name` stands for one segment or more. */
  readonly path: string;
  /** `HEAD` where there is `GET`, as Express has it. */
  readonly methods: readonly ('GET' | 'HEAD' | 'POST' | 'DELETE')[];
  /**
   * `generation`: a `POST` has a body, which is read within `server.bodyLimit`; a refusal is counted.
   * `count`: the same, and nothing is generated, so that a refusal is not counted.
   * `ticket`: the same within 1 MiB, and a refusal is not counted: nothing is generated yet.
   * `probe`, `metrics`: for Kubernetes and Prometheus, by whatever name or address they reach the pod.
   * `admin`: for operators, with a key that says so; never for pages of other origins.
   * `admin-page`: their page, which holds no data and asks for the key itself.
   */
  readonly kind:
    | 'generation'
    | 'count'
    | 'ticket'
    | 'models'
    | 'probe'
    | 'metrics'
    | 'admin'
    | 'admin-page'
    | 'documentation';
  /** Absent: plain JSON or text. */
  readonly dialect?: Pick<Dialect<never, unknown>, 'name' | 'failure' | 'requestIdHeader'>;
}

const READ = ['GET', 'HEAD'] as const;

/**
 * Every path that there is: a test compares it with what Nest has registered. What answers 405, the
 * sentence of a 404, body limits, checks of pages and the count of refusals follow from it. Those
 * asked for most come first.
 */
export const ROUTES: readonly HttpRoute[] = [
  {
    path: '/v1/chat/completions',
    methods: ['POST'],
    kind: 'generation',
    dialect: chatCompletions,
  },
  { path: '/v1/responses', methods: ['POST'], kind: 'generation', dialect: responses },
  { path: '/v1/messages', methods: ['POST'], kind: 'generation', dialect: messages },
  { path: '/v1/messages/count_tokens', methods: ['POST'], kind: 'count', dialect: messages },
  { path: '/chat', methods: [...READ, 'POST'], kind: 'generation', dialect: eventSource },
  { path: '/chat/tickets', methods: ['POST'], kind: 'ticket' },
  { path: '/chat/*model', methods: [...READ, 'POST'], kind: 'generation', dialect: eventSource },
  { path: '/v1/models', methods: READ, kind: 'models' },
  { path: '/v1/models/*id', methods: READ, kind: 'models' },
  { path: '/livez', methods: READ, kind: 'probe' },
  { path: '/readyz', methods: READ, kind: 'probe' },
  { path: '/metrics', methods: READ, kind: 'metrics' },
  { path: '/admin', methods: READ, kind: 'admin-page' },
  { path: '/admin/page/:file', methods: READ, kind: 'admin-page' },
  { path: '/admin/usage', methods: READ, kind: 'admin' },
  // A HEAD would never be over.
  { path: '/admin/events', methods: ['GET'], kind: 'admin' },
  { path: '/admin/streams', methods: [...READ, 'DELETE'], kind: 'admin' },
  { path: '/admin/streams/:streamId', methods: [...READ, 'DELETE'], kind: 'admin' },
  { path: '/admin/targets', methods: READ, kind: 'admin' },
  { path: '/admin/targets/:id/close', methods: ['POST'], kind: 'admin' },
  { path: '/admin/config', methods: READ, kind: 'admin' },
  { path: '/openapi.json', methods: READ, kind: 'documentation' },
  { path: '/docs', methods: READ, kind: 'documentation' },
];

const MATCHERS = ROUTES.map((route) => ({ route, matcher: matcherOf(route.path) }));

/** The route of a path, in any case and with or without a slash at its end, as Express takes it. */
export function findRoute(path: string): HttpRoute | undefined {
  return MATCHERS.find(({ matcher }) => matcher.test(path))?.route;
}

/** What clients that ask for a path speak, also where there is nothing at it but below it (`/v1/messages/batches`). */
export function dialectOf(path: string): HttpRoute['dialect'] {
  const route = findRoute(path) ?? ROUTES.find((each) => isBelow(each.path, path));
  return route?.dialect;
}

function isBelow(parent: string, path: string): boolean {
  return path.toLowerCase().startsWith(`${parent}/`);
}

/** Below `/admin` also what no route knows is for operators: a new one cannot be open by mistake. */
export function kindOf(path: string): HttpRoute['kind'] | undefined {
  return findRoute(path)?.kind ?? (/^\/admin(\/|$)/i.test(path) ? 'admin' : undefined);
}

/** Of operators, also what needs no key. */
export function isForOperators(kind: HttpRoute['kind'] | undefined): boolean {
  return kind === 'admin' || kind === 'admin-page';
}

/** For programs that watch over Sluice, which know it by its address. */
export function isForWatchers(kind: HttpRoute['kind'] | undefined): boolean {
  return kind === 'probe' || kind === 'metrics';
}

/** Clients of Ollama ask here, and know errors in one shape of their own. */
export function isOllamaPath(path: string): boolean {
  return /^\/api(\/|$)/i.test(path);
}

function matcherOf(path: string): RegExp {
  const source = path.replace(/\./g, '\\.').replace(/\*\w+/g, '.+').replace(/:\w+/g, '[^/]+');
  return new RegExp(`^${source}/?$`, 'i');
}
