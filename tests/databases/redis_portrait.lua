-- A line for each key: a digest of its name, its type, a digest of its value as its own commands give it, and the second in
-- which it expires. It asks nothing of DUMP, so that it disagrees where that is wrong.

local call = redis.call

local function pairs_of(flat)
  local made = {}
  for i = 1, #flat, 2 do
    made[#made + 1] = #flat[i] .. ':' .. flat[i] .. flat[i + 1]
  end
  table.sort(made)
  return made
end

local function sorted(list)
  table.sort(list)
  return list
end

local values = {
  string = function(key) return call('GET', key) end,
  list = function(key) return call('LRANGE', key, 0, -1) end,
  set = function(key) return sorted(call('SMEMBERS', key)) end,
  hash = function(key) return pairs_of(call('HGETALL', key)) end,
  zset = function(key) return call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
  stream = function(key)
    local pending = call('XPENDING', key, 'readers', '-', '+', 10)
    for _, entry in ipairs(pending) do
      entry[3] = 0 -- how long it has been waiting
    end
    return { call('XRANGE', key, '-', '+'), call('XINFO', 'GROUPS', key), pending }
  end,
}

local lines = {}
for _, key in ipairs(call('KEYS', '*')) do
  local kind = call('TYPE', key).ok
  local left = call('PTTL', key)
  local expires = 'never'
  if left >= 0 then
    local now = call('TIME')
    expires = string.format('%d', math.floor((now[1] * 1000 + math.floor(now[2] / 1000) + left) / 1000))
  end
  local value = redis.sha1hex(cmsgpack.pack(values[kind](key)))
  lines[#lines + 1] = redis.sha1hex(key) .. ' ' .. kind .. ' ' .. value .. ' ' .. expires
end
table.sort(lines)
return lines
