-- KEYS fence, then value and lease per schema; ARGV epoch, token, version, floor ms, then the schemas' tags.
redis.call('HDEL', KEYS[1], ARGV[2])
expire_fences(KEYS[1], now_ms())
for i = 5, #ARGV do
  local at = (i - 4) * 2
  drop(KEYS[at], KEYS[at + 1], ARGV[i], ARGV[1], ARGV[3], ARGV[4])
end
return 1
