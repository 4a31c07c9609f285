/*
 * Baseline 2, the least that a gateway which knows what it relays can do: events are split, parsed,
 * built again and written. No checks, no deadlines, no metrics, no logs. Called as the raw pipe is.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as send,
  type ServerResponse,
} from 'node:http';

const agent = new Agent({ keepAlive: true, maxFreeSockets: 8192 });

for (const port of process.argv.slice(2)) {
  const server = createServer((request, response) => {
    relay(Number(port), request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', 4096);
}

async function relay(
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = JSON.stringify(JSON.parse(await textOf(request)));
  const { method, url: path } = request;
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const upstream = send({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
    const type = answer.headers['content-type'] ?? '';
    response.writeHead(answer.statusCode!, { 'content-type': type });
    if (type.startsWith('text/event-stream')) return relayEvents(answer, response);
    textOf(answer).then(
      (text) => response.end(JSON.stringify(JSON.parse(text))),
      () => response.destroy(),
    );
  });
  upstream.once('error', () => response.destroy());
  upstream.end(body);
  response.once('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
}

function relayEvents(answer: IncomingMessage, response: ServerResponse): void {
  let rest = '';
  answer.setEncoding('utf8');
  answer.on('data', (text: string) => {
    const events = (rest + text).split('\n\n');
    rest = events.pop()!;
    let isTaken = true;
    for (const event of events) {
      const data = event.slice('data: '.length);
      const frame = data === '[DONE]' ? data : JSON.stringify(JSON.parse(data));
      isTaken = response.write(`data: ${frame}\n\n`);
    }
    if (isTaken) return;
    answer.pause();
    response.once('drain', () => answer.resume());
  });
  answer.once('end', () => response.end());
  answer.once('error', () => response.destroy());
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of message.setEncoding('utf8')) text += piece;
  return text;
}
