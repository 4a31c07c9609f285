import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Chromium } from '../support/chromium.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { RedisServer } from '../support/redis-server.js';
import { isMissing } from '../support/system-parts.js';
import { BusySluice } from './busy-sluice.js';
import { DASHBOARD, PANELS, RATE_SECONDS } from './dashboard.js';
import { dashboardPage } from './dashboard-page.js';
import { documentedValues } from './known-metrics.js';
import { answersTo, hasNumber } from './panel-answers.js';

/** `DASHBOARD_IMAGE=docs/images/dashboard.png npx vitest run test/deploy/dashboard` draws it anew. */
const IMAGE = process.env['DASHBOARD_IMAGE'];
const IMAGE_SECONDS = 90;

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
    let redis: RedisServer;
    let sluice: BusySluice;
    let prometheus: PrometheusServer;
    let start: number;
    beforeAll(async () => {
      redis = await RedisServer.start();
      sluice = await BusySluice.start(redis);
      prometheus = await PrometheusServer.start(sluice.url, sluice.admin.secret);
      const isScraped = async () => expect(await prometheus.query('up == 1')).toHaveLength(1);
      await vi.waitFor(isScraped, { timeout: 10_000 });
      start = Date.now() / 1000;
      sluice.keepBusy();
    });
    afterAll(async () => {
      await prometheus.stop();
      await sluice.stop();
      await redis.kill();
    });

    const shown = () => ({ start, end: Date.now() / 1000, step: 0.5 });

    it.each(PANELS.map((panel) => [panel.title, panel] as const))(
      'answers all that "%s" asks',
      { timeout: 40_000 },
      async (_, panel) => {
        // Rates need two looks at a series, and a queue has to fill first.
        await expect
          .poll(async () => (await answersTo(prometheus, panel, shown())).map(hasNumber), {
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
        .poll(() => prometheus.query(name), { timeout: 10_000 })
        .toContainEqual({
          metric: expect.objectContaining({
            gen_ai_operation_name: 'chat',
            gen_ai_provider_name: 'fast',
            gen_ai_request_model: 'gpt-4o',
          }),
          points: [[expect.any(Number), expect.any(Number)]],
        });
    });

    it.runIf(IMAGE)('is drawn', { timeout: 200_000 }, async () => {
      await pause(Math.max(0, start + IMAGE_SECONDS - Date.now() / 1000) * 1000);
      const time = { start: start + RATE_SECONDS, end: Date.now() / 1000, step: 0.5 };
      const answers = await Promise.all(
        PANELS.map(
          async (panel) => [panel.id, (await answersTo(prometheus, panel, time)).flat()] as const,
        ),
      );
      const page = dashboardPage(new Map(answers), time);
      await writeFile('/tmp/dashboard.html', page);
      const chromium = await Chromium.launch();
      const { page: tab } = await chromium.open('about:blank');
      await tab.setViewportSize({ width: 1264, height: 800 });
      await tab.setContent(page);
      await tab.screenshot({ path: IMAGE!, fullPage: true });
      await chromium.close();
    });
  },
);
