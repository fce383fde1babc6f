-- What scripts have in common. All are safe to repeat.

-- The server's clock, in microseconds.
local function micros()
  local now = redis.call('TIME')
  return now[1] * 1000000 + now[2]
end

-- Numbers of this size lose digits when they are joined to strings.
local function digits(number)
  return string.format('%.0f', number)
end

-- What others keep under our names is as good as nothing.
local function own(key, kind)
  local is = redis.call('TYPE', key).ok
  if is ~= kind and is ~= 'none' then
    redis.call('DEL', key)
  end
end

local function live_for(key, ms)
  redis.call('PEXPIRE', key, math.max(redis.call('PTTL', key), tonumber(ms)))
end

-- Whether a fence stands. A writer that died leaves its token behind, and later writers keep the hash alive: tokens end
-- one by one.
local function fenced(key, now_ms)
  own(key, 'hash')
  local fences = redis.call('HGETALL', key)
  local stands = false
  for i = 1, #fences, 2 do
    if (tonumber(fences[i + 1]) or 0) > now_ms then
      stands = true
    else
      redis.call('HDEL', key, fences[i])
    end
  end
  return stands
end

-- Lets everyone who listens know of this key, by tracking and by name.
local function tell(key, channel, name)
  redis.call('HSET', key, 'told', 0)
  redis.call('HDEL', key, 'told')
  if channel ~= '' then
    redis.call('PUBLISH', channel, name)
  end
end

-- The instances that are there. `born` names this life of the list: whoever was in an earlier one may be missing.
local function fleet(key, epoch, now)
  own(key, 'hash')
  local born = redis.call('HGET', key, 'born')
  if not born or string.sub(born, 1, #epoch) ~= epoch then
    redis.call('DEL', key)
    redis.call('HSET', key, 'born', epoch .. digits(now))
  end
  redis.call('PEXPIRE', key, 60000)
end

-- Byte by byte: Lua's order of strings is the locale's, and its numbers lose the lowest bits of great ones.
local function below(a, b)
  for i = 1, 8 do
    local x, y = string.byte(a, i) or 0, string.byte(b, i) or 0
    if x ~= y then
      return x < y
    end
  end
  return false
end
