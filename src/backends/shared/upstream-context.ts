import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';

type Run = ReturnType<typeof AsyncLocalStorage.snapshot>;

const contexts = new WeakMap<Socket, Run>();

/**
 * Has everything that happens on an upstream connection happen in the async context of the request
 * that it serves now. By itself a connection keeps that of the request it was opened for, and what
 * goes wrong in the tenth answer would be taken for the first caller's.
 * @param run a snapshot of that request's context
 */
export function happensIn(run: Run, socket: Socket): void {
  if (!contexts.has(socket)) {
    const emit = socket.emit.bind(socket) as (...event: unknown[]) => boolean;
    socket.emit = (...event: unknown[]) => contexts.get(socket)!(() => emit(...event));
  }
  contexts.set(socket, run);
}
