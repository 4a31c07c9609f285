import { setTimeout as pause } from 'node:timers/promises';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import type { Gateway } from './gateway.js';

/** What `/admin/usage` says once it has so many requests: rows are written a while after their streams. */
export async function usageReport(
  gateway: Gateway,
  query: string,
  requests: number,
  headers: Record<string, string> = {},
): Promise<JsonObject[]> {
  for (;;) {
    const response = await gateway.get(`/admin/usage?${query}`, headers);
    const body: unknown = await response.json();
    const rows = isJsonObject(body) ? body['rows'] : undefined;
    if (Array.isArray(rows)) {
      const sums = rows as JsonObject[];
      const sum = sums.reduce((all, row) => all + Number(row['requests']), 0);
      if (sum === requests) return sums;
      if (sum > requests) throw new Error(`There are ${sum} requests already.`);
    } else if (response.status !== 503) throw new Error(JSON.stringify(body));
    await pause(50);
  }
}
