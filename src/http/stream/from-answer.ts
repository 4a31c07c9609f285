import { Observable } from 'rxjs';
import { GatewayError } from '../../contract/gateway-error.js';

/** A whole answer as an Observable of one value; its signal is aborted when the subscriber leaves before it is there. */
export function fromAnswer<T>(ask: (signal: AbortSignal) => Promise<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const caller = new AbortController();
    let isComplete = false;
    subscriber.add(() => isComplete || caller.abort(new GatewayError('client_closed')));
    const answered = async () => {
      subscriber.next(await ask(caller.signal));
      isComplete = true;
      subscriber.complete();
    };
    answered().catch((error: unknown) => subscriber.error(error));
  });
}
