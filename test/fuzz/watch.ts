import type { Session } from './session.js';
import type { Violation } from './violation.js';

/** How long the event loop may stand still, in time of its own work, before somebody has done harm. */
const TURN_MS = 2000;

const LOOK_EVERY_MS = 500;

/** Looks at a Sluice that works: how much memory it takes, and whether its event loop turns. */
export class Watch {
  readonly violations: Violation[] = [];
  /** The most memory that the process had. */
  mostBytes = 0;
  #isLooking = false;
  readonly #timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);

  constructor(private readonly session: Session) {}

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { sluice, url, running } = this.session;
    this.mostBytes = Math.max(this.mostBytes, ...sluice.rssBytes());
    if (this.#isLooking) return;
    this.#isLooking = true;
    const cases = [...running];
    const before = sluice.cpuMs() ?? 0;
    const late = setInterval(() => {
      // On a busy machine time alone says nothing: it must have worked all the while.
      const worked = (sluice.cpuMs() ?? Infinity) - before;
      if (worked < TURN_MS) return;
      clearInterval(late);
      this.violations.push({ what: `no turn of the event loop in ${worked} ms of work`, cases });
    }, TURN_MS);
    try {
      await (await fetch(`${url}/livez`, { headers: { connection: 'close' } })).text();
    } catch {
      // It has died, or goes down: others see that.
    } finally {
      clearInterval(late);
      this.#isLooking = false;
    }
  }
}
