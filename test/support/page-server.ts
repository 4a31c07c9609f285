import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import { urlOf } from './url-of.js';

const MODULES = join(import.meta.dirname, '../../node_modules');
const TYPES: Readonly<Record<string, string>> = {
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
};

/** The server of somebody's pages: an empty one at every path, and npm's packages under `/node_modules/`. */
export class PageServer {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<PageServer> {
    const server = createServer(({ url = '/' }, response) => {
      const { pathname } = new URL(url, 'http://localhost');
      if (!pathname.startsWith('/node_modules/')) {
        response.setHeader('content-type', 'text/html').end('<!doctype html><title>Page</title>');
        return;
      }
      const file = join(MODULES, pathname.slice('/node_modules/'.length));
      if (!existsSync(file)) response.writeHead(404).end();
      else
        response
          .setHeader('content-type', TYPES[extname(file)] ?? 'text/plain')
          .end(readFileSync(file));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PageServer(server, urlOf(server).replace('127.0.0.1', 'localhost'));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
