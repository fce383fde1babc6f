-- KEYS entries, leases, fences, releases; ARGV token, position or nothing, how long to remember it in ms, whether only
-- if it is not remembered, channel, entity. Gives {when in microseconds, whether the fence stood}.

-- Positions of 16 bytes are remembered one after the other. Transactions get their numbers before they commit, so that
-- a release of a later one says nothing of an earlier one that was still running: only of its own.
local function is_remembered(known, position)
  for at = 1, #known, 16 do
    if string.sub(known, at, at + 7) == string.sub(position, 1, 8)
        and not below(string.sub(known, at + 8, at + 15), string.sub(position, 9)) then
      return true
    end
  end
  return false
end

local now = micros()
local position, known = ARGV[2], ''
if position ~= '' then
  own(KEYS[4], 'string')
  known = redis.call('GET', KEYS[4]) or ''
  local is_known = is_remembered(known, position)
  if is_known and ARGV[4] == '1' then
    return {now, 0}
  end
  if not is_known then
    known = string.sub(known .. position, -16 * 64)
  end
end
redis.call('UNLINK', KEYS[1], KEYS[2])
fenced(KEYS[3], math.floor(now / 1000))
local stood = redis.call('HDEL', KEYS[3], ARGV[1])
tell(KEYS[3], ARGV[5], ARGV[6])
if position ~= '' then
  redis.call('SET', KEYS[4], known, 'PX', ARGV[3])
end
return {now, stood}
