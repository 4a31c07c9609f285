import type { Socket } from 'node:net';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Requests of one connection that are served at once; no client that people use sends any ahead. */
const MAX_RUNNING = 16;

/** Requests that wait for those; whoever sends more does not wait for answers. */
const MAX_WAITING = { perConnection: 512, together: 4096 };

interface Pipeline {
  readonly running: Set<Response>;
  readonly waiting: (() => void)[];
}

/**
 * Bounds what one connection sends ahead: Node hands out all of it at once, and 19 MB may be 400,000
 * requests. It tells those behind the first nothing when the caller leaves, whose generations would
 * run to their end for nobody; so they are told here.
 */
export function boundPipelines(): RequestHandler {
  const pipelines = new WeakMap<Socket, Pipeline>();
  let waitingTogether = 0;

  return ({ socket }: Request, response: Response, next: NextFunction) => {
    // Its bytes were there already when the connection was closed.
    if (socket.destroyed) return;
    const { running, waiting } = pipelines.get(socket) ?? begin(socket);
    if (running.size < MAX_RUNNING) {
      run();
    } else if (
      waiting.length < MAX_WAITING.perConnection &&
      waitingTogether < MAX_WAITING.together
    ) {
      waiting.push(run);
      waitingTogether += 1;
    } else {
      socket.destroy();
    }

    function run(): void {
      running.add(response);
      response.once('close', () => {
        running.delete(response);
        // With its connection gone a request has nobody who asks.
        if (socket.destroyed || waiting.length === 0) return;
        waitingTogether -= 1;
        waiting.shift()?.();
      });
      next();
    }
  };

  function begin(socket: Socket): Pipeline {
    const pipeline: Pipeline = { running: new Set(), waiting: [] };
    pipelines.set(socket, pipeline);
    socket.once('close', () => {
      waitingTogether -= pipeline.waiting.splice(0).length;
      // Without a socket of its own so far, a response hears nothing of this from Node.
      for (const response of [...pipeline.running].filter((each) => !each.socket)) {
        response.destroy();
        response.emit('close');
      }
    });
    return pipeline;
  }
}
