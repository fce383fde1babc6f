-- KEYS entries, leases, fences; ARGV field, token, entry, ttl ms, most entries. Gives 1 when it was stored.
own(KEYS[2], 'hash')
local lease = redis.call('HGET', KEYS[2], ARGV[1])
if not lease or string.sub(lease, 1, 16) ~= ARGV[2] then
  return 0
end
local now = math.floor(micros() / 1000)
local held = (tonumber(string.sub(lease, 17)) or 0) > now and not fenced(KEYS[3], now)
if held then
  own(KEYS[1], 'hash')
  if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
    redis.call('UNLINK', KEYS[1])
  end
  -- The first that writes: a server that is out of memory refuses only that.
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  live_for(KEYS[1], ARGV[4])
end
redis.call('HDEL', KEYS[2], ARGV[1])
return held and 1 or 0
