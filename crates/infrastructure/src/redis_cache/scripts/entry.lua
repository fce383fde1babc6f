-- What all scripts know of an entry; the layout is described where entries are encoded.
local ZERO = string.rep('\0', 8)

-- Whether the value is an entry of this layout, schema and epoch, in full.
local function ours(value, tag, epoch)
  if not value or #value < 52 or string.sub(value, 1, 4) ~= 'VTN1' or string.byte(value, 6) ~= 0 then
    return false
  end
  if string.sub(value, 7, 8) ~= tag or string.sub(value, 17, 24) ~= epoch then
    return false
  end
  local etag, body = struct.unpack('>I4I4', string.sub(value, 45, 52))
  return #value == 52 + etag + body
end

local function version(value)
  return string.sub(value, 9, 16)
end

-- Byte by byte: numbers of Lua lose the lowest bits of great versions, and its order of strings is the locale's.
local function below(a, b)
  for i = 1, 8 do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return false
end

-- Takes the lease away and leaves of the entry only the highest of its version and `least`.
local function drop(value_key, lease_key, tag, epoch, least, floor_ms)
  redis.call('DEL', lease_key)
  local value = redis.call('GET', value_key)
  local floor = least
  if ours(value, tag, epoch) and below(floor, version(value)) then
    floor = version(value)
  end
  if floor == ZERO then
    redis.call('DEL', value_key)
  else
    local entry = 'VTN1\3\0' .. tag .. floor .. epoch .. string.rep('\0', 28)
    redis.call('SET', value_key, entry, 'PX', floor_ms)
  end
end

local function now_ms()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- A writer that died leaves its token behind, and later writers keep the hash alive: tokens end one by one.
local function expire_fences(fence_key, now)
  local fences = redis.call('HGETALL', fence_key)
  for i = 1, #fences, 2 do
    if tonumber(fences[i + 1]) <= now then
      redis.call('HDEL', fence_key, fences[i])
    end
  end
end
