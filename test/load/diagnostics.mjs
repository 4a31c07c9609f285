// Loaded into Sluice's process with `node --import`: answers, over IPC, what that process holds.
import { readdirSync, readlinkSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import v8 from 'node:v8';

/** Classes whose instances must not grow in number; some of them have no exported name. */
const WATCHED = {
  Socket,
  IncomingMessage,
  ServerResponse,
  AbortSignal,
  Timeout: setTimeout(() => {}, 0).constructor,
};

const warnings = [];
let unhandled = 0;
process.on('warning', ({ name, message }) => {
  // This file makes one itself.
  if (name !== 'ExperimentalWarning' && warnings.length < 10) warnings.push(`${name}: ${message}`);
});
// Only where Sluice itself listens: alone, this listener would keep a rejection from ending the process.
process.on('newListener', (event) => {
  if (event !== 'unhandledRejection' || counting) return;
  counting = true;
  process.on('unhandledRejection', () => (unhandled += 1));
});
let counting = false;

/** Where every timer that may still fire was made: a leak has to be found, not only counted. */
const timers = new Map();
for (const name of ['setTimeout', 'setInterval']) {
  const original = globalThis[name];
  const traced = (...given) => {
    const timer = original(...given);
    timers.set(timer, new Error('made here').stack);
    if (timers.size > 5000) forgetDeadTimers();
    return timer;
  };
  globalThis[name] = Object.defineProperties(traced, Object.getOwnPropertyDescriptors(original));
}

/* eslint-disable no-underscore-dangle -- Node has no other name for what a timer knows of itself. */
function forgetDeadTimers() {
  for (const timer of timers.keys()) if (timer._destroyed) timers.delete(timer);
}

function livingTimers() {
  forgetDeadTimers();
  return [...timers]
    .filter(([timer]) => timer.hasRef())
    .map(([timer, stack]) => `${timer._idleTimeout} ms, ${framesOf(stack)}`)
    .slice(0, 10);
}
/* eslint-enable no-underscore-dangle */

function framesOf(stack) {
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return frames
    .slice(1, 5)
    .map((line) => line.trim())
    .join(' ');
}

process.on('message', async () => {
  forgetDeadTimers();
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc();
    await nextTurn();
  }
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  process.send({
    rssBytes: rss,
    heapBytes: heapUsed,
    reservedBytes: heapTotal,
    externalBytes: external,
    sockets: sockets(),
    resources: Object.entries(Object.groupBy(process.getActiveResourcesInfo(), (name) => name)).map(
      ([name, all]) => [name, all.length],
    ),
    objects: Object.entries(WATCHED).map(([name, type]) => [
      name,
      v8.queryObjects(type, { format: 'count' }),
    ]),
    timers: livingTimers(),
    warnings,
    unhandled,
  });
});
// It must not keep the process.
process.channel.unref();
// Without whoever started it nobody would end it.
process.on('disconnect', () => process.exit(1));

/** Open sockets of this process, listening ones and pipes included; nothing where there is no /proc. */
function sockets() {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => isSocket(`/proc/self/fd/${fd}`)).length;
  } catch {
    return undefined;
  }
}

function isSocket(path) {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false;
  }
}
