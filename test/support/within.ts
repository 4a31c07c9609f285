/** Something that had to happen did not. */
export class Late extends Error {}

/**
 * What `promise` gives, or after 3 seconds a failure that says what did not happen. It is no wait:
 * a test that passes never gets there.
 */
export async function within<T>(promise: Promise<T>, what: string, ms = 3000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`It did not happen within ${ms} ms: ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** How `promise` settles, where nothing is said about with what. */
export async function outcome(promise: Promise<unknown>): Promise<'fulfilled' | 'rejected'> {
  try {
    await within(promise, 'the promise settles');
    return 'fulfilled';
  } catch (error) {
    if (error instanceof Late) throw error;
    return 'rejected';
  }
}
