import { isIPv6 } from 'node:net';

/**
 * Whom an address stands for. IPv6 addresses of one /64 are one customer's, who has 2^64 of them:
 * taken one by one each would have limits and turns of its own.
 */
export function flowOfAddress(address: string): string {
  // IPv4 as a socket for both shows it.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [network = '', host] = address.replace(/%.*$/, '').toLowerCase().split('::');
  const head = network === '' ? [] : network.split(':');
  const tail = host === undefined || host === '' ? [] : host.split(':');
  const zeros = host === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill('0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
