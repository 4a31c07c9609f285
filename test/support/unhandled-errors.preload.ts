/*
 * Loaded into a Sluice process with `--import`: goes wrong where nobody catches it. A backend whose
 * URL has `/stray/<place>` in it is the one whose answers do, when a piece of them says "stray". A
 * request whose `x-stray` names a place does while it is looked at.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

const outside = AsyncLocalStorage.snapshot();

function boom(): never {
  throw new Error('secret-of-the-caller');
}

/** Each takes place in what one request to an upstream has set going. */
const PLACES: Readonly<Record<string, () => void>> = {
  subscriber: boom,
  timer: () => void setTimeout(boom, 1),
  immediate: () => void setImmediate(boom),
  tick: () => process.nextTick(boom),
  microtask: () => queueMicrotask(boom),
  rejection: () => void Promise.reject(new Error('secret-of-the-caller')),
  async: () =>
    void (async () => (await new Promise((resolve) => setTimeout(resolve, 1)), boom()))(),
  emitter: () => {
    const emitter = new EventEmitter().once('event', boom);
    setImmediate(() => emitter.emit('event'));
  },
  text: () =>
    void setImmediate(() => {
      // oxlint-disable-next-line no-throw-literal
      throw 'secret-of-the-caller';
    }),
  outside: () => outside(() => void setTimeout(boom, 1)),
};

diagnostics.subscribe('undici:request:bodyChunkReceived', (message) => {
  const { request, chunk } = message as { request: { path: string }; chunk: Uint8Array };
  const place = /\/stray\/(\w+)/.exec(request.path)?.[1];
  if (place && Buffer.from(chunk).includes('stray')) PLACES[place]?.();
});

diagnostics.subscribe('undici:request:headers', (message) => {
  const { request } = message as { request: { path: string } };
  if (request.path.includes('/stray/headers')) boom();
});

diagnostics.subscribe('http.server.request.start', (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  const place = request.headers['x-stray'];
  if (typeof place !== 'string') return;
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    // The first that is set once it is known whose exchange this is.
    if (name === 'x-frame-options') PLACES[place]?.();
    return setHeader(name, value);
  };
});
