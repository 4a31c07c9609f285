import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { DiagnosticsChannel } from 'undici';
import { adoptAsyncContext } from './async-context.js';
import { wasConnected } from '../errors/upstream-fault.js';

/**
 * One request on its way to an upstream. undici says through Node's diagnostics channels which
 * socket it is written to, and when; its requests are known again by their bodies. The channels
 * speak once per request and per failed connection, never per chunk.
 */
export class DispatchedRequest {
  readonly body: Buffer;
  readonly #inContext = AsyncLocalStorage.snapshot();
  #socket: Socket | undefined;
  #bytesReadBefore = 0;

  /** @param onSent called whenever the request is about to be written to a connection that stands */
  constructor(
    body: string,
    private readonly onSent: () => void,
  ) {
    this.body = Buffer.from(body);
    onTheirWay.set(this.body, this);
  }

  writesTo(socket: Socket): void {
    this.#socket = socket;
    this.#inContext(() => adoptAsyncContext(socket));
    this.#bytesReadBefore = socket.bytesRead;
    this.onSent();
  }

  /**
   * Whether `error` is the end of a connection that was kept from an earlier request, with not one
   * byte of a response to this one: the upstream closed it while it was idle, and said nothing
   * about this request.
   */
  metStaleSocket(error: unknown): boolean {
    if (!wasConnected(error)) return false;
    // Never written: either no connection came about, or the kept one broke right before.
    if (this.#socket === undefined) return !connectErrors.has(error as Error);
    const hadServed = this.#bytesReadBefore > 0;
    return hadServed && this.#socket.bytesRead === this.#bytesReadBefore;
  }

  /**
   * Looks at the connection when the response has ended.
   * @returns what broke it, if that was the end: undici takes a reset for the end of a body that has
   *   neither a length nor chunks
   */
  brokenBy(): Error | undefined {
    const socket = this.#socket;
    if (socket?.errored) return socket.errored;
    // Answered before all of the request was taken: its rest would stand before the next request.
    if (socket && socket.writableLength > 0) socket.destroy();
    return undefined;
  }
}

const onTheirWay = new WeakMap<object, DispatchedRequest>();
const connectErrors = new WeakSet<Error>();

subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as DiagnosticsChannel.ClientSendHeadersMessage;
  // Nobody's, when it is a proxy's CONNECT or a request of someone else's undici.
  const { body } = request as { readonly body?: object | null };
  if (body) onTheirWay.get(body)?.writesTo(socket);
});

subscribe('undici:client:connectError', (message) => {
  connectErrors.add((message as DiagnosticsChannel.ClientConnectErrorMessage).error);
});
