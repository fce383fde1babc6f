-- KEYS fleet, canary; ARGV epoch, instance, what it has confirmed, channel or nothing, number of the beat.
-- Gives {when in microseconds, the fleet}.
local now = micros()
fleet(KEYS[1], ARGV[1], now)
redis.call('HSET', KEYS[1], ARGV[2], digits(now) .. ' ' .. ARGV[3])
if ARGV[4] == '' then
  redis.call('SET', KEYS[2], '')
  redis.call('DEL', KEYS[2])
else
  redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return {now, redis.call('HGETALL', KEYS[1])}
