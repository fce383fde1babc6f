-- KEYS entries, leases, fences; ARGV field, token, life ms, whether to refresh, longest entry, most leases.
-- Gives {outcome, entry, ms left}: 0 there is an entry, 1 fenced, 2 granted, 3 busy.
own(KEYS[1], 'hash')
if ARGV[4] == '0' then
  local length = redis.call('HSTRLEN', KEYS[1], ARGV[1])
  if length > 0 and length <= tonumber(ARGV[5]) then
    return {0, redis.call('HGET', KEYS[1], ARGV[1]), 0}
  end
end
local now = math.floor(micros() / 1000)
if fenced(KEYS[3], now) then
  return {1, '', 0}
end
own(KEYS[2], 'hash')
local lease = redis.call('HGET', KEYS[2], ARGV[1])
if lease and string.sub(lease, 1, 16) ~= ARGV[2] then
  local left = (tonumber(string.sub(lease, 17)) or 0) - now
  if left > 0 then
    return {3, '', left}
  end
end
if not lease and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[6]) then
  redis.call('DEL', KEYS[2])
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. digits(now + ARGV[3]))
live_for(KEYS[2], ARGV[3])
return {2, '', 0}
