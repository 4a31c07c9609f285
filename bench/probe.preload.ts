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

/** What went through the sockets of one side that are open now. */
export interface SideBytes {
  readonly sockets: number;
  readonly read: number;
  readonly mostRead: number;
  /** Taken by the kernel: what waits in the process is not. */
  readonly accepted: number;
  readonly leastAccepted: number;
}

const callers = new Set<Socket>();
const upstreams = new Set<Socket>();
const delay = monitorEventLoopDelay({ resolution: 1 });
let profiler: Session | undefined;

diagnostics.subscribe('tracing:net.server.listen:asyncEnd', (message) => {
  const address = (message as { server: Server }).server.address();
  if (address && typeof address === 'object') tell({ listening: address.port });
});
diagnostics.subscribe('net.server.socket', (message) => follow(callers, message));
diagnostics.subscribe('net.client.socket', (message) => follow(upstreams, message));

answer({
  memory: ({ gc }: { gc: boolean }) => {
    if (gc) collect();
    return process.memoryUsage();
  },
  callers: () => bytesOf(callers),
  upstreams: () => bytesOf(upstreams),
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

function follow(side: Set<Socket>, message: unknown): void {
  const { socket } = message as { socket: Socket };
  side.add(socket);
  socket.once('close', () => side.delete(socket));
}

/** Twice: what the first one finalises, the second one frees. */
function collect(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

function bytesOf(side: ReadonlySet<Socket>): SideBytes {
  const sums = { sockets: 0, read: 0, mostRead: 0, accepted: 0, leastAccepted: Infinity };
  for (const { bytesRead, bytesWritten, writableLength } of side) {
    // `bytesWritten` counts what waits in the socket as well.
    const accepted = bytesWritten - writableLength;
    sums.sockets += 1;
    sums.read += bytesRead;
    sums.mostRead = Math.max(sums.mostRead, bytesRead);
    sums.accepted += accepted;
    sums.leastAccepted = Math.min(sums.leastAccepted, accepted);
  }
  return sums;
}
