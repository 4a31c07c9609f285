import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Chromium } from '../support/chromium.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { RedisServer } from '../support/redis-server.js';
import { isMissing } from '../support/system-parts.js';
import { BusySluice, type Incident } from './busy-sluice.js';
import { DASHBOARD, type Panel, PANELS, RATE_SECONDS } from './dashboard.js';
import { dashboardPage } from './dashboard-page.js';
import { documentedValues } from './known-metrics.js';
import { answersTo, hasNumber, type Line } from './panel-answers.js';

const INCIDENTS: readonly Incident[] = ['slow upstream', 'slow callers', 'crowd'];

/** `DASHBOARD_IMAGE=docs/images/dashboard.jpeg npx vitest run test/deploy/dashboard` draws it anew. */
const IMAGE = process.env['DASHBOARD_IMAGE'];
const INCIDENT_MS = 25_000;

describe('deploy/grafana/sluice.json', () => {
  it('asks the data source that its reader chose, in every panel', () => {
    const [first] = DASHBOARD.templating.list;
    expect(first).toMatchObject({ name: 'datasource', type: 'datasource' });
    for (const { title, datasource } of PANELS) {
      expect([title, datasource]).toEqual([title, { type: 'prometheus', uid: '${datasource}' }]);
    }
  });

  it('says of every panel how it is read', () => {
    const silent = PANELS.filter(({ description = '' }) => description.length < 40);
    expect(silent.map(({ title }) => title)).toEqual([]);
  });

  it('has panels with names and ids of their own, side by side', () => {
    for (const values of [PANELS.map(({ title }) => title), PANELS.map(({ id }) => id)]) {
      expect(new Set<unknown>(values).size).toBe(values.length);
    }
    const cells = PANELS.flatMap(({ title, gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => ({
        title,
        cell: `${x + (n % w)},${y + Math.floor(n / w)}`,
      })),
    );
    const taken = new Map<string, string>();
    for (const { title, cell } of cells) {
      expect([cell, taken.get(cell) ?? title]).toEqual([cell, title]);
      taken.set(cell, title);
    }
    expect(PANELS.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });

  it.each([
    ['Streams by end reason', 'End reason'],
    ['Where the time went', 'On'],
    ['Who is waited for now', 'On'],
  ])('gives each value a colour of its own in "%s"', (title, heading) => {
    const panel = PANELS.find((each) => each.title === title)!;
    const coloured = panel.fieldConfig.overrides.map(({ matcher }) => matcher.options);
    expect(new Set(coloured)).toEqual(documentedValues(heading));
    const colours = panel.fieldConfig.overrides.map(({ properties }) => properties[0]!.value);
    expect(new Set(colours.map((colour) => JSON.stringify(colour))).size).toBe(colours.length);
  });
});

describe.skipIf(isMissing('prometheus', 'redis-server'))(
  'A Prometheus that looks at a busy Sluice',
  () => {
    let watched: Watched;
    let start: number;
    beforeAll(async () => {
      watched = await watchedSluice();
      start = Date.now() / 1000;
      watched.sluice.keepBusy();
      for (const incident of INCIDENTS) watched.sluice.begin(incident);
    });
    afterAll(() => watched.stop());

    const answers = (panel: Panel) =>
      answersTo(watched.prometheus, panel, { start, end: Date.now() / 1000, step: 0.5 });

    it.each(PANELS.map((panel) => [panel.title, panel] as const))(
      'answers all that "%s" asks',
      { timeout: 40_000 },
      async (_, panel) => {
        // Rates need two looks at a series, and a queue has to fill first.
        await expect
          .poll(async () => (await answers(panel)).map(hasNumber), {
            timeout: 30_000,
            interval: 200,
          })
          .toEqual(panel.targets.map(() => true));
      },
    );

    it.each([
      'gen_ai_server_time_to_first_token_seconds_count',
      'gen_ai_server_time_per_output_token_seconds_sum',
      'gen_ai_client_token_usage_sum',
    ])('has %s of its rules', async (name) => {
      await expect
        .poll(() => watched.prometheus.query(name), { timeout: 10_000 })
        .toContainEqual({
          metric: expect.objectContaining({
            gen_ai_operation_name: 'chat',
            gen_ai_provider_name: 'fast',
            gen_ai_request_model: 'gpt-4o',
          }),
          points: [[expect.any(Number), expect.any(Number)]],
        });
    });
  },
);

// One incident after the other: they are told apart by the eye alone.
describe.runIf(IMAGE)('The dashboard of a Sluice with three incidents', () => {
  it('is drawn', { timeout: 300_000 }, async () => {
    const watched = await watchedSluice();
    const { sluice, prometheus } = watched;
    const start = Date.now() / 1000;
    sluice.keepBusy();
    await pause(INCIDENT_MS);
    for (const incident of INCIDENTS) {
      sluice.begin(incident);
      await pause(INCIDENT_MS);
      sluice.end(incident);
      await pause(INCIDENT_MS / 2);
    }
    const shown = { start: start + RATE_SECONDS, end: Date.now() / 1000, step: 1 };
    const answers = new Map<number, readonly Line[]>();
    for (const panel of PANELS) {
      const lines = (await answersTo(prometheus, panel, shown)).flat();
      expect([panel.title, hasNumber(lines)]).toEqual([panel.title, true]);
      answers.set(panel.id, lines);
    }
    await watched.stop();
    const page = dashboardPage(answers, shown);
    const chromium = await Chromium.launch();
    const { page: tab } = await chromium.open('about:blank');
    await tab.setViewportSize({ width: 1120, height: 800 });
    await tab.setContent(page);
    await tab.screenshot({ path: IMAGE!, type: 'jpeg', quality: 45, fullPage: true });
    await chromium.close();
  });
});

interface Watched {
  readonly sluice: BusySluice;
  readonly prometheus: PrometheusServer;
  stop(): Promise<void>;
}

async function watchedSluice(): Promise<Watched> {
  const redis = await RedisServer.start();
  const sluice = await BusySluice.start(redis);
  const prometheus = await PrometheusServer.start(sluice.url, sluice.admin.secret);
  const isScraped = async () => expect(await prometheus.query('up == 1')).toHaveLength(1);
  await vi.waitFor(isScraped, { timeout: 10_000 });
  const stop = async () => {
    await prometheus.stop();
    await sluice.stop();
    await redis.kill();
  };
  return { sluice, prometheus, stop };
}
