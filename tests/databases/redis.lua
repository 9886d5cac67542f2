-- One of everything that a Redis 6.2 has, in each of its encodings.

local call = redis.call

-- Strings: numbers, short and long ones, ones that are compressed and ones that can't be, no bytes at all.
call('SET', 'string:number', '-42')
call('SET', 'string:large number', '9223372036854775807')
call('SET', 'string:short', 'hello')
call('SET', 'string:empty', '')
call('SET', 'string:compressed', string.rep('abc', 10000))
call('SET', 'string:bytes', '\0\1\2\r\n\255\254$5\r\n')
call('SETBIT', 'string:bits', 100000, 1)
call('PFADD', 'string:loglog', 'a', 'b', 'c')
call('APPEND', 'string:appended', '12')
call('APPEND', 'string:appended', '34')

-- Names that need care.
call('SET', '', 'the empty name')
call('SET', 'a name\r\nwith \0 and \255\254', 'x')
call('SET', '*2\r\n$3\r\nDEL', 'x')
call('SET', string.rep('long', 5000), 'x')

-- Each kind small, as it is packed, and large, as it isn't.
for i = 1, 3 do
  call('RPUSH', 'list:small', 'item ' .. i)
  call('SADD', 'set:small', 'member ' .. i)
  call('SADD', 'set:numbers', i * 100000)
  call('HSET', 'hash:small', 'field ' .. i, i)
  call('ZADD', 'zset:small', i / 3, 'member ' .. i)
end
for i = 1, 2000 do
  call('RPUSH', 'list:large', 'item ' .. i .. string.rep('x', i % 50))
  call('SADD', 'set:large', 'member ' .. i)
  call('HSET', 'hash:large', 'field ' .. i, string.rep('value ', i % 40))
  call('ZADD', 'zset:large', i * 0.1, 'member ' .. i)
end
call('HSET', 'hash:long values', 'f', string.rep('\0y', 400), 'g', '')
call('ZADD', 'zset:limits', '-inf', 'least', '+inf', 'most', '1e-300', 'tiny')
call('GEOADD', 'zset:places', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania')

-- A stream with a group, a consumer and entries that it hasn't acknowledged.
for i = 1, 300 do
  call('XADD', 'stream', i .. '-1', 'field', i, 'other', string.rep('z', i % 7))
end
call('XDEL', 'stream', '17-1')
call('XGROUP', 'CREATE', 'stream', 'readers', '0')
call('XREADGROUP', 'GROUP', 'readers', 'alice', 'COUNT', '5', 'STREAMS', 'stream', '>')
call('XACK', 'stream', 'readers', '2-1')

-- Expiry, in the middle of a second, far away.
call('SET', 'expires:string', 'x', 'PXAT', '4102444800500')
call('HSET', 'expires:hash', 'f', 'v')
call('PEXPIREAT', 'expires:hash', '4102444801500')

for i = 1, 3000 do
  call('SET', 'many:' .. i, i, 'PXAT', 4102444800500 + i * 1000)
end
return { 'filled' }
