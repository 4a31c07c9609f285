import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

type Run = <T>(action: () => T) => T;

/**
 * Has everything that happens on an upstream connection happen in the async context of the request
 * that it serves at the time. By itself a connection keeps that of the request it was opened for,
 * and what goes wrong in the tenth answer would be taken for the first caller's.
 */
export function followRequests(): void {
  const contextOf = new WeakMap<object, Run>();
  const current = new WeakMap<Socket, Run>();
  diagnostics.subscribe('undici:request:create', (message) => {
    contextOf.set((message as Created).request, AsyncLocalStorage.snapshot());
  });
  diagnostics.subscribe('undici:client:sendHeaders', (message) => {
    const { request, socket } = message as Sent;
    const run = contextOf.get(request);
    if (!run) return;
    if (!current.has(socket)) {
      const emit = socket.emit.bind(socket) as (...event: unknown[]) => boolean;
      socket.emit = (...event: unknown[]) => current.get(socket)!(() => emit(...event));
    }
    current.set(socket, run);
  });
}

interface Created {
  readonly request: object;
}

interface Sent extends Created {
  readonly socket: Socket;
}
