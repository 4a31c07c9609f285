import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { GatewayConfig } from '../../config/schema/gateway-config.js';
import { boundConnections } from './server-timeouts.js';

/**
 * A port beside the public one, for whoever watches and runs Sluice (`server.adminPort`). It is there
 * until the process exits: a drain is when people look.
 */
@Injectable()
export class AdminListener implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Admin');
  readonly #requests = new WeakSet<IncomingMessage>();
  #server: Server | undefined;

  constructor(
    private readonly config: GatewayConfig,
    private readonly host: HttpAdapterHost,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { adminPort, adminHost } = this.config.server;
    if (adminPort === undefined) return;
    const application = this.host.httpAdapter.getInstance<RequestListener>();
    const server = createServer((request, response) => {
      this.#requests.add(request);
      application(request, response);
    });
    boundConnections(server, this.config.server);
    server.listen(adminPort, adminHost);
    await once(server, 'listening');
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.#logger.log('listening for operators', { address, port });
  }

  /** Where it listens; absent: nowhere. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Whether it came in here. */
  has(request: IncomingMessage): boolean {
    return this.#requests.has(request);
  }

  /** The server that `request` came in at. */
  serverOf(request: IncomingMessage): Server {
    const publicServer = this.host.httpAdapter.getHttpServer() as Server;
    return (this.has(request) ? this.#server : undefined) ?? publicServer;
  }

  onApplicationShutdown(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}
