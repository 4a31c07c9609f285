/*
 * Loaded with `--import` into every process of the bench: tells its ports, and answers what only
 * the inside of a process knows. Sluice and the baselines carry the same one.
 */
import diagnostics from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import type { Server, Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answer, tell } from './messages.ts';

/** What went through the sockets of one side, in bytes. */
export interface SideBytes {
  readonly read: number;
  /** Taken by the kernel: what waits in the process is not. */
  readonly accepted: number;
}

class Side {
  readonly #open = new Set<Socket>();
  /** Of sockets that are closed. */
  #read = 0;
  #accepted = 0;

  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#read += socket.bytesRead;
      this.#accepted += acceptedOf(socket);
    });
  }

  get bytes(): SideBytes {
    let [read, accepted] = [this.#read, this.#accepted];
    for (const socket of this.#open) {
      read += socket.bytesRead;
      accepted += acceptedOf(socket);
    }
    return { read, accepted };
  }
}

/** `bytesWritten` counts what waits in the socket as well. */
function acceptedOf({ bytesWritten, writableLength }: Socket): number {
  return bytesWritten - writableLength;
}

const callers = new Side();
const upstreams = new Side();
const delay = monitorEventLoopDelay({ resolution: 1 });
let profiler: Session | undefined;

diagnostics.subscribe('tracing:net.server.listen:asyncEnd', (message) => {
  const address = (message as { server: Server }).server.address();
  if (address && typeof address === 'object') tell({ listening: address.port });
});
diagnostics.subscribe('net.server.socket', (message) =>
  callers.add((message as { socket: Socket }).socket),
);
diagnostics.subscribe('net.client.socket', (message) =>
  upstreams.add((message as { socket: Socket }).socket),
);

answer({
  memory: ({ gc }: { gc: boolean }) => {
    if (gc) collect();
    return process.memoryUsage();
  },
  callers: () => callers.bytes,
  upstreams: () => upstreams.bytes,
  startDelay: () => {
    delay.enable();
    delay.reset();
  },
  stopDelay: () => {
    delay.disable();
    return delay.percentile(99) / 1e6;
  },
  startProfile: async () => {
    profiler = new Session();
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.setSamplingInterval', { interval: 200 });
    await profiler.post('Profiler.start');
  },
  stopProfile: async ({ file }: { file: string }) => {
    const { profile } = await profiler!.post('Profiler.stop');
    profiler!.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  },
});

/** Twice: what the first one finalises, the second one frees. */
function collect(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}
