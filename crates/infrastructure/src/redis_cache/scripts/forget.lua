-- KEYS fleet; ARGV instance, its last sign of life: if there was another one since, it stays.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
