/**
 * The decisions, as scripts. A counter is a hash of buckets (field: the bucket's number) with the sum of what is held in field `h`;
 * beside it a sorted set has the holds by the end of their lease, as `{amount}:{r|c}:{id}`. All keys of a scope share a hash tag. The
 * arithmetic is that of rate-window.ts, which the same tests run on.
 */
const COMMON = `
local now = tonumber(ARGV[1])
if now == nil then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local lease = tonumber(ARGV[2])
local function whole(number) return string.format('%.0f', number) end

local function load(counter, leases, bucketMs, live)
  local current = math.floor(now / bucketMs)
  local state = { used = 0, held = 0, current = current, buckets = {} }
  local fields = redis.call('HGETALL', counter)
  local ahead = 0
  for i = 1, #fields, 2 do
    if fields[i] == 'h' then
      state.held = tonumber(fields[i + 1])
    elseif tonumber(fields[i]) <= current - live then
      redis.call('HDEL', counter, fields[i])
    elseif tonumber(fields[i]) > current then
      ahead = ahead + tonumber(fields[i + 1])
      redis.call('HDEL', counter, fields[i])
    else
      table.insert(state.buckets, { tonumber(fields[i]), tonumber(fields[i + 1]) })
      state.used = state.used + tonumber(fields[i + 1])
    end
  end
  if ahead > 0 then
    redis.call('HINCRBY', counter, whole(current), whole(ahead))
    table.insert(state.buckets, { current, ahead })
    state.used = state.used + ahead
  end
  if state.held > 0 then
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
      local amount, fate = string.match(member, '^(%d+):(%a):')
      amount = tonumber(amount)
      redis.call('ZREM', leases, member)
      redis.call('HINCRBY', counter, 'h', whole(-amount))
      state.held = state.held - amount
      if fate == 'c' then
        redis.call('HINCRBY', counter, whole(current), whole(amount))
        table.insert(state.buckets, { current, amount })
        state.used = state.used + amount
      end
    end
  end
  table.sort(state.buckets, function(a, b) return a[1] < b[1] end)
  return state
end

local function keep(counter, leases, index, member, bucketMs, live)
  local ttl = bucketMs * live + lease
  redis.call('PEXPIRE', counter, ttl)
  redis.call('PEXPIRE', leases, ttl)
  if member ~= '' then
    redis.call('ZADD', index, now + ttl, member)
    redis.call('PEXPIRE', index, math.max(ttl, redis.call('PTTL', index)))
  end
end
`;

/**
 * KEYS: the index, then for each claim its counter and leases. ARGV: now or '', lease, the hold's mark (`r:id`), then for each claim
 * bucketMs, live, limit, amount, mode, the index's member or ''. Returns the refused claim's number from 1 or 0, then for each claim
 * used, held, freeAt.
 */
export const ADMIT = `${COMMON}
local FIRST, WIDTH = 4, 6
local claims, refused = {}, 0
for i = 1, (#KEYS - 1) / 2 do
  local at = FIRST + (i - 1) * WIDTH
  local claim = {
    counter = KEYS[2 * i], leases = KEYS[2 * i + 1],
    bucketMs = tonumber(ARGV[at]), live = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2]),
    amount = tonumber(ARGV[at + 3]), mode = ARGV[at + 4], member = ARGV[at + 5],
  }
  claim.state = load(claim.counter, claim.leases, claim.bucketMs, claim.live)
  if refused == 0 and claim.state.used + claim.state.held + claim.amount > claim.limit then refused = i end
  claims[i] = claim
end
local answer = { refused }
for i, claim in ipairs(claims) do
  local state = claim.state
  local missing = 0
  if refused == i then missing = state.used + state.held + claim.amount - claim.limit end
  if refused == 0 and claim.mode == 'count' then
    redis.call('HINCRBY', claim.counter, whole(state.current), whole(claim.amount))
    table.insert(state.buckets, { state.current, claim.amount })
    state.used = state.used + claim.amount
    keep(claim.counter, claim.leases, KEYS[1], claim.member, claim.bucketMs, claim.live)
  elseif refused == 0 and claim.mode == 'hold' and claim.amount > 0 then
    redis.call('HINCRBY', claim.counter, 'h', whole(claim.amount))
    redis.call('ZADD', claim.leases, now + lease, whole(claim.amount) .. ':' .. ARGV[3])
    state.held = state.held + claim.amount
    keep(claim.counter, claim.leases, KEYS[1], claim.member, claim.bucketMs, claim.live)
  end
  local freed, freeAt = 0, now
  for n, bucket in ipairs(state.buckets) do
    if freed >= missing and n > 1 then break end
    freed = freed + bucket[2]
    freeAt = (bucket[1] + claim.live) * claim.bucketMs
  end
  table.insert(answer, state.used)
  table.insert(answer, state.held)
  table.insert(answer, freeAt)
end
return answer
`;

/**
 * KEYS as above. ARGV: now or '', lease, the hold's mark, then for each booking bucketMs, live, held, amount, the index's member or ''.
 * A hold that is gone has lapsed meanwhile, since its process could not renew it: what was charged for it then is not charged again, and
 * what was charged too much is taken back from the oldest buckets, so that what stays counts for no shorter a time than it should.
 */
export const SETTLE = `${COMMON}
local function takeBack(counter, buckets, surplus)
  for _, bucket in ipairs(buckets) do
    local taken = math.min(bucket[2], surplus)
    redis.call('HINCRBY', counter, whole(bucket[1]), whole(-taken))
    surplus = surplus - taken
  end
end
local FIRST, WIDTH = 4, 5
for i = 1, (#KEYS - 1) / 2 do
  local at = FIRST + (i - 1) * WIDTH
  local counter, leases = KEYS[2 * i], KEYS[2 * i + 1]
  local bucketMs, held, amount = tonumber(ARGV[at]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if held > 0 then
    if redis.call('ZREM', leases, whole(held) .. ':' .. ARGV[3]) == 1 then
      redis.call('HINCRBY', counter, 'h', whole(-held))
    elseif string.sub(ARGV[3], 1, 1) == 'c' then
      amount = amount - held
      if amount < 0 then takeBack(counter, load(counter, leases, bucketMs, tonumber(ARGV[at + 1])).buckets, -amount) end
    end
  end
  if amount > 0 then redis.call('HINCRBY', counter, whole(math.floor(now / bucketMs)), whole(amount)) end
  keep(counter, leases, KEYS[1], ARGV[at + 4], bucketMs, tonumber(ARGV[at + 1]))
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return 1
`;

/** KEYS: for each counter itself and its leases. ARGV: now or '', lease, then for each counter the leases' member, its window's length. */
export const RENEW = `${COMMON}
for i = 1, #KEYS / 2 do
  local counter, leases = KEYS[2 * i - 1], KEYS[2 * i]
  redis.call('ZADD', leases, 'XX', now + lease, ARGV[1 + 2 * i])
  local ttl = tonumber(ARGV[2 + 2 * i]) + lease
  redis.call('PEXPIRE', counter, ttl)
  redis.call('PEXPIRE', leases, ttl)
end
return 1
`;
