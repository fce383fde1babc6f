-- KEYS fence, then value and lease per schema; ARGV epoch, token, life ms, floor ms, then the schemas' tags.
local now = now_ms()
local life = tonumber(ARGV[3])
expire_fences(KEYS[1], now)
redis.call('HSET', KEYS[1], ARGV[2], now + life)
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), life))
for i = 5, #ARGV do
  local at = (i - 4) * 2
  drop(KEYS[at], KEYS[at + 1], ARGV[i], ARGV[1], ZERO, ARGV[4])
end
return 1
