-- KEYS value, lease, fence; ARGV epoch, tag, token, version, entry, ttl ms. Gives 1 when it was stored.
if redis.call('GET', KEYS[2]) ~= ARGV[3] then
  return 0
end
redis.call('DEL', KEYS[2])
expire_fences(KEYS[3], now_ms())
if redis.call('EXISTS', KEYS[3]) == 1 then
  return 0
end
local value = redis.call('GET', KEYS[1])
if ours(value, ARGV[2], ARGV[1]) and below(ARGV[4], version(value)) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[5], 'PX', ARGV[6])
return 1
