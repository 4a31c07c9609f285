import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { within } from '../support/within.js';

const body = JSON.stringify({
  model: 'gpt-only',
  stream: true,
  messages: [{ role: 'user', content: 'Hi' }],
});

/** What an HTTP client sees of a stream that was cut, at the level of the connection. */
describe('A cut stream', () => {
  let gateway: Gateway;
  let socket: Socket;
  let received: string;

  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsTextThenEnds(['Hel', 'lo']));
    const { hostname, port } = new URL(gateway.url);
    socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
  });
  afterEach(() => gateway.close());

  function ask(version: '1.0' | '1.1'): void {
    const head = `POST /v1/chat/completions HTTP/${version}\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    socket.write(head + body);
  }

  it('lets go of a caller that keeps its half of the connection open', async () => {
    const connecting = once(gateway.server, 'connection') as Promise<[Socket]>;
    ask('1.1');
    const [served] = await connecting;
    await within(once(socket, 'end'), 'the connection ends');
    expect(received).toContain('"content":"lo"');
    expect(received).toContain('"code":"upstream_cut"');
    expect(received).not.toContain('\r\n0\r\n\r\n');
    if (!served.destroyed) await within(once(served, 'close'), 'the socket is closed');
    socket.destroy();
  });

  it('is reset for HTTP/1.0, where any other end would look well', async () => {
    ask('1.0');
    const [error] = (await within(once(socket, 'error'), 'the reset')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    expect(received).toContain('"content":"lo"');
    expect(received).toContain('"code":"upstream_cut"');
  });
});
