/** What one command of Redis cannot do, done in one turn of it. Numbers beyond 14 digits need `%.0f`. */

/**
 * For `RateLimiterRedis`: adds ARGV[1] to what was used, for ARGV[2] seconds. Nothing is given back
 * to a count that is not there: after a restart of Redis that would be a gift. A value beyond 2^53 is
 * none of ours, and as a reply it would turn negative: no limit would hold any more.
 */
export const ADD = `
local value = redis.call('get', KEYS[1])
if not value and tonumber(ARGV[1]) < 0 then return {0, 0} end
if math.abs(tonumber(value or 0) or 0) > 9007199254740991 then
  return redis.error_reply('ERR value is no count')
end
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local used = redis.call('incrby', KEYS[1], ARGV[1])
return {used, redis.call('pttl', KEYS[1])}
`;

/**
 * After Redis was away: what a replica knew of a count (ARGV[1]), should that be lost, and what it
 * owes to it (ARGV[2]). What others have told of a lost count is in KEYS[2] for a while, so that the
 * largest of what they knew counts once, and all that they owe. A value that is no count, as one
 * beyond 2^53 is not, is taken for none: what replicas know of it is better.
 */
export const CATCH_UP = `
local function count(value)
  local number = tonumber(value) or 0
  if number >= 0 and number <= 9007199254740991 then return math.floor(number) end
  return 0
end
local used = count(redis.call('get', KEYS[1]))
local known = tonumber(ARGV[1])
if used < known then
  used = used + known - math.min(known, count(redis.call('get', KEYS[2])))
  redis.call('set', KEYS[2], ARGV[1], 'EX', 60)
end
redis.call('set', KEYS[1], string.format('%.0f', count(used + tonumber(ARGV[2]))), 'EX', ARGV[3])
return 1
`;

/** `now` in ms, by the clock of Redis. */
export const NOW = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Takes a lease ARGV[1] for ARGV[3] ms where fewer than ARGV[2] run. */
export const ACQUIRE = `${NOW}
redis.call('zremrangebyscore', KEYS[1], '-inf', now)
if redis.call('zcard', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('zadd', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('pexpire', KEYS[1], ARGV[3])
return 1
`;

/** Renews the leases ARGV[2] and on for ARGV[1] ms; they run, whatever became of them here. */
export const RENEW = `${NOW}
for at = 2, #ARGV do redis.call('zadd', KEYS[1], now + ARGV[1], ARGV[at]) end
redis.call('pexpire', KEYS[1], ARGV[1])
return 1
`;

/** The key of a count. */
export function redisKey(key: string): string {
  return `sluice:used:${key}`;
}
