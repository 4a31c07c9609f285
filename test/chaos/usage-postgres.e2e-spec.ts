import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { Postgres } from '../support/postgres.js';
import { StallingProxy } from '../support/stalling-proxy.js';
import { isMissing } from '../support/system-parts.js';
import { usageReport } from '../support/usage-report.js';
import { within } from '../support/within.js';

const DROPPED = 'sluice_usage_rows_dropped_total';

describe.skipIf(isMissing('postgresql'))('The usage ledger in PostgreSQL', () => {
  let postgres: Postgres;
  let gateways: Gateway[] = [];
  beforeAll(async () => {
    postgres = await Postgres.start();
  }, 60_000);
  afterAll(() => postgres.stop());
  beforeEach(() => postgres.query('DROP TABLE IF EXISTS sluice_usage'));
  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    gateways = [];
  });

  async function start(url = postgres.url(), timeoutMs = 5000): Promise<Gateway> {
    const gateway = await Gateway.start({
      models: [
        {
          id: 'm',
          targets: [{ backend: 'openai', model: 'gpt', price: { input: 2, output: 10 } }],
        },
      ],
      usage: { url, timeoutMs },
    });
    gateway.openai.script(openAi.streamsText(['a', 'b']));
    gateways.push(gateway);
    return gateway;
  }

  const rows = async () =>
    Number((await postgres.query('SELECT count(*) FROM sluice_usage'))[0]!['count']);

  it('is shared by replicas that start at the same time', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    await Promise.all([ask(one, 3), ask(other, 4)]);
    for (const gateway of [one, other]) {
      expect(await usageReport(gateway, 'by=caller,model', 7)).toMatchObject([
        { caller: 'anonymous', model: 'm', requests: 7, inputTokens: 63, outputTokens: 21 },
      ]);
    }
  });

  it('has every generation once, though the database is killed and restarted under load', async () => {
    const gateway = await start();
    const dropped = await gateway.metric(DROPPED);
    let asked = 0;
    const over = new AbortController();
    const load = async () => {
      while (!over.signal.aborted) {
        await ask(gateway, 1);
        asked += 1;
      }
    };
    const callers = [load(), load(), load()];
    await until(() =>
      rows().then(
        (count) => count > 0,
        () => false,
      ),
    );
    const said = (words: string) => gateway.log.text.split(words).length - 1;
    for (let times = 1; times <= 2; times += 1) {
      await postgres.kill();
      await until(() => said('the usage store fails') === times);
      await postgres.restart();
      await until(() => said('the usage store is back') === times);
    }
    over.abort();
    await Promise.all(callers);
    await usageReport(gateway, '', asked);
    expect(await rows()).toBe(asked);
    expect(await gateway.metric(DROPPED)).toBe(dropped);
  }, 60_000);

  it('counts nothing twice where the database took what its reply was lost for', async () => {
    const proxy = await StallingProxy.start(postgres.port);
    const gateway = await start(postgres.url(proxy.port), 300);
    await ask(gateway, 1);
    await usageReport(gateway, '', 1);
    proxy.stall();
    await ask(gateway, 20);
    await until(async () => (await rows()) === 21);
    await until(() => gateway.log.text.includes('the usage store fails'));
    proxy.recover();
    await ask(gateway, 5);
    expect(await usageReport(gateway, '', 26)).toMatchObject([{ requests: 26, inputTokens: 234 }]);
    await gateway.close();
    expect(await rows()).toBe(26);
    await proxy.close();
  }, 30_000);

  it('answers 503 in time where the database is slow, and streams do not notice', async () => {
    const proxy = await StallingProxy.start(postgres.port);
    const gateway = await start(postgres.url(proxy.port), 300);
    await ask(gateway, 1);
    await usageReport(gateway, '', 1);
    proxy.stall();
    const response = await within(gateway.get('/admin/usage'), 'the refusal');
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { error: { message: expect.stringContaining('usage.timeoutMs') as string } },
    ]);
    await ask(gateway, 3);
    proxy.recover();
    await usageReport(gateway, '', 4);
    await proxy.close();
  });

  it('begins when its database does, and never says its password', async () => {
    await postgres.kill();
    const gateway = await start();
    await ask(gateway, 2);
    await until(() => gateway.log.text.includes('the usage store fails'));
    expect((await gateway.get('/admin/usage')).status).toBe(503);
    await postgres.restart();
    await postgres.query('DROP TABLE IF EXISTS sluice_usage');
    await usageReport(gateway, '', 2);
    expect(gateway.log.text).toContain('ECONNREFUSED');
    expect(gateway.log.text).not.toContain('s3cret');
  }, 30_000);

  it('is written to its end when the service ends', async () => {
    const gateway = await start();
    await ask(gateway, 10);
    await gateway.close();
    expect(await rows()).toBe(10);
  });

  it('is used by a role that may not make tables, where the table is there', async () => {
    const owner = await start();
    await ask(owner, 1);
    await usageReport(owner, '', 1);
    await postgres.query(`
      DROP ROLE IF EXISTS writer;
      CREATE ROLE writer LOGIN;
      REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT SELECT, INSERT ON sluice_usage TO writer`);
    const gateway = await start(postgres.url().replace('sluice:', 'writer:'));
    await ask(gateway, 1);
    expect(await usageReport(gateway, '', 2)).toMatchObject([{ requests: 2 }]);
    await Promise.all(gateways.map((each) => each.close()));
    await postgres.query('DROP OWNED BY writer; DROP ROLE writer');
  });
});

/** Answers while the database does what it does: none of them waits for it. */
async function ask(gateway: Gateway, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const text = (async () => (await gateway.complete({ model: 'm' })).text())();
    expect(await within(text, 'an answer')).toContain('[DONE]');
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20);
}
