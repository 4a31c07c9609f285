import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRoute } from '../../src/http/routes.js';
import { Gateway } from '../support/gateway.js';
import { MetricLines } from '../support/metric-lines.js';
import { openAi } from '../support/openai-script.js';
import { promtool } from '../support/promtool.js';
import { isMissing } from '../support/system-parts.js';
import { DASHBOARD, PANELS, withVariables } from './dashboard.js';
import { ALERT_RULES, documentedValues, knownSeries, RECORDING_RULES } from './known-metrics.js';
import { namesIn } from './promql.js';

const ROOT = join(import.meta.dirname, '../..');
const RUNBOOK = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');
const inPrometheus = (file: string) => join(ROOT, 'deploy/prometheus', file);

/** Where a query stands, and the query. */
const QUERIES: readonly (readonly [string, string])[] = [
  ...RECORDING_RULES.map(({ record, expr }) => [record, expr] as const),
  ...ALERT_RULES.map(({ alert, expr }) => [alert, expr] as const),
  ...PANELS.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => [title, withVariables(expr)] as const),
  ),
  ...DASHBOARD.annotations.list.map(({ name, expr }) => [name, withVariables(expr)] as const),
];

describe.skipIf(isMissing('prometheus'))('promtool', () => {
  it('has nothing to say of the metrics of a Sluice that runs', async () => {
    const gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['one', 'two']));
    await (await gateway.complete()).text();
    const metrics = await (await gateway.get('/metrics')).text();
    expect(promtool(['check', 'metrics'], metrics)).toEqual({ isContent: true, said: '' });
    await gateway.close();
  });

  it('takes the rules and the alerts', () => {
    const files = ['rules.yaml', 'alerts.yaml'].map(inPrometheus);
    expect(promtool(['check', 'rules', '--lint-fatal', ...files])).toMatchObject({
      isContent: true,
    });
  });

  it('finds that they do what their tests say', { timeout: 60_000 }, () => {
    expect(promtool(['test', 'rules', inPrometheus('rules-tests.yaml')])).toEqual({
      isContent: true,
      said: expect.stringContaining('SUCCESS'),
    });
  });
});

describe('The queries of rules, alerts and dashboard', () => {
  let gateway: Gateway;
  let known: ReadonlyMap<string, ReadonlySet<string>>;
  beforeAll(async () => {
    gateway = await Gateway.start();
    const defaults = new Map<string, Set<string>>();
    const { lines } = await MetricLines.read(gateway, /^(process|nodejs)_/);
    for (const { name, labels } of lines) {
      const all = defaults.get(name) ?? new Set();
      for (const label of Object.keys(labels)) all.add(label);
      defaults.set(name, all);
    }
    known = knownSeries(defaults);
  });
  afterAll(() => gateway.close());

  it('name metrics that there are', () => {
    const unknown = QUERIES.flatMap(([where, expr]) =>
      [...namesIn(expr).metrics]
        .filter((metric) => !known.has(metric))
        .map((metric) => `${where}: ${metric}`),
    );
    expect(unknown).toEqual([]);
  });

  it('name labels that these metrics have', () => {
    const unknown = QUERIES.flatMap(([where, expr]) =>
      namesIn(expr)
        .labels.filter(({ label, of }) => ![...of].some((metric) => known.get(metric)?.has(label)))
        .map(({ label, of }) => `${where}: ${label} of ${[...of].join(', ')}`),
    );
    expect(unknown).toEqual([]);
  });

  it.each([
    ['end_reason', ['End reason']],
    ['on', ['On']],
    ['fault', ['Fault']],
    ['outcome', ['Fault']],
  ])('ask for values that the label %s can have', (label, headings) => {
    const values = new Set(headings.flatMap((heading) => [...documentedValues(heading)]));
    const asked = QUERIES.flatMap(([, expr]) =>
      [...expr.matchAll(new RegExp(`\\b${label}[=!]~?"([^"]*)"`, 'g'))].flatMap(([, said]) =>
        said!.split('|'),
      ),
    ).filter((value) => value !== '.*');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((value) => !values.has(value))).toEqual([]);
  });
});

describe('Every alert', () => {
  const sections = new Map(
    RUNBOOK.split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section]),
  );

  it('has a section of its own in docs/runbook.md, in the same order, and leads to it', () => {
    expect([...sections.keys()]).toEqual(ALERT_RULES.map(({ alert }) => alert));
    for (const { alert, annotations } of ALERT_RULES) {
      expect(annotations['runbook_url']).toBe(
        `https://sluice.example.com/docs/runbook.md#${alert.toLowerCase()}`,
      );
    }
  });

  it.each([...sections])('%s has three things to look at, and what to switch', (_, section) => {
    expect(section.match(/^- \*\*Look:\*\* /gm)).toHaveLength(3);
    expect(section.match(/^- \*\*Switch:\*\* /gm)).toHaveLength(1);
    expect(section.indexOf('**Switch:**')).toBeGreaterThan(section.lastIndexOf('**Look:**'));
  });

  it('says how much it matters, of whom, and with which value', () => {
    for (const { alert, labels, annotations } of ALERT_RULES) {
      expect([alert, labels['severity']]).toEqual([
        alert,
        expect.stringMatching(/^(critical|warning)$/),
      ]);
      const text = `${annotations['summary']} ${annotations['description']}`;
      // Of what is not there nothing can be told.
      const value = alert === 'SluiceNotScraped' ? /^Nobody/ : /\$(value|labels\.instance)/;
      expect([alert, text]).toEqual([alert, expect.stringMatching(value)]);
    }
  });

  it('is tested by promtool, on its incident', () => {
    const tests = readFileSync(inPrometheus('rules-tests.yaml'), 'utf8');
    const tested = new Set(
      [...tests.matchAll(/alertname: (\w+)\n\s+eval_time: \w+\n\s+exp_alerts:\n/g)].map(
        ([, name]) => name,
      ),
    );
    expect(ALERT_RULES.map(({ alert }) => alert).filter((name) => !tested.has(name))).toEqual([]);
  });
});

describe('docs/runbook.md', () => {
  it('names panels that there are', () => {
    const titles = new Set(PANELS.map(({ title }) => title));
    const named = [...RUNBOOK.matchAll(/"([A-Z][^"]+)"/g)].map(([, title]) => title!);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((title) => !titles.has(title))).toEqual([]);
  });

  it('names paths of /admin that there are', () => {
    const paths = [...RUNBOOK.matchAll(/(?:GET|POST|DELETE) (\/admin[\w/:]*)/g)].map(
      ([, path]) => path!,
    );
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !findRoute(path))).toEqual([]);
  });
});
