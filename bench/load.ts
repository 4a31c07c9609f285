/* The load generator: a process of its own. */
import { setTimeout as pause } from 'node:timers/promises';
import { LoadConnection } from './load-connection.ts';
import { answer } from './messages.ts';

/** What is asked for, and what a right answer looks like: a fast wrong one is no result. */
export interface Ask {
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly bearer?: string;
  /** Events of a complete answer; 0 for one that is no stream. */
  readonly events: number;
  /** What its last characters must contain. */
  readonly ending: string;
}

export interface Load {
  readonly ask: Ask;
  readonly requests: number;
  /** Requests under way at once. */
  readonly atOnce: number;
  /** The first `atOnce` requests start evenly spread over this. */
  readonly spreadMs: number;
  /**
   * The load generator does not sleep while there is nothing to read. Waking a reader on another
   * core costs whoever writes to it up to 10 µs on a virtual machine, but only where the reader has
   * fallen asleep, which it does between the writes of a slower contestant. A gateway's callers are
   * on other machines.
   */
  readonly isAwake?: boolean;
  /** Which events to time, counted from 1; absent: none. */
  readonly timed?: { readonly first: number; readonly last: number };
}

export interface Loaded {
  readonly wallMs: number;
  /** From the request to its first timed event, in milliseconds. */
  readonly firstMs: number[];
  /** Between timed events of one stream, in milliseconds. */
  readonly gapsMs: number[];
  readonly bodyBytes: number;
}

export interface Hold {
  readonly ask: Ask;
  readonly streams: number;
  readonly spreadMs: number;
  /** Reads no more after the first events. */
  readonly stall: boolean;
}

const idle = new Map<number, LoadConnection[]>();
const held = new Set<LoadConnection>();
let lostWhileHeld = 0;

answer({ run, hold, release });

async function run(load: Load): Promise<Loaded> {
  const result = { wallMs: 0, firstMs: [], gapsMs: [], bodyBytes: 0 };
  const message = messageOf(load.ask);
  const awake = load.isAwake ? staysAwake() : undefined;
  const startedAt = performance.now();
  let left = load.requests;
  const worker = async (n: number) => {
    await pause((n / load.atOnce) * load.spreadMs);
    while (left > 0) {
      left -= 1;
      await one(load, message, result);
    }
  };
  await Promise.all(Array.from({ length: load.atOnce }, (_, n) => worker(n)));
  awake?.abort();
  result.wallMs = performance.now() - startedAt;
  return result;
}

/** Polls without a pause until it is aborted. */
function staysAwake(): AbortController {
  const awake = new AbortController();
  const poll = () => awake.signal.aborted || setImmediate(poll);
  poll();
  return awake;
}

async function one({ ask, timed }: Load, message: string, result: Loaded & { bodyBytes: number }) {
  const connection = idle.get(ask.port)?.pop() ?? new LoadConnection(ask.port);
  const requestedAt = performance.now();
  let seen = 0;
  let lastAt = 0;
  await connection.request(
    message,
    timed &&
      ((completed) => {
        const now = performance.now();
        for (let n = 0; n < completed; n += 1) {
          seen += 1;
          if (seen < timed.first || seen > timed.last) continue;
          if (seen === timed.first) result.firstMs.push(now - requestedAt);
          else result.gapsMs.push(now - lastAt);
          lastAt = now;
        }
      }),
  );
  check(connection, ask);
  result.bodyBytes += connection.reader.bodyBytes;
  const others = idle.get(ask.port);
  if (others) others.push(connection);
  else idle.set(ask.port, [connection]);
}

function check({ reader }: LoadConnection, { events, ending }: Ask): void {
  const { status, tail } = reader;
  if (status === 200 && reader.events === events && tail.includes(ending)) return;
  throw new Error(
    `A wrong answer: status ${status}, ${reader.events} events instead of ${events}, ending in ${tail.slice(-200)}`,
  );
}

/** Opens streams and keeps them; resolves when each has had its first events. */
async function hold({ ask, streams, spreadMs, stall }: Hold): Promise<void> {
  const message = messageOf(ask);
  lostWhileHeld = 0;
  await Promise.all(
    Array.from({ length: streams }, async (_, n) => {
      await pause((n / streams) * spreadMs);
      await opened(ask.port, message, stall);
    }),
  );
}

function opened(port: number, message: string, stall: boolean): Promise<void> {
  const connection = new LoadConnection(port);
  held.add(connection);
  return new Promise((resolve, reject) => {
    const lost = () => {
      if (held.has(connection)) lostWhileHeld += 1;
      reject(new Error('A stream that was to stay open ended.'));
    };
    connection
      .request(message, () => {
        if (stall) connection.stall();
        resolve();
      })
      .then(lost, lost);
  });
}

/** Leaves all that are held. */
function release(): void {
  const connections = [...held];
  held.clear();
  for (const connection of connections) connection.close();
  if (lostWhileHeld > 0) throw new Error(`${lostWhileHeld} streams ended that were to stay open.`);
}

function messageOf({ method, path, body = '', bearer }: Ask): string {
  const head = [`${method} ${path} HTTP/1.1`, 'host: localhost', 'user-agent: sluice-bench'];
  if (method === 'GET') return [...head, 'accept: text/event-stream', '', ''].join('\r\n');
  return [
    ...head,
    ...(bearer ? [`authorization: Bearer ${bearer}`] : []),
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
