import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { Admission } from '../generation/admission.js';

/** How often idle keep-alive connections are closed while the process is on its way out. */
const CLOSE_IDLE_EVERY_MS = 250;

/** On SIGTERM: nobody new comes in, running streams finish, then the process goes on to exit. */
@Injectable()
export class DrainService implements BeforeApplicationShutdown {
  readonly #logger = new Logger('Drain');

  constructor(
    private readonly admission: Admission,
    private readonly host: HttpAdapterHost,
  ) {}

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    this.admission.close();
    const { running } = this.admission;
    if (signal) this.#logger.log('draining', { signal, running });
    // A connection whose stream ends after server.close() would hold the exit for keepAliveMs.
    const server = this.host.httpAdapter.getHttpServer() as Server;
    setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS).unref();
    await this.admission.idle();
  }
}
