/** The most that a figure of Sluice's may be. */
export interface Bar {
  readonly atMost: number;
  /** One that the project is held to: the report's table "Bars" lists it. */
  readonly isPrincipal?: boolean;
}

/** In the unit of the figure: a ratio, a difference or Sluice's own value. */
export const BARS = {
  paced: { atMost: 1.8, isPrincipal: true },
  burst: { atMost: 1.7, isPrincipal: true },
  short: { atMost: 3, isPrincipal: true },
  manyRetained: { atMost: 45, isPrincipal: true },
  dialectPassed: { atMost: 1.1 },
  dialectTranslated: { atMost: 1.6 },
  burstJoined: { atMost: 2 },
  browser: { atMost: 2.2 },
  firstTokenP50: { atMost: 1 },
  firstTokenP99: { atMost: 10 },
  gapP99: { atMost: 2 },
  manyRss: { atMost: 1.5 },
  manyDelay: { atMost: 20 },
  churnGrowth: { atMost: 1.15 },
  stalledRss: { atMost: 1.5 },
  stalledWaiting: { atMost: 256 },
  stalledNotStopped: { atMost: 0 },
  fairAdded: { atMost: 5 },
  tracesAnswer: { atMost: 60 },
} satisfies Record<string, Bar>;
