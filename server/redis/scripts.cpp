#include "server/redis/scripts.h"

#include "server/base/bytes.h"

#include <openssl/evp.h>

namespace waaft::redis {
namespace {

// Before every script of a room. KEYS: as keys.h says.
constexpr const char* room_head = R"lua(
local call = redis.call
local room, members, log, bans = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local nonces = {KEYS[5], KEYS[6]}
local lineage = string.match(call('GET', KEYS[8]) or '', ' (%S+)$') or ''
local links, links_longer = KEYS[9], 86400000

local function int(number) return string.format('%.0f', number) end
local function damaged(what) return redis.error_reply('DAMAGED ' .. what) end
local function now()
  local time = call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- A little longer than asked, so that not every change of a busy room sets it anew.
local function keep_for(keep)
  local longest = keep + math.floor(keep / 8)
  local left = call('PTTL', room)
  if left < keep or left > longest then
    for i = 1, 4 do call('PEXPIRE', KEYS[i], int(longest)) end
    call('PEXPIRE', links, int(longest + links_longer))
    return
  end
  for i = 2, 4 do
    if call('PTTL', KEYS[i]) == -1 then call('PEXPIRE', KEYS[i], int(left)) end
  end
end

-- epoch, revision, rules, last seq, first seq of the list, and whether it was written in a lineage that is left, so that
-- its newest changes may be missing; or nil and the reply that says why not.
local function load_room()
  local kept = call('HMGET', room, 'e', 'r', 'u', 'q', 'b', 'l')
  if not kept[1] then
    if call('EXISTS', room) == 1 then return nil, damaged('the room has no epoch') end
    return nil, 'g'
  end
  local revision, rules, last, first = tonumber(kept[2]), tonumber(kept[3]), tonumber(kept[4]), tonumber(kept[5])
  if not (revision and rules and last and first) then return nil, damaged('a counter of the room is not a number') end
  local length = call('LLEN', log)
  if last - first + 1 ~= length then
    return nil, damaged('records ' .. int(first) .. ' to ' .. int(last) .. ' should be there, but there are ' .. length)
  end
  return {epoch = kept[1], revision = revision, rules = rules, last = last, first = first,
          left = kept[6] and kept[6] ~= lineage, lineage = kept[6]}
end

-- nil if the bytes are a record of this version, otherwise the reply that names them.
local function unreadable(record, seq, record_max)
  if #record > record_max then return damaged('record ' .. int(seq) .. ' has ' .. #record .. ' bytes') end
  if string.byte(record, 1) ~= 1 or #record < 27 then
    return damaged('record ' .. int(seq) .. ' is not of version 1, or truncated')
  end
end
)lua";

constexpr const char* create_text = R"lua(
-- ARGV: epoch, row, last seq, keep.
if call('EXISTS', room) == 1 then
  if not call('HGET', room, 'e') then return damaged('the room has no epoch') end
  return 'e'
end
local last = tonumber(ARGV[3])
call('HSET', room, 'e', ARGV[1], 'w', ARGV[2], 'r', '0', 'u', '0', 'q', int(last), 'b', int(last + 1), 'l', lineage)
call('DEL', members, log, bans, nonces[1], nonces[2], links)
keep_for(tonumber(ARGV[4]))
return 'd'
)lua";

constexpr const char* read_text = R"lua(
-- ARGV: how many records at most, how long one may be.
local kept, why = load_room()
if why == 'g' then return false end
if not kept then return why end
local tail = {}
local most = tonumber(ARGV[1])
if most > 0 then tail = call('LRANGE', log, -most, -1) end
local first = kept.last - #tail + 1
for i, record in ipairs(tail) do
  local mistake = unreadable(record, first + i - 1, tonumber(ARGV[2]))
  if mistake then return mistake end
end
return {kept.epoch, call('HGET', room, 'w'), int(kept.revision), int(kept.rules), int(kept.last), int(first),
        call('HGETALL', members), call('SMEMBERS', bans), tail, call('HGETALL', nonces[1]), call('HGETALL', nonces[2]),
        kept.left and 1 or 0}
)lua";

constexpr const char* commit_text = R"lua(
-- ARGV: see commands.cpp, in this order.
local server, opened, number = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local epoch, rules, raises = ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
local members_max, keep, log_max, nonce_keep = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local ends, channel, record_max, message = ARGV[11] == '1', ARGV[12], tonumber(ARGV[13]), ARGV[14]
local new_epoch, new_row = ARGV[15], ARGV[16]
local at = 17
local function next_word() at = at + 1 return ARGV[at - 1] end

local kept, why = load_room()
if not kept then return why end
local mine = 's:' .. server
local answered = call('HGET', room, mine)
if answered then
  local was_opened, was_number, answer = string.match(answered, '^(%d+) (%d+) (.*)$')
  was_opened, was_number = tonumber(was_opened), tonumber(was_number)
  if not (was_opened and was_number) then return damaged('the answer kept for server ' .. server .. ' is not one') end
  if was_opened == opened and was_number == number then return answer end
  if was_opened > opened or (was_opened == opened and was_number > number) then return 'c' end
end
if kept.epoch ~= epoch or kept.rules ~= rules then return 'c' end
-- First of all the epoch is renewed.
if kept.left and (new_row == '' or new_epoch == epoch) then return 'c' end

-- Members: compare, count.
local count = call('HLEN', members)
local changed, adds = {}, false
for i = 1, tonumber(next_word()) do
  local id, expected, has, value = next_word(), tonumber(next_word()), next_word() == '1', next_word()
  local there = call('HGET', members, id)
  local found = 0
  if there then
    found = tonumber(string.match(there, '^(%d+)|'))
    if not found then return damaged('member ' .. id .. ' is not one') end
  end
  if found ~= expected then return 'c' end
  if has and not there then count = count + 1 end
  if there and not has then count = count - 1 end
  adds = adds or has
  changed[i] = {id, has, value}
end
if members_max > 0 and count > members_max then return 'f' end
local banned = {}
for i = 1, tonumber(next_word()) do banned[i] = next_word() end
if #banned > 0 then call('SCARD', bans) end

-- Records: which are there already, what they blank.
local last, first = kept.last, kept.first
local period = math.floor(now() / nonce_keep)
local current, before = nonces[period % 2 + 1], nonces[(period + 1) % 2 + 1]
local fresh, known, runs = {}, {}, {}
local function say_seq(seq, repeated)
  local run = runs[#runs]
  if run and not repeated and not run.repeated and run.seq + run.count == seq then
    run.count = run.count + 1
  else
    runs[#runs + 1] = {seq = seq, count = 1, repeated = repeated}
  end
end
local function seen(nonce)
  if known[nonce] then return known[nonce] end
  local there = call('HGET', current, nonce) or call('HGET', before, nonce)
  return there and tonumber(string.match(there, '^(%d+) '))
end
local function check_range(from, to)
  for start = from, to, 100 do
    for i, record in ipairs(call('LRANGE', log, start - first, math.min(start + 99, to) - first)) do
      local mistake = unreadable(record, start + i - 1, record_max)
      if mistake then return mistake end
    end
  end
end
for i = 1, tonumber(next_word()) do
  local nonce, record = next_word(), next_word()
  local there = nonce ~= '' and seen(nonce)
  if there then
    say_seq(there, true)
  else
    last = last + 1
    say_seq(last, false)
    if nonce ~= '' then known[nonce] = last end
    local kind, mistake, target = string.byte(record, 2), nil, struct.unpack('>I8', record, 12)
    if kind == 3 then
      mistake = check_range(first, kept.last)
    elseif kind == 1 and target >= first and target <= kept.last then
      mistake = check_range(target, target)
    end
    if mistake then return mistake end
    fresh[#fresh + 1] = {seq = last, nonce = nonce, record = record, kind = kind, target = target}
  end
end

-- From here on it writes.
local revision = kept.revision + 1
if raises then rules = revision end
local seqs = {}
for i, run in ipairs(runs) do
  seqs[i] = int(run.seq) .. (run.repeated and 'r' or (run.count > 1 and 'x' .. run.count or ''))
end
local written = #seqs > 0 and table.concat(seqs, ',') or '-'
local answer = 'd ' .. int(revision) .. ' ' .. int(rules) .. ' ' .. written
local function tell()
  call('PUBLISH', channel, '1c ' .. server .. ' ' .. int(revision) .. ' ' .. int(rules) .. ' ' .. (ends and 'e ' or '- ') ..
       written .. '\n' .. message)
end
if ends then
  call('DEL', links, unpack(KEYS, 1, 6))
  tell()
  return answer
end
if not (adds or #banned > 0 or #fresh > 0 or new_row ~= '') then call('PERSIST', room) end
call('HSET', room, 'r', int(revision), 'u', int(rules), 'q', int(last),
     mine, int(opened) .. ' ' .. int(number) .. ' ' .. answer)
if new_row ~= '' then call('HSET', room, 'e', new_epoch, 'w', new_row) end
if kept.lineage ~= lineage then call('HSET', room, 'l', lineage) end
for _, change in ipairs(changed) do
  if change[2] then
    call('HSET', members, change[1], int(revision) .. '|' .. change[3])
  else
    call('HDEL', members, change[1])
  end
end
for _, ban in ipairs(banned) do call('SADD', bans, ban) end

local function blanked(record)
  if string.byte(record, 2) ~= 0 then return record end
  return string.sub(record, 1, 2) .. '\2' .. string.sub(record, 4, struct.unpack('>I2', record, 20))
end
for _, new in ipairs(fresh) do
  if new.kind == 3 then
    -- Once round: taken from the front, put back at the end.
    for start = first, new.seq - 1, 100 do
      local taken = call('LPOP', log, math.min(100, new.seq - start))
      for i, record in ipairs(taken) do taken[i] = blanked(record) end
      call('RPUSH', log, unpack(taken))
    end
  elseif new.kind == 1 and new.target >= first and new.target < new.seq then
    local index = new.target - first
    call('LSET', log, index, blanked(call('LINDEX', log, index)))
  end
  call('RPUSH', log, new.record)
  if new.nonce ~= '' then
    call('HSET', current, new.nonce, int(new.seq) .. ' ' .. int(struct.unpack('>I8', new.record, 4)))
  end
end
if call('PTTL', current) == -1 then call('PEXPIREAT', current, int((period + 2) * nonce_keep - 1)) end
local surplus = last - first + 1 - log_max
if log_max > 0 and surplus > 0 then
  call('LTRIM', log, surplus, -1)
  call('HSET', room, 'b', int(first + surplus))
end
keep_for(keep)
tell()
return answer
)lua";

constexpr const char* history_text = R"lua(
-- One step of reading a page. ARGV: the cursor as commands.h says (before, wanted, bytes, oldest, newest, from), how
-- many records to read, how long one may be. Long ones count as several, so that a step takes no longer with them.
-- Answers: epoch, messages and what was said of them later, each with its seq, more, before, from.
local kept, why = load_room()
if why == 'g' then return false end
if not kept then return why end
local before, wanted, bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest, newest, from = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local left, record_max = tonumber(ARGV[7]), tonumber(ARGV[8])
local items, later, more, mistake = {}, {}, 0, nil
local function range(start, stop)
  local records = call('LRANGE', log, start - kept.first, stop - kept.first)
  for i, record in ipairs(records) do
    mistake = mistake or unreadable(record, start + i - 1, record_max)
    left = left - 1 - math.floor(#record / 1024)
  end
  return records
end

if from == 0 then
  local top, complete = math.min(before - 1, kept.last), false
  while top >= kept.first and left > 0 and not complete do
    local start = math.max(kept.first, top - 99)
    local records = range(start, top)
    if mistake then return mistake end
    for i = #records, 1, -1 do
      if string.byte(records[i], 2) == 0 then
        complete = wanted == 0 or (bytes <= 0 and oldest > 0)
        if complete then
          more = 1
          break
        end
        oldest = start + i - 1
        if newest == 0 then newest = oldest end
        wanted, bytes = wanted - 1, bytes - #records[i]
        items[#items + 1] = int(oldest)
        items[#items + 1] = records[i]
      end
    end
    top = start - 1
  end
  if not complete and top >= kept.first then return {kept.epoch, items, later, more, int(top + 1), '0'} end
  from = oldest + 1
end
from = math.max(from, kept.first)
while oldest > 0 and from <= kept.last and left > 0 do
  local stop = math.min(from + 99, kept.last)
  for i, record in ipairs(range(from, stop)) do
    if mistake then return mistake end
    local kind = string.byte(record, 2)
    local target = (kind == 1 or kind == 2) and struct.unpack('>I8', record, 12) or 0
    if kind == 3 or (target >= oldest and target <= newest) then
      later[#later + 1] = int(from + i - 1)
      later[#later + 1] = record
    end
  end
  from = stop + 1
end
if oldest == 0 or from > kept.last then from = 0 end
return {kept.epoch, items, later, more, '0', int(from)}
)lua";

constexpr const char* keep_text = R"lua(
-- ARGV: keep, the oldest time of a record that stays, how long a record may be.
local kept, why = load_room()
if not kept then return why end
local first, since, record_max = kept.first, tonumber(ARGV[2]), tonumber(ARGV[3])
local young = false
while first <= kept.last and not young do
  for i, record in ipairs(call('LRANGE', log, first - kept.first, first - kept.first + 99)) do
    local mistake = unreadable(record, first, record_max)
    if mistake then return mistake end
    young = struct.unpack('>I8', record, 4) >= since
    if young then break end
    first = first + 1
  end
end
for i = 1, 4 do call('PEXPIRE', KEYS[i], ARGV[1]) end
call('PEXPIRE', links, int(tonumber(ARGV[1]) + links_longer))
if first > kept.first then
  call('LTRIM', log, first - kept.first, -1)
  call('HSET', room, 'b', int(first))
end
-- Answers for servers that are gone for good.
for _, field in ipairs(call('HKEYS', room)) do
  if string.sub(field, 1, 2) == 's:' and not call('ZSCORE', KEYS[7], string.sub(field, 3)) then call('HDEL', room, field) end
end
return 'd'
)lua";

constexpr const char* servers_text = R"lua(
-- KEYS: servers. ARGV: this one or '', how long one counts as alive, how long it is remembered, 'leave' or ''.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function int(number) return string.format('%.0f', number) end
local alive = tonumber(ARGV[2])
if ARGV[4] == 'leave' then
  redis.call('ZADD', KEYS[1], int(now - alive), ARGV[1])
else
  redis.call('ZADD', KEYS[1], int(now), ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', int(now - tonumber(ARGV[3])))
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. int(now - alive), int(now + alive))
)lua";

constexpr const char* check_text = R"lua(
-- KEYS: format, servers, links, lineage. ARGV: version, this server, how long one counts as alive, Redis's run and
-- replication id, whether it was a replica before, whether it keeps everything when it starts again, the secrets'
-- fingerprints.
for i, wanted in ipairs({'string', 'zset', 'zset', 'string'}) do
  local found = redis.call('TYPE', KEYS[i])['ok']
  if found ~= 'none' and found ~= wanted then return {'foreign', KEYS[i], found} end
end
local run, id, promoted, durable = ARGV[4], ARGV[5], ARGV[6] == '1', ARGV[7] == '1'
local origin = redis.call('GET', KEYS[4])
local known_run, known_id, lineage = string.match(origin or '', '^(%S+) (%S+) (%S+)$')
local same = known_id == id or (not promoted and (durable or known_run == run))
if not lineage or not same then lineage = string.sub(id, 1, 16) end
local mark = ARGV[1] .. ' ' .. (ARGV[8] or '')
local kept = redis.call('GET', KEYS[1])
local function good(word)
  local now = run .. ' ' .. id .. ' ' .. lineage
  if origin ~= now then
    redis.call('PERSIST', KEYS[4])
    redis.call('SET', KEYS[4], now)
  end
  if kept ~= mark then redis.call('SET', KEYS[1], mark) end
  return {word}
end
if not kept then return good('ok') end
local version, secret = string.match(kept, '^(%d+) (.*)$')
if not version then return {'foreign', KEYS[1], 'string'} end
if version ~= ARGV[1] then return {'newer', KEYS[1], version} end
if kept == mark then return good('ok') end
for i = 9, #ARGV do
  if ARGV[i] == secret then return good('ok') end
end
local time = redis.call('TIME')
local oldest = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(ARGV[3])
for _, server in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', oldest), '+inf')) do
  if server ~= ARGV[2] then return {'secret', KEYS[1], server} end
end
return good('replaced')
)lua";

constexpr const char* revoke_text = R"lua(
-- KEYS: links. ARGV: id, when it expires, the channel.
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', tonumber(time[1]) * 1000))
redis.call('PUBLISH', ARGV[3], '1l ' .. ARGV[2] .. ' ' .. ARGV[1])
return 'd'
)lua";

constexpr const char* links_text = R"lua(
-- KEYS: links.
local time = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', tonumber(time[1]) * 1000), '+inf')
)lua";

// Before every script of a room's links. KEYS: the room, its links, revoked links.
constexpr const char* links_head = R"lua(
local call = redis.call
local room, links, revoked, links_longer = KEYS[1], KEYS[2], KEYS[3], 86400000
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function int(number) return string.format('%.0f', number) end
-- All, also those of an earlier life of the room that an earlier version has ended; or nil and the reply that says why
-- not.
local function load_links()
  local kept, found = call('HGETALL', links), {}
  for i = 1, #kept, 2 do
    local id, value = kept[i], kept[i + 1]
    local role, expires, life, host_key = string.match(value, '^1 (%d+) %d+ (%d+) (%S+) (%S+) ')
    if not role then return nil, redis.error_reply('DAMAGED link ' .. id .. ' is not of version 1') end
    found[#found + 1] = {id = id, value = value, role = role, expires = tonumber(expires), life = life, host_key = host_key}
  end
  return found
end
)lua";

constexpr const char* record_text = R"lua(
-- ARGV: life, id, value, which host key is in force, how many there may be, what stands before an id among the revoked.
local row = call('HGET', room, 'w') or ''
if #row < 15 or string.byte(row, 1) ~= 1 or int(struct.unpack('>I8', row, 8)) ~= ARGV[1] then return 'g' end
local all, why = load_links()
if not all then return why end
local gone, staying = {}, {}
for _, link in ipairs(all) do
  if link.expires <= now or link.life ~= ARGV[1] then
    gone[#gone + 1] = link.id
  else
    staying[#staying + 1] = link
  end
end
local count, most = #staying, tonumber(ARGV[5])
if count >= most then
  for _, link in ipairs(staying) do
    if (link.role == '0' and link.host_key ~= ARGV[4]) or call('ZSCORE', revoked, ARGV[6] .. link.id) then
      gone[#gone + 1] = link.id
      count = count - 1
    end
  end
end
if count >= most then return 'f' end
call('HSET', links, ARGV[2], ARGV[3])
for _, id in ipairs(gone) do call('HDEL', links, id) end
local left = call('PTTL', room)
if left > 0 then call('PEXPIRE', links, int(left + links_longer)) end
return 'd'
)lua";

constexpr const char* list_text = R"lua(
-- ARGV: life, what stands before an id among the revoked.
local all, why = load_links()
if not all then return why end
local listed = {}
for _, link in ipairs(all) do
  if link.life == ARGV[1] then
    listed[#listed + 1] = link.id
    listed[#listed + 1] = link.value
    listed[#listed + 1] = call('ZSCORE', revoked, ARGV[2] .. link.id) and 'r' or '-'
  end
end
return listed
)lua";

constexpr const char* void_text = R"lua(
-- ARGV: life, what stands before an id among the revoked, until when it is remembered, how those that were never
-- recorded stand there, the channel. Answers as `list`.
local all, why = load_links()
if not all then return why end
local voided = {}
local function revoke(id)
  call('ZADD', revoked, ARGV[3], id)
  call('PUBLISH', ARGV[5], '1l ' .. ARGV[3] .. ' ' .. id)
end
call('ZREMRANGEBYSCORE', revoked, '-inf', int(now))
for _, link in ipairs(all) do
  local id = ARGV[2] .. link.id
  if link.life == ARGV[1] and not call('ZSCORE', revoked, id) then
    revoke(id)
    voided[#voided + 1] = link.id
    voided[#voided + 1] = link.value
    voided[#voided + 1] = 'r'
  end
end
revoke(ARGV[4])
return voided
)lua";

constexpr const char* allow_text = R"lua(
-- KEYS: the counter. ARGV: how many, the period.
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end
if redis.call('INCR', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
)lua";

ScriptText named(std::string text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return {std::move(text), to_hex({digest.data(), size})};
}

ScriptText of_room(const char* text) { return named(std::string(room_head) + text); }
ScriptText of_links(const char* text) { return named(std::string(links_head) + text); }

}  // namespace

const ScriptText& script(Script which) {
    static const std::array<ScriptText, scripts_count> all{
        named(check_text),     of_room(create_text), of_room(read_text), of_room(commit_text), of_room(history_text),
        of_room(keep_text),    named(servers_text),  named(revoke_text), named(links_text),    named(allow_text),
        of_links(record_text), of_links(list_text),  of_links(void_text)};
    return all[static_cast<std::size_t>(which)];
}

}  // namespace waaft::redis
