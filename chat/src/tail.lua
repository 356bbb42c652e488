-- The end of a room's log, as one step: exactly the gap after a known position if that is possible, else the newest.
-- KEYS: log, meta
-- ARGV: a fresh epoch, seconds meta outlives its last use, oldest id to show, known epoch, known offset,
--       the largest gap to fill, how many events a newcomer gets
-- Answers {epoch, top offset, {{id, {'e', event}}, ...} newest first}.
if redis.call('HSETNX', KEYS[2], 'epoch', ARGV[1]) == 1 then
    redis.call('DEL', KEYS[1])
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
local meta = redis.call('HMGET', KEYS[2], 'epoch', 'offset')
local epoch, top = meta[1], tonumber(meta[2] or 0)

local count = tonumber(ARGV[7])
local gap = top - tonumber(ARGV[5])
if ARGV[4] == epoch and gap >= 0 and gap <= tonumber(ARGV[6]) then
    count = gap
end
if count == 0 then
    return { epoch, top, {} }
end
-- Offsets are contiguous and ids ascend with them: the last `gap` entries are the gap.
return { epoch, top, redis.call('XREVRANGE', KEYS[1], '+', ARGV[3], 'COUNT', count) }
