import { request as send } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { sendAsPage, fetched } from '../support/page-request.js';

const teamA = accessKey('team-a');
const operator = accessKey('operator', { admin: true });
const KEYS = { mode: 'keys', keys: [teamA.entry, operator.entry] };

let gateway: Gateway;
afterEach(() => gateway.close());

/** @returns the URL of the port for operators, which the log tells */
async function start(settings: GatewaySettings = {}): Promise<string> {
  const { server, ...others } = settings;
  gateway = await Gateway.start({ access: KEYS, server: { adminPort: 0, ...server }, ...others });
  gateway.openai.script(openAi.streamsText(['Hi']));
  const port = /listening for operators",\{"address":"[^"]+","port":(\d+)/.exec(
    gateway.log.text,
  )?.[1];
  return `http://127.0.0.1:${port}`;
}
