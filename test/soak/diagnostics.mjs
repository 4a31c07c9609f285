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

process.on('message', async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc();
    await nextTurn();
  }
  const { rss, heapUsed } = process.memoryUsage();
  process.send({
    rssBytes: rss,
    heapBytes: heapUsed,
    sockets: sockets(),
    resources: Object.entries(Object.groupBy(process.getActiveResourcesInfo(), (name) => name)).map(
      ([name, all]) => [name, all.length],
    ),
    objects: Object.entries(WATCHED).map(([name, type]) => [
      name,
      v8.queryObjects(type, { format: 'count' }),
    ]),
    warnings,
    unhandled,
  });
});
// It must not keep the process.
process.channel.unref();

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
