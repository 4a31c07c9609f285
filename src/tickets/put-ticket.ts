import { NOW } from '../limits/store/lua.js';

/**
 * Keeps ARGV[4] in KEYS[2] for ARGV[3] ms as the ticket ARGV[1] of the owner whose open ones are in
 * KEYS[1], where fewer than ARGV[2] are. Both or neither: an id without its ticket would count as
 * open for all that time. What only frees comes last: behind any write a full Redis lets a script go on.
 */
export const PUT_TICKET = `${NOW}
if redis.call('zcount', KEYS[1], '(' .. now, '+inf') >= tonumber(ARGV[2]) then return 0 end
redis.call('set', KEYS[2], ARGV[4], 'PX', ARGV[3])
redis.call('zadd', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', now)
redis.call('pexpire', KEYS[1], ARGV[3])
return 1
`;
