-- KEYS fleet; ARGV epoch. Gives {when in microseconds, the fleet}.
local now = micros()
fleet(KEYS[1], ARGV[1], now)
return {now, redis.call('HGETALL', KEYS[1])}
