import { Observable } from 'rxjs';
import type { EndReason } from '../../contract/faults.js';

/** A whole answer as an Observable of one value; its signal is aborted when the subscriber leaves before it is there. */
export function fromAnswer<T>(ask: (signal: AbortSignal) => Promise<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const caller = new AbortController();
    subscriber.add(() => caller.abort('client_closed' satisfies EndReason));
    const answered = async () => {
      subscriber.next(await ask(caller.signal));
      subscriber.complete();
    };
    answered().catch((error: unknown) => subscriber.error(error));
  });
}
