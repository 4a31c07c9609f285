import type { GatewayConfig } from './config/schema/gateway-config.js';

/** What whoever started Sluice needs to know: where it is, and what to try. */
export function banner(config: GatewayConfig, port: number): string {
  const host = config.server.host === '0.0.0.0' ? '127.0.0.1' : config.server.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const models = config.models.map(({ id }) => id).join(', ');
  const isSandbox = config.backends.some(({ sandbox }) => sandbox);
  return [
    '',
    `Sluice listens on ${url}`,
    `  models   ${models}`,
    `  OpenAI   ${url}/v1`,
    `  browser  ${url}/chat?message=Hello`,
    `  docs     ${url}/docs`,
    '',
    'Try it:',
    `  curl -N "${url}/chat?message=Hello"`,
    `  curl -N "${url}/v1/chat/completions" -H "content-type: application/json" -d '${JSON.stringify(
      {
        model: config.defaultModel,
        stream: true,
        messages: [{ role: 'user', content: 'Hello' }],
      },
    )}'`,
    `  curl "${url}/v1/models"`,
    '',
    ...(isSandbox ? SANDBOX_LINES : []),
  ].join('\n');
}

const SANDBOX_LINES = [
  'This is the sandbox: no model is asked and every answer is canned.',
  'With a key of your own:',
  '  OPENAI_API_KEY="sk-…" SLUICE_CONFIG="config/openai-ollama.yaml" npm start',
  '',
];
