-- KEYS entries, leases, fences; ARGV token, life ms, channel, entity. Gives when, in microseconds.
redis.call('UNLINK', KEYS[1], KEYS[2])
local now = micros()
local now_ms = math.floor(now / 1000)
fenced(KEYS[3], now_ms)
-- Tracked: this is how instances hear of it.
redis.call('HSET', KEYS[3], ARGV[1], digits(now_ms + ARGV[2]))
live_for(KEYS[3], ARGV[2])
if ARGV[3] ~= '' then
  redis.call('PUBLISH', ARGV[3], ARGV[4])
end
return now
