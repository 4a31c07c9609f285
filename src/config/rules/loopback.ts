import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Names and addresses that lead to this machine, whoever resolves them. */
export function isLoopback(name: string): boolean {
  const lower = name.toLowerCase().replace(/\.$/, '');
  const address = lower.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family !== 0) return LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4');
  return lower === 'localhost' || lower.endsWith('.localhost');
}
