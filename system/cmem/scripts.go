package cmem

import "github.com/redis/rueidis"

// scripts are the server-side functions. Each is one atomic step of Redis, and each but install checks the epoch first.
type scripts struct {
	claim, receipts, settle, giveBack, leftovers *rueidis.Lua
	begin, load, open, mark                      *rueidis.Lua
}

func newScripts() scripts {
	return scripts{
		claim: rueidis.NewLuaScript(mutated(claimLua)), receipts: rueidis.NewLuaScriptReadOnly(receiptsLua),
		settle: rueidis.NewLuaScript(settleLua), giveBack: rueidis.NewLuaScript(returnLua),
		leftovers: rueidis.NewLuaScriptReadOnly(leftoversLua),
		begin:     rueidis.NewLuaScript(beginLua), load: rueidis.NewLuaScript(loadLua), open: rueidis.NewLuaScript(openLua),
		mark: rueidis.NewLuaScript(markLua),
	}
}

// epochLua refuses a call of another epoch; ARGV[1] is the caller's.
const epochLua = `
if redis.call('GET', 'epoch') ~= ARGV[1] then
  return redis.error_reply('CLOSED this node is not at epoch ' .. ARGV[1])
end
`

// claimLua decides a batch: ARGV = epoch, writer, batch, asks, the gifts of the asks' groups, finished batches. A gift's
// group costs one HMGET, one GETRANGE and one HSET, however many users it has. The gifts come as text because Lua is
// slow at turning numbers into it; a group of one, which is most of them in a small batch, saves the tables.
const claimLua = `
local call, sub, pack, unpackn = redis.call, string.sub, struct.pack, struct.unpack
local state = call('MGET', 'epoch', 'voids', 'back')
if state[1] ~= ARGV[1] then return redis.error_reply('CLOSED this node is not at epoch ' .. ARGV[1]) end
if state[2] and call('EXISTS', 'void:' .. ARGV[2] .. ':' .. ARGV[3]) == 1 then
  return redis.error_reply('VOID batch ' .. ARGV[3] .. ' of ' .. ARGV[2] .. ' was settled before it came')
end
local open, asks, back, soldout = 'open:' .. ARGV[2], ARGV[4], tonumber(state[3] or '0'), string.rep('\0', 12)
local _, groups, at = unpackn('>HH', asks)
if #ARGV > 4 + groups then call('HDEL', open, unpack(ARGV, 5 + groups)) end
local taken, moved, k = call('HMGET', 'taken', unpack(ARGV, 5, 4 + groups)), {}, 0

local function reuse(gift, want)
  local found = {}
  for i, index in ipairs(call('LPOP', 'returned:' .. gift, want) or {}) do
    local fen = call('GETRANGE', 'amounts:' .. gift, index * 4, index * 4 + 3)
    found[i] = pack('>I', tonumber(index)) .. fen
  end
  if #found > 0 then back = call('DECRBY', 'back', #found) end
  return found
end

local function take(g, want)
  local gift = ARGV[4 + g]
  local found = back > 0 and reuse(gift, want) or {}
  local first, fresh, have = tonumber(taken[g] or '0'), want - #found, #found
  if fresh == 0 then return found end
  local fen = call('GETRANGE', 'amounts:' .. gift, first * 4, (first + fresh) * 4 - 1)
  local got = #fen / 4
  for i = 1, got do
    found[have + i] = pack('>I', first + i - 1) .. sub(fen, i * 4 - 3, i * 4)
  end
  if got > 0 then moved[k + 1], moved[k + 2], k = gift, first + got, k + 2 end
  return found
end

local function join(had)
  return sub(had, 1, 10) .. pack('>H', math.min(unpackn('>H', had, 11) + 1, 65535))
end

local function one(g, who, at)
  local user = sub(asks, at, at + 7)
  local had, value = call('HGET', who, user), soldout
  if had then
    value = join(had)
  else
    local found = take(g, 1)[1]
    if not found then return soldout end
    value = found .. sub(asks, at + 8, at + 9) .. '\0\1'
  end
  call('HSET', who, user, value)
  return value
end

local answers, n = {}, 0
local function many(g, who, at, count)
  local users = {}
  for i = 1, count do
    local from = at + (i - 1) * 12
    users[i] = sub(asks, from, from + 7)
  end
  local held, want = call('HMGET', who, unpack(users)), 0
  for i = 1, count do
    if not held[i] then want = want + 1 end
  end
  local found, next, set, m = want > 0 and take(g, want) or {}, 1, {}, 0
  for i = 1, count do
    local value = soldout
    if held[i] then
      value = join(held[i])
    elseif found[next] then
      local from = at + (i - 1) * 12 + 8
      value = found[next] .. sub(asks, from, from + 1) .. '\0\1'
      next = next + 1
    end
    if value ~= soldout then
      set[m + 1], set[m + 2], m = users[i], value, m + 2
    end
    answers[n + i] = value
  end
  n = n + count
  if m > 0 then call('HSET', who, unpack(set)) end
end

for g = 1, groups do
  local count, who = unpackn('>H', asks, at + 2), 'who:' .. ARGV[4 + g]
  at = at + 4
  if count == 1 then
    n = n + 1
    answers[n] = one(g, who, at)
  else
    many(g, who, at, count)
  end
  at = at + count * 12
end
if k > 0 then call('HSET', 'taken', unpack(moved)) end
local reply = table.concat(answers)
call('HSET', open, ARGV[3], asks .. reply)
return reply
`

// receiptsLua answers who has what: ARGV = asks. A node that is being installed has no epoch, and does not answer.
const receiptsLua = `
if not redis.call('GET', 'epoch') then return redis.error_reply('CLOSED this node is being installed') end
local asks, answers, n = ARGV[1], {}, 0
local _, groups, at = struct.unpack('>HH', asks)
for _ = 1, groups do
  local gift, count
  gift, count, at = struct.unpack('>HH', asks, at)
  local users = {}
  for i = 1, count do
    local from = at + (i - 1) * 12
    users[i] = string.sub(asks, from, from + 7)
  end
  local held = redis.call('HMGET', 'who:' .. gift, unpack(users))
  for i = 1, count do
    n = n + 1
    answers[n] = held[i] or string.rep('\0', 12)
  end
  at = at + count * 12
end
return table.concat(answers)
`

// settleLua tells what became of a batch, or makes sure that nothing ever will: ARGV = epoch, writer, batch. The mark
// needs to outlive only a call that is still in a buffer on its way.
const settleLua = epochLua + `
local record = redis.call('HGET', 'open:' .. ARGV[2], ARGV[3])
if record then return record end
redis.call('SET', 'void:' .. ARGV[2] .. ':' .. ARGV[3], 1, 'EX', 600)
redis.call('SET', 'voids', 1, 'EX', 660)
return false
`

// returnLua takes a batch's holds away, once: ARGV = epoch, writer, batch, held. The record of the batch is its token. A
// count that has reached its limit is not exact any more, and stays.
const returnLua = epochLua + `
if redis.call('HDEL', 'open:' .. ARGV[2], ARGV[3]) == 0 then return 0 end
local back = 0
for at = 1, #ARGV[4], 14 do
  local gift, index = struct.unpack('>H', ARGV[4], at), struct.unpack('>I', ARGV[4], at + 10)
  local who, user = 'who:' .. gift, string.sub(ARGV[4], at + 2, at + 9)
  local held = redis.call('HGET', who, user)
  if held and struct.unpack('>I', held) == index then
    local holds = struct.unpack('>H', held, 11)
    if holds == 1 then
      redis.call('HDEL', who, user)
      redis.call('RPUSH', 'returned:' .. gift, index)
      redis.call('INCR', 'back')
      back = back + 1
    elseif holds < 65535 then
      redis.call('HSET', who, user, string.sub(held, 1, 10) .. struct.pack('>H', holds - 1))
    end
  end
end
return back
`

// leftoversLua lists a writer's records: ARGV = epoch, writer.
const leftoversLua = epochLua + `return redis.call('HGETALL', 'open:' .. ARGV[2])`

// beginLua empties the node for a keeper's epoch. An older keeper, woken late, must not empty what a newer one filled.
const beginLua = `
local mine = tonumber(ARGV[1])
local function at(key) return tonumber(redis.call('GET', key) or '0') end
if at('epoch') >= mine or at('installing') > mine then
  return redis.error_reply('CLOSED this node is at epoch ' .. math.max(at('epoch'), at('installing')) .. ' already')
end
redis.call('FLUSHALL', 'ASYNC')
redis.call('SET', 'installing', ARGV[1])
return 1
`

// loadLua runs one step of an installation, if it is still the same keeper's: ARGV = epoch, command and its arguments.
const loadLua = `
if redis.call('GET', 'installing') ~= ARGV[1] then
  return redis.error_reply('CLOSED another keeper installs this node')
end
redis.call('INCR', 'loaded')
return redis.call(unpack(ARGV, 2))
`

// openLua ends an installation: ARGV = epoch.
const openLua = `
if redis.call('GET', 'installing') ~= ARGV[1] then
  return redis.error_reply('CLOSED another keeper installs this node')
end
redis.call('DEL', 'installing', 'loaded')
redis.call('SET', 'epoch', ARGV[1])
return 1
`

// markLua notes what users got elsewhere: ARGV = epoch, gift, then user and value in turn. A user who has the gift has this
// very share, or something is wrong; the answer is the place of the first such user, counted from 1, or 0.
const markLua = epochLua + `
local who = 'who:' .. ARGV[2]
for i = 3, #ARGV, 2 do
  if redis.call('HSETNX', who, ARGV[i], ARGV[i + 1]) == 0 then
    local held = redis.call('HGET', who, ARGV[i])
    if string.sub(held, 1, 8) ~= string.sub(ARGV[i + 1], 1, 8) then return (i - 1) / 2 end
  end
end
return 0
`
