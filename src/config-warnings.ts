import { isLoopback } from './config/rules/loopback.js';
import type { GatewayConfig } from './config/schema/gateway-config.js';
import { deadlineWarnings } from './generation/routing/deadline-check.js';
import { routesOf } from './generation/routing/route-table.js';

/** What is sound, and may yet not be what its operator meant. */
export function configWarnings(config: GatewayConfig): string[] {
  const { access, server } = config;
  const isOpenToOthers = access.mode === 'open' && !isLoopback(server.host);
  return [
    ...(isOpenToOthers ? [`whoever reaches ${server.host} may call: access.mode is open`] : []),
    ...deadlineWarnings(config).map(
      ({ model, setting, sumMs, totalMs }) =>
        `${model}: ${setting} of its targets add up to ${sumMs / 1000} s, more than totalMs (${totalMs / 1000} s)`,
    ),
    ...routesOf(config)
      .routes.filter(({ disabled, tiers }) => !disabled && tiers.length === 0)
      .map(({ model }) => `${model}: whatever answers for it is disabled`),
  ];
}
