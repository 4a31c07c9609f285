import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { completion } from '../support/openai-script.js';
import { urlOf } from '../support/url-of.js';

/** Answers the first request of every connection as soon as it begins, and reads no more of it. */
function answersEarly(socket: Socket): void {
  socket.on('error', () => {});
  socket.once('data', (bytes) => {
    const isLarge = !bytes.includes('"small"');
    const body = isLarge ? '' : JSON.stringify(completion('Hello'));
    if (isLarge) socket.pause();
    const head = isLarge ? '413 Payload Too Large' : '200 OK\r\ncontent-type: application/json';
    socket.write(`HTTP/1.1 ${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  });
}

describe('An upstream that answers before it has read the request', () => {
  let server: Server;
  let gateway: Gateway;
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      answersEarly(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    gateway = await Gateway.start({
      backends: [{ id: 'early', kind: 'openai', baseUrl: `${urlOf(server)}/v1` }],
      models: [{ id: 'm', targets: ['early/m'] }],
    });
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await gateway.close();
  });

  function ask(content: string): Promise<Response> {
    const messages = [{ role: 'user', content }];
    return gateway.complete({ model: 'm', stream: false, messages });
  }

  it('leaves no rest of it before the request of the next caller', async () => {
    expect((await ask('x'.repeat(8 * 1024 * 1024))).status).toBe(400);
    const next = await ask('small');
    expect(next.status).toBe(200);
    expect(sockets.size).toBe(2);
  });
});
