-- KEYS probe. Whether all that the other scripts do can be done. Memory is asked for first: a script that has written
-- already is not refused any.
redis.call('SET', KEYS[1], '', 'PX', 1000)
own(KEYS[1], 'hash')
redis.call('HSET', KEYS[1], 'field', digits(micros()))
live_for(KEYS[1], 1000)
redis.call('HGET', KEYS[1], 'field')
redis.call('HSTRLEN', KEYS[1], 'field')
redis.call('HEXISTS', KEYS[1], 'field')
redis.call('HLEN', KEYS[1])
fenced(KEYS[1], 0)
redis.call('HDEL', KEYS[1], 'field')
redis.call('GET', KEYS[1])
redis.call('UNLINK', KEYS[1])
return 1
