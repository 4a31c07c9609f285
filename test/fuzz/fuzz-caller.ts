import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CallerResponse, type ResponseHead } from '../support/slow-caller.js';
import { SocketBytes } from '../support/socket-bytes.js';
import type { RequestPlan } from './request-plan.js';

/** What a caller got. */
export interface Got {
  /** `late`: it waited for far longer than anything may take. */
  readonly how: 'answered' | 'left' | 'unanswered' | 'late';
  /** Absent where the connection ended before a response began. */
  readonly head?: ResponseHead | undefined;
  /** The body as far as it was read, decoded from its chunks. */
  readonly body: Buffer;
  readonly isClean: boolean;
  /** From the first byte that was sent to the end. */
  readonly ms: number;
}

/** A caller that stalls goes away at last, if nobody closes its connection before. */
const STALL_MS = 1600;

/** Sends the bytes of a plan over a connection of its own, and reads what comes as the plan says. */
export async function playCaller(url: string, plan: RequestPlan, patienceMs: number): Promise<Got> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  const call = new Call(socket, plan);
  const late = setTimeout(() => call.giveUp(), patienceMs);
  try {
    return await call.play();
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

class Call {
  readonly #startedAt = performance.now();
  readonly #response: CallerResponse;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #head: ResponseHead | undefined;
  #end: 'left' | 'late' | undefined;

  readonly #closed: Promise<void>;

  constructor(
    private readonly socket: Socket,
    private readonly plan: RequestPlan,
  ) {
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#response = new CallerResponse(new SocketBytes(socket), plan.method);
  }

  giveUp(): void {
    this.#leave('late');
  }

  async play(): Promise<Got> {
    const sent = this.#send().then(() => this.#leaveInTime());
    await this.#read();
    // What is still to be sent has nobody to go to.
    this.socket.destroy();
    await sent;
    return this.#got();
  }

  async #send(): Promise<void> {
    const { bytes, tears, sendsOnly } = this.plan;
    let from = 0;
    for (const { at, ms } of [...tears, { at: sendsOnly, ms: 0 }]) {
      const to = Math.min(at, sendsOnly);
      if (to > from) await written(this.socket, bytes.subarray(from, to));
      from = Math.max(from, to);
      if (ms > 0) await sleep(ms);
    }
  }

  /** Once Sluice's kernel has all that was to be sent: what it never got, it cannot count. */
  async #leaveInTime(): Promise<void> {
    const { manner, waitMs } = this.plan;
    if (manner !== 'leaves' && manner !== 'stalls') return;
    await sleep(manner === 'leaves' ? waitMs : STALL_MS);
    this.#leave('left');
  }

  async #read(): Promise<void> {
    const { manner, leavesAtBytes } = this.plan;
    try {
      this.#head = await this.#response.head();
      for (;;) {
        if (manner === 'stalls' && this.#bytes > 0) await this.#closed;
        const piece = await this.#response.some();
        if (piece.length === 0) return;
        this.#pieces.push(piece);
        this.#bytes += piece.length;
        if (manner === 'leavesWithin' && this.#bytes >= leavesAtBytes) return this.#leave('left');
        if (manner === 'readsSlowly') await sleep(5);
      }
    } catch {
      // The connection ended before the response began.
    }
  }

  #leave(how: 'left' | 'late'): void {
    if (this.socket.destroyed) return;
    this.#end ??= how;
    this.socket.destroy();
  }

  #got(): Got {
    const answered = this.#head ? 'answered' : 'unanswered';
    // One that stalls never sees the end of anything.
    const end = this.plan.manner === 'stalls' ? 'left' : answered;
    return {
      how: this.#end ?? end,
      head: this.#head,
      body: Buffer.concat(this.#pieces),
      isClean: this.#response.cleanEnd,
      ms: performance.now() - this.#startedAt,
    };
  }
}

/** Resolves once the kernel has the bytes, or the connection is gone. */
function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once('close', resolve);
    socket.write(bytes, () => {
      socket.off('close', resolve);
      resolve();
    });
  });
}
