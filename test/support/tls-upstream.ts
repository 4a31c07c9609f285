import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { urlOf } from './url-of.js';

const TLS = join(import.meta.dirname, '../fixtures/tls');

/** An HTTPS server, known to nobody but `ca`. */
export class TlsUpstream {
  static readonly caFile = join(TLS, 'upstream.pem');
  static readonly ca = readFileSync(TlsUpstream.caFile, 'utf8');

  private constructor(
    /** `https://127.0.0.1:PORT` */
    readonly url: string,
    readonly port: number,
    readonly close: () => Promise<void>,
  ) {}

  /** One that answers everything with one JSON. */
  static start(answer: unknown): Promise<TlsUpstream> {
    return TlsUpstream.serving((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer));
    });
  }

  static async serving(listener: RequestListener): Promise<TlsUpstream> {
    const key = readFileSync(join(TLS, 'upstream.key'));
    const cert = TlsUpstream.ca;
    const server = createServer({ key, cert }, listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = urlOf(server).replace('http:', 'https:');
    return new TlsUpstream(url, Number(new URL(url).port), async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    });
  }
}
