-- Sliding windows: the count of this window, and what of the last one still
-- reaches into the hour (or so) before now, as if it had been evenly spread.
-- KEYS   the counters
-- ARGV   now in ms; take | give; how many; then limit and window in ms of each
-- Gives  how many were granted, then of each counter: left, ms to wait for one
local now, mode, want = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local granted, counters = want, {}
for i, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 + 2 * i]), tonumber(ARGV[3 + 2 * i])
  local kept = redis.call('HMGET', key, 'w', 'c', 'p')
  local index = math.floor(now / window)
  local w, c, p = tonumber(kept[1]) or index, tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
  if w < index then
    p = (w == index - 1) and c or 0
    w, c = index, 0
  end
  local into = math.max(0, math.min(window, now - w * window))
  local free = math.floor(limit - c - p * (1 - into / window) + 1e-6)
  granted = math.max(0, math.min(granted, free))
  counters[i] = {key = key, limit = limit, window = window, w = w, c = c, p = p, into = into, free = free}
end
local answer = {mode == 'take' and granted or want}
for _, it in ipairs(counters) do
  local change = 0
  if mode == 'take' then change = granted else change = -math.min(want, it.c) end
  if change ~= 0 then
    it.c = it.c + change
    redis.call('HSET', it.key, 'w', it.w, 'c', it.c, 'p', it.p)
    redis.call('PEXPIRE', it.key, 2 * it.window)
  end
  local free, wait = it.free - change, 0
  if free < 1 then
    if it.c >= it.limit then
      wait = it.window - it.into + it.window * (1 - (it.limit - 1) / it.c)
    else
      wait = it.window * (1 - (it.limit - 1 - it.c) / it.p) - it.into
    end
  end
  answer[#answer + 1] = math.max(0, free)
  answer[#answer + 1] = math.ceil(math.max(0, wait))
end
return answer
