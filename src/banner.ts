import type { BootFacts, Opens } from './boot-facts.js';
import type { GatewayConfig } from './config/schema/gateway-config.js';

const OPENS: Readonly<Record<Opens, string>> = {
  everybody: '',
  'this machine': '  from this machine',
  'admin key': '  with a key that has "admin: true"',
  nobody: '  for nobody: give a key "admin: true", or set server.adminPort',
};

/** The same facts for whoever sits at the terminal, with what to try. */
export function banner(facts: BootFacts, config: GatewayConfig): string {
  const { url, models, moreModels } = facts;
  const isOpen = facts.access === 'open';
  const more = moreModels > 0 ? `, and ${moreModels} more: ${url}/v1/models` : '';
  return [
    '',
    `Sluice listens on ${url}`,
    `  config   ${facts.config}`,
    `  models   ${models.join(', ')}${more}`,
    `  access   ${accessText(facts)}`,
    `  OpenAI   ${url}/v1`,
    // A page is opened without a key.
    ...(isOpen ? [`  browser  ${url}/chat?message=Hello`] : []),
    `  admin    ${facts.admin}${OPENS[facts.adminFor]}`,
    `  metrics  ${facts.metrics}${OPENS[facts.metricsFor]}`,
    `  docs     ${facts.docs}${isOpen ? '' : '  with a key'}`,
    ...facts.warnings.map((warning) => `  warning  ${warning}`),
    '',
    'Try it:',
    ...curls(facts, config.defaultModel).map((line) => `  ${line}`),
    '',
    ...(config.backends.some(({ sandbox }) => sandbox) ? SANDBOX_LINES : []),
  ].join('\n');
}

function accessText({ access, keys }: BootFacts): string {
  if (access === 'open') return 'open: no key is needed';
  const keysText = `${keys} ${keys === 1 ? 'key' : 'keys'}`;
  return access === 'keys' ? `keys: ${keysText}` : `jwt: tokens, and ${keysText}`;
}

function curls({ url, access }: BootFacts, model: string): string[] {
  const key = access === 'open' ? '' : ' -H "authorization: Bearer <your key>"';
  const body = { model, stream: true, messages: [{ role: 'user', content: 'Hello' }] };
  return [
    `curl -N "${url}/chat?message=Hello"${key}`,
    `curl -N "${url}/v1/chat/completions"${key} -H "content-type: application/json" -d '${JSON.stringify(body)}'`,
    `curl "${url}/v1/models"${key}`,
  ];
}

const SANDBOX_LINES = [
  'With a key of your own:',
  '  OPENAI_API_KEY="sk-…" SLUICE_CONFIG="config/openai-ollama.yaml" npm start',
  '',
];
