import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anthropic } from '../support/anthropic-script.js';
import { BodyReader } from '../support/body-reader.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { within } from '../support/within.js';

/** As Claude Code asks: its betas, its fields, its query. */
const BODY = {
  max_tokens: 32_000,
  stream: true,
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2' },
    { type: 'text', text: 'You are Claude Code.', cache_control: { type: 'ephemeral' } },
  ],
  messages: [
    {
      role: 'user',
      content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } }],
    },
  ],
  tools: [
    {
      name: 'Bash',
      input_schema: { type: 'object' },
      defer_loading: true,
      eager_input_streaming: true,
    },
  ],
  thinking: { type: 'adaptive' },
  output_config: { effort: 'high' },
  context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
  metadata: { user_id: 'user_1' },
};
const HEADERS = {
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'claude-code-20250219,context-management-2025-06-27,of-tomorrow-2027-01-01',
  'anthropic-of-tomorrow': 'yes',
  'x-claude-code-session-id': 's',
};

/** @see https://code.claude.com/docs/en/llm-gateway-protocol */
describe('What Claude Code asks of a gateway', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { heartbeatMs: 20 } });
  });
  afterEach(() => gateway.close());

  const ask = (model: string, headers = HEADERS) =>
    gateway.post('/v1/messages?beta=true', { model, ...BODY }, headers);

  it('is given to an upstream of Anthropic’s kind field for field, in its order', async () => {
    gateway.anthropic.script(anthropic.streamsText(['Hello']));
    expect((await ask('claude')).status).toBe(200);
    const { body, headers } = gateway.anthropic.requests[0]!;
    expect(JSON.stringify(body)).toBe(
      JSON.stringify({ model: 'claude-x', ...BODY, ...reordered(body) }),
    );
    expect(headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      'anthropic-beta': HEADERS['anthropic-beta'],
      'anthropic-of-tomorrow': 'yes',
    });
  });

  it.each([
    ['gpt-only', 'openai'],
    ['llama3', 'ollama'],
  ] as const)('is answered by %s, which knows nothing of it', async (model, id) => {
    gateway.openai.script(openAi.streamsText(['Hello']));
    gateway.ollama.script(ollama.streamsText(['Hello']));
    const response = await ask(model);
    expect(response.headers.get('x-sluice-ignored')).toBeNull();
    const { messages } = (await gateway[id].request(0)).body as { messages: { role: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
  });

  it('hears a ping in every silence, long before it gives up after 300 s', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const asking = ask('gpt-only');
    await step.next('Hel');
    const reader = new BodyReader(await asking);
    while (!reader.raw.includes('event: ping\ndata: {"type":"ping"}\n\n')) {
      await within(reader.next(), 'a ping comes');
    }
    await step.finish();
    await within(reader.all(), 'the stream ends');
    expect(reader.raw.endsWith('data: {"type":"message_stop"}\n\n')).toBe(true);
  });

  it('lists models with what it looks at', async () => {
    const response = await gateway.get('/v1/models?limit=1000');
    const { data } = (await response.json()) as { data: object[] };
    expect(data).toContainEqual(
      expect.objectContaining({ id: 'claude', display_name: 'claude', type: 'model' }),
    );
  });

  it('may look whether somebody is there', async () => {
    const response = await fetch(`${gateway.url}/api/hello`, { method: 'HEAD' });
    expect(response.status).toBe(404);
  });

  it.each<[string, Record<string, string>]>([
    ['ANTHROPIC_AUTH_TOKEN', { authorization: 'Bearer k' }],
    ['ANTHROPIC_API_KEY', { 'x-api-key': 'k' }],
    ['both', { authorization: 'Bearer k', 'x-api-key': 'k' }],
  ])('is not sent on with the key of %s', async (_, key) => {
    gateway.anthropic.script(anthropic.streamsText(['Hello']));
    await ask('claude', { ...HEADERS, ...key });
    const { headers } = gateway.anthropic.requests[0]!;
    expect(headers['x-api-key']).toBe('sk-ant-upstream-secret');
    expect(headers).not.toHaveProperty('authorization');
  });
});

/** The two fields that are ours to say, where JSON has them. */
function reordered({ model, stream }: Readonly<Record<string, unknown>>): object {
  return { model, stream };
}
