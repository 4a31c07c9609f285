/**
 * Runs `work` when it is called, never twice at the same time: on a slow network answers would come
 * out of order, and requests pile up. Calls meanwhile are one more run, after that.
 * @param {() => Promise<void>} work
 */
export function oneAtATime(work) {
  let isRunning = false;
  let isWanted = false;
  return async () => {
    isWanted = true;
    if (isRunning) return;
    isRunning = true;
    try {
      while (isWanted) {
        isWanted = false;
        await work();
      }
    } finally {
      isRunning = false;
    }
  };
}
