import { type BootFacts, EVERY_INTERFACE, type Opens } from './boot-facts.js';
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
    `Sluice listens on ${url}${EVERY_INTERFACE.has(facts.host) ? ' and every other interface' : ''}`,
    `  config   ${facts.config}`,
    `  models   ${models.join(', ')}${more}`,
    `  callers  ${callersText(facts, config)}`,
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
    ...(isOpen ? [] : KEY_LINES),
    ...(facts.sandbox ? SANDBOX_LINES : []),
  ].join('\n');
}

function callersText({ access, keys }: BootFacts, config: GatewayConfig): string {
  if (access === 'open') return 'anybody who reaches the port, without a key';
  return [
    ...(keys > 0 ? [`${keys} ${keys === 1 ? 'key' : 'keys'}`] : []),
    ...(config.access.jwt ? [`tokens of ${config.access.jwt.issuer}`] : []),
  ].join(', ');
}

function curls({ url, access }: BootFacts, model: string): string[] {
  const key = access === 'open' ? '' : ' -H "authorization: Bearer $SLUICE_KEY"';
  const body = { model, stream: true, messages: [{ role: 'user', content: 'Hello' }] };
  return [
    `curl -N "${url}/chat?message=Hello"${key}`,
    `curl -N "${url}/v1/chat/completions"${key} -H "content-type: application/json" -d '${JSON.stringify(body)}'`,
    `curl "${url}/v1/models"${key}`,
  ];
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
