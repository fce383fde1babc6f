-- KEYS value, lease, fence; ARGV epoch, tag, token, lease ms. Gives {outcome, entry or floor, ms}.
local value = redis.call('GET', KEYS[1])
local known = ours(value, ARGV[2], ARGV[1])
if known then
  local kind = string.byte(value, 5)
  if kind == 1 or kind == 2 then
    return {0, value, 0}
  end
end
expire_fences(KEYS[3], now_ms())
if redis.call('EXISTS', KEYS[3]) == 1 then
  return {1, '', 0}
end
if redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) or redis.call('GET', KEYS[2]) == ARGV[3] then
  return {2, known and version(value) or ZERO, 0}
end
return {3, '', redis.call('PTTL', KEYS[2])}
