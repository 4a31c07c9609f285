import type { Socket } from 'node:net';
import type { NextFunction, Request, Response } from 'express';

/** No client that people use pipelines; who sends more than this ahead does not wait for answers. */
const MAX_WAITING = 16;

interface Pipeline {
  /** The request that the next one waits for. */
  last: Response | undefined;
  waiting: number;
}

/**
 * Serves the requests of one connection one after the other. Node hands out all that a caller sent
 * ahead at once, and tells those behind the first nothing when the caller leaves: their generations
 * would run to their end for nobody. Without a bound one connection could send 400,000 requests.
 */
export function oneAtATime(): (request: Request, response: Response, next: NextFunction) => void {
  const pipelines = new WeakMap<Socket, Pipeline>();

  return ({ socket }: Request, response: Response, next: NextFunction) => {
    const pipeline = pipelines.get(socket) ?? { last: undefined, waiting: 0 };
    pipelines.set(socket, pipeline);
    if (pipeline.waiting >= MAX_WAITING) {
      socket.destroy();
      return;
    }
    const before = pipeline.last;
    pipeline.last = response;
    response.once('close', () => {
      // An idle connection must not keep its last request, which may have had a body of 20 MB.
      if (pipeline.last === response) pipeline.last = undefined;
    });
    if (!before) return next();
    pipeline.waiting += 1;
    before.once('close', () => {
      pipeline.waiting -= 1;
      // With its connection gone the request has nobody who asks.
      if (!socket.destroyed) next();
    });
  };
}
