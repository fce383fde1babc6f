-- KEYS leases; ARGV field, token.
own(KEYS[1], 'hash')
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if lease and string.sub(lease, 1, 16) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
