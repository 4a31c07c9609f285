import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { messageLine, ndjson, ollama } from '../support/ollama-script.js';
import { contentChunk, openAi, sse } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';

const BURST_BYTES = 4 * 1024 * 1024;
/** Turns are counted, not time: it was 350 to 510 with a bounded turn, 2 to 19 without the bound. */
const MIN_TOKENS = 100;

/** Who bursts, and who is paced beside it. */
const bursts = [
  ['openai', 'gpt-only', openAi, sse(contentChunk(' token'))],
  ['ollama', 'llama3', ollama, ndjson(messageLine({ content: ' token' }))],
] as const;
const forms = ['/chat', '/v1/chat/completions'];

function requestBody(form: string, model: string): object {
  const messages = [{ role: 'user', content: 'Hi' }];
  return form === '/chat' ? { model, messages } : { model, messages, stream: true };
}

describe('a paced stream', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start();
  });
  afterAll(() => gateway.close());

  /** Asks, and looks at no more than the end: reading it all would take more of our one thread than Sluice does. */
  async function wholeAnswer(form: string, model: string): Promise<void> {
    const { host, hostname, port } = new URL(gateway.url);
    const body = JSON.stringify(requestBody(form, model));
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${form} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    let end = '';
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      end = (end + bytes.toString('latin1', Math.max(0, bytes.length - 5))).slice(-5);
      if (end === '0\r\n\r\n') break;
    }
  }

  /** How many tokens came one by one, each sent when the one before had arrived, during the burst. */
  async function tokensBeside(
    form: string,
    [id, model, scripts, piece]: (typeof bursts)[number],
  ): Promise<number> {
    const burst = scripts.stepper();
    gateway[id].script(burst.script);
    const paced = id === 'openai' ? ollama.stepper() : openAi.stepper();
    gateway[id === 'openai' ? 'ollama' : 'openai'].script(paced.script);

    const responding = gateway.post(
      form,
      requestBody(form, id === 'openai' ? 'llama3' : 'gpt-only'),
    );
    await paced.next('first');
    const reader = new SseReader(await responding);
    await reader.nextEvent();
    if (form !== '/chat' && id === 'ollama') await reader.nextEvent();

    const burstState = { over: false };
    const whole = wholeAnswer(form, model).then(() => (burstState.over = true));
    await burst.open();
    const atOnce = Buffer.from(piece.repeat(BURST_BYTES / piece.length));
    const bursting = burst.send(atOnce).then(() => burst.finish());

    let tokens = 0;
    for (; !burstState.over; tokens += 1) {
      const arriving = reader.nextEvent();
      await paced.next('tick');
      await arriving;
    }
    await Promise.all([whole, bursting, paced.finish()]);
    await reader.all();
    return tokens;
  }

  it.each(forms.flatMap((form) => bursts.map((burst) => [form, burst[0], burst] as const)))(
    'on %s goes on while %s delivers 4 MiB at once',
    async (form, _, burst) => {
      expect(await tokensBeside(form, burst)).toBeGreaterThan(MIN_TOKENS);
    },
  );
});
