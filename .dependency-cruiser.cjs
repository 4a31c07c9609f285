/** Who may import whom: docs/architecture.md, executable. */
const rooms = [
  'access',
  'config',
  'backends',
  'generation',
  'limits',
  'redis',
  'telemetry',
  'tickets',
  'lifecycle',
  'ledger',
  'http',
  'sandbox',
];
const mayImport = (room, allowed, comment) => ({
  name: `${room}-imports`,
  comment,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '\\.spec\\.ts$' },
  to: {
    path: '^src/',
    pathNot: [room, ...allowed].map((each) => `^src/${each}/`),
  },
});

module.exports = {
  forbidden: [
    {
      name: 'contract-imports-nothing',
      comment:
        'The contract is the vocabulary all rooms share: it must be readable and usable without any of them.',
      severity: 'error',
      from: { path: '^src/contract/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^src/contract/' },
    },
    mayImport('config', ['contract'], 'Configuration is read before anything else exists.'),
    mayImport('access', ['contract', 'config'], 'Access knows callers, not what they ask for.'),
    mayImport('backends', ['contract', 'config'], 'A backend knows its upstream, not who asks.'),
    mayImport(
      'generation',
      ['contract', 'config'],
      'Generation knows no backend by name and no HTTP.',
    ),
    mayImport('redis', ['config'], 'One connection, whatever it is for.'),
    mayImport(
      'limits',
      ['contract', 'config', 'redis', 'ledger'],
      'What may be used is counted the same, however it is asked for and whoever answers.',
    ),
    mayImport(
      'tickets',
      ['contract', 'limits', 'redis'],
      'A ticket keeps what was asked, however it was, and looks at nothing of it.',
    ),
    mayImport('telemetry', ['contract', 'config'], 'Telemetry observes.'),
    mayImport('lifecycle', ['contract', 'config', 'generation'], 'Probes and drain ask admission.'),
    mayImport('ledger', ['contract', 'config'], 'The ledger keeps what it is told.'),
    mayImport(
      'http',
      ['contract', 'config', 'access', 'generation', 'ledger', 'limits', 'telemetry', 'tickets'],
      'HTTP speaks to callers; upstreams are behind generation.',
    ),
    mayImport('sandbox', ['config'], 'The sandbox is an upstream like any other: over HTTP.'),
    {
      name: 'backends-know-no-config-and-no-nest',
      comment:
        'A kind of upstream is plain code; live-backends.ts turns configuration into settings.',
      severity: 'error',
      from: { path: '^src/backends/[^/]+/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/config/|node_modules/@nestjs/' },
    },
    {
      name: 'backends-know-no-other-backend',
      comment: 'What two kinds share lives in backends/shared.',
      severity: 'error',
      from: { path: '^src/backends/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/backends/[^/]+/', pathNot: ['^src/backends/$1/', '^src/backends/shared/'] },
    },
    {
      name: 'shared-knows-no-backend',
      comment: 'backends/shared serves all kinds.',
      severity: 'error',
      from: { path: '^src/backends/shared/' },
      to: { path: '^src/backends/', pathNot: '^src/backends/shared/' },
    },
    {
      name: 'opentelemetry-where-spans-are-sent',
      comment: 'It is loaded with telemetry/tracing/start-tracing.ts, or not at all.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/telemetry/tracing/' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'rxjs-at-the-edge',
      comment: 'Pull inside, push at the edge: backends and generation speak AsyncIterable.',
      severity: 'error',
      from: {
        path: `^src/(${rooms.filter((room) => !['http', 'telemetry'].includes(room)).join('|')})/`,
      },
      to: { path: 'node_modules/rxjs/' },
    },
    {
      name: 'express-in-http',
      comment: 'Only http (and the interceptors of telemetry) see requests and responses.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(http|telemetry)/|^src/application\\.ts$|^src/start\\.ts$',
      },
      to: { path: 'node_modules/(@types/)?express/|node_modules/@nestjs/platform-express/' },
    },
    {
      name: 'dialects-are-pure',
      comment:
        'A dialect is JSON in, frames out. Responses, timers, Nest and generations are for its controller, and for http/stream, which serves all dialects.',
      severity: 'error',
      from: {
        path: '^src/http/dialects/',
        pathNot: '\\.(controller|docs|dto|middleware|pipe|spec)\\.ts$',
      },
      to: {
        path: [
          'node_modules/(@types/)?express/|node_modules/(@nestjs|rxjs|class-validator)/',
          '^(node:)?(timers|http|events)',
          '^src/(config|generation|telemetry)/',
          '^src/http/(body|pages|server|stream)/|^src/http/(request-context|routes)\\.ts$',
        ],
      },
    },
    {
      name: 'dialects-know-no-other-dialect',
      comment: 'What two dialects share lives in dialects/ itself, or in dialects/openai-shared.',
      severity: 'error',
      from: { path: '^src/http/dialects/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: '^src/http/dialects/[^/]+/',
        pathNot: ['^src/http/dialects/$1/', '^src/http/dialects/openai-shared/'],
      },
    },
    {
      name: 'no-circular',
      comment: 'A cycle has no first file to read.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'The image has production dependencies only.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg'],
        // Types of express: it is there through @nestjs/platform-express, and at run time only there.
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'not-unresolvable',
      comment: 'An import that resolves to nothing.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
