/** A call from the bench to one of its processes. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Told unasked by the probe in every process. */
export interface Listening {
  readonly listening: number;
}

type Handler = (argument: never) => unknown;

/** Answers the bench's calls by name; leaves the others to whoever else listens in this process. */
export function answer(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', ({ id, name, argument }: Question) => {
    const handler = handlers[name];
    if (!handler) return;
    Promise.resolve()
      .then(() => handler(argument as never))
      .then(
        (result) => tell({ id, result }),
        (error: unknown) => tell({ id, error: String(error) }),
      );
  });
}

/** Says something to the bench. */
export function tell(message: Answer | Listening): void {
  process.send?.(message);
}
