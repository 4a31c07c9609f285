import type { GatewayConfig } from './config/schema/gateway-config.js';

/** More than that nobody reads. */
const MAX_MODELS = 8;

/** Where a service that has started is, and from what. */
export interface Started {
  readonly config: GatewayConfig;
  /** It was read from. */
  readonly file: string;
  readonly port: number;
}

/** What whoever started Sluice on a terminal needs to know: where it is, what holds, and what to try. */
export function banner({ config, file, port }: Started): string {
  const { server, access } = config;
  const url = urlOf(server.host, port);
  const { adminPort, adminHost } = server;
  // 0 is whichever port was free: the log has it.
  const adminUrl = adminPort ? urlOf(adminHost, adminPort) : url;
  const key = access.mode === 'open' ? '' : ' -H "authorization: Bearer $SLUICE_KEY"';
  return [
    '',
    `Sluice listens on ${url}`,
    `  config   ${file}`,
    `  callers  ${callersOf(config)}`,
    `  models   ${modelsOf(config)}`,
    `  OpenAI   ${url}/v1`,
    `  browser  ${url}/chat?message=Hello`,
    `  docs     ${url}/docs`,
    `  admin    ${adminUrl}/admin`,
    `  metrics  ${adminUrl}/metrics`,
    '',
    'Try it:',
    `  curl -N "${url}/chat?message=Hello"${key}`,
    `  curl -N "${url}/v1/chat/completions"${key} -H "content-type: application/json" -d '${JSON.stringify(
      {
        model: config.defaultModel,
        stream: true,
        messages: [{ role: 'user', content: 'Hello' }],
      },
    )}'`,
    `  curl "${url}/v1/models"${key}`,
    '',
    ...(key === '' ? [] : KEY_LINES),
    ...(isSandbox(config) ? SANDBOX_LINES : []),
  ].join('\n');
}

/** The same in one line of JSON, for machines that collect the log. */
export function startedLine({ config, file, port }: Started): object {
  return {
    config: file,
    sha256: config.sha256,
    access: config.access.mode,
    models: config.models.length,
    ...(isSandbox(config) && { sandbox: true }),
    url: urlOf(config.server.host, port),
  };
}

export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function callersOf({ access }: GatewayConfig): string {
  if (access.mode === 'open') return 'anybody who reaches the port, without a key';
  const keys = access.keys?.length ?? 0;
  return [
    ...(keys > 0 ? [`${keys} ${keys === 1 ? 'key' : 'keys'}`] : []),
    ...(access.jwt ? [`tokens of ${access.jwt.issuer}`] : []),
  ].join(', ');
}

function modelsOf({ models }: GatewayConfig): string {
  const names = models.filter(({ disabled }) => !disabled).map(({ id }) => id);
  const rest = names.length - MAX_MODELS;
  const shown = names.slice(0, MAX_MODELS).join(', ');
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function isSandbox({ backends }: GatewayConfig): boolean {
  return backends.some(({ sandbox }) => sandbox);
}

const KEY_LINES = [
  'SLUICE_KEY is a key to Sluice: "npm run key" makes one, and says where its hash goes.',
  '',
];

const SANDBOX_LINES = [
  'This is the sandbox: no model is asked and every answer is canned.',
  'With a key of your own:',
  '  OPENAI_API_KEY="sk-…" SLUICE_CONFIG="config/openai-ollama.yaml" npm start',
  '',
];
