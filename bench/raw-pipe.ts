/*
 * Baseline 1, the floor: bytes in, bytes out, nothing looked at. Called with the ports of upstreams;
 * listens on one port for each.
 */
import { Agent, createServer, request as send } from 'node:http';

const agent = new Agent({ keepAlive: true, maxFreeSockets: 8192 });

for (const port of process.argv.slice(2)) {
  const server = createServer((request, response) => {
    const { method, url: path, headers } = request;
    const upstream = send({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(response);
      answer.once('error', () => response.destroy());
    });
    upstream.once('error', () => response.destroy());
    request.pipe(upstream);
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', 4096);
}
