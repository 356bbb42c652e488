-- One event into a room's log, as one step: known already? position, keep, trim by age, tell every node.
-- KEYS: log, meta, repeat
-- ARGV: now (unix ms), keep (ms), seconds the log outlives its last event, seconds meta does, a fresh epoch,
--       channel, the event without its position (JSON object)
-- Answers {epoch, offset, 1 if it was known already}.
if redis.call('HSETNX', KEYS[2], 'epoch', ARGV[5]) == 1 then
    redis.call('DEL', KEYS[1])
end
local epoch = redis.call('HGET', KEYS[2], 'epoch')
local known = redis.call('GET', KEYS[3])
if known then
    return { epoch, tonumber(known), 1 }
end

-- Clocks of several nodes differ; within a room time never runs backwards.
local ms = math.max(tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[2], 'ms') or 0))
local at = string.format('%.0f', ms)
local oldest = string.format('%.0f-0', ms - tonumber(ARGV[2]))
local offset = redis.call('HINCRBY', KEYS[2], 'offset', 1)
redis.call('HSET', KEYS[2], 'ms', at)
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('XADD', KEYS[1], 'MINID', '=', oldest, at .. '-' .. offset, 'e', ARGV[7])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[3], offset, 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[6], epoch .. ' ' .. offset .. ' ' .. at .. ' ' .. ARGV[7])
return { epoch, offset, 0 }
