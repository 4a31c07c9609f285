/** The counters of Sluice's `/metrics` that have to add up. */
export interface Counters {
  readonly streams: number;
  readonly rejections: number;
  readonly active: number;
  readonly recoveries: number;
  readonly internalErrors: number;
}

export async function countersOf(url: string): Promise<Counters> {
  // Without keep-alive: this connection is none of those that are counted.
  const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
  const lines = (await response.text()).split('\n');
  const sum = (name: string, label = '') =>
    lines
      .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  return {
    streams: sum('llm_streams_total'),
    rejections: sum('llm_rejections_total'),
    active: sum('llm_active_streams'),
    recoveries: sum('llm_recoveries_total'),
    internalErrors: sum('llm_streams_total', 'end_reason="internal_error"'),
  };
}
