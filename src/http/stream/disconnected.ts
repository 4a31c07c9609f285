import type { ServerResponse } from 'node:http';
import { Observable } from 'rxjs';

/**
 * Emits once when the caller is gone: the response closed before all of it was written.
 * (`request` "close" will not do: it fires as soon as the body has been read.)
 */
export function disconnected(response: ServerResponse): Observable<void> {
  return new Observable((subscriber) => {
    const onClose = () => {
      if (!response.writableFinished) subscriber.next();
      subscriber.complete();
    };
    // Destroyed, and not closed: one that waited behind others for its connection.
    if (response.destroyed) onClose();
    else response.once('close', onClose);
    return () => response.off('close', onClose);
  });
}
