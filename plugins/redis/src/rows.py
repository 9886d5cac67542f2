"""A key as a row of a backup: its length, when it expires, its name, and what DUMP says of it.

    u32  length of the row, this number included
    u64  when it expires, in milliseconds since 1970; 0 for never
    u32  length of the name
         the name
         DUMP's payload (Redis docs, DUMP): the value, the version of its encoding, a CRC-64 that RESTORE checks

Numbers are little-endian. The row is the same whenever the same key is read, so that databases can be compared: the
elements of a set or a hash are sorted, since a server gives them in an order of its own.
"""

from struct import Struct

from crc64 import crc64
from faults import fail

HEAD = Struct("<IQI")
FORMAT = "application/vnd.redis.dump; version=1"

# Larger ones are passed on as they come: they would have to be in memory to be sorted.
SORTED_AT_MOST = 8 << 20

# RDB's types of a set and a hash whose elements are in no order (rdb.h: RDB_TYPE_SET, RDB_TYPE_HASH), and how many strings
# an element has.
UNORDERED = {2: 1, 4: 2}


def head(name: bytes, expires: int, payload: int) -> bytes:
    """What stands before a payload of so many bytes."""
    length = HEAD.size + len(name) + payload
    if length >> 32:
        fail("unsupported", "a key has a value of more than 4 GiB")
    return HEAD.pack(length, expires, len(name)) + name


def settled(payload: bytes) -> bytes:
    """A payload with its elements in order."""
    strings = UNORDERED.get(payload[0])
    if strings is None:
        return payload
    body, version = payload[:-10], payload[-10:-8]
    count, start = length(body, 1)
    elements, at = [], start
    for _ in range(count):
        begin = at
        for _ in range(strings):
            at = after_string(body, at)
        elements.append(body[begin:at])
    if at != len(body):
        fail("corrupt", "a payload of DUMP isn't as its type says")
    ordered = sorted(elements)
    if ordered == elements:
        return payload
    checked = body[:start] + b"".join(ordered) + version
    return checked + crc64(checked).to_bytes(8, "little")


def length(data: bytes, at: int) -> tuple[int, int]:
    """A length, and where it ends (RDB format, "Length encoding")."""
    first = data[at]
    match first >> 6:
        case 0:
            return first & 63, at + 1
        case 1:
            return (first & 63) << 8 | data[at + 1], at + 2
        case 2:
            width = {0x80: 4, 0x81: 8}.get(first) or fail("corrupt", "a length in a payload of DUMP is none")
            return int.from_bytes(data[at + 1 : at + 1 + width]), at + 1 + width
        case _:
            fail("corrupt", "a length in a payload of DUMP is none")


def after_string(data: bytes, at: int) -> int:
    """Where a string ends (RDB format, "String encoding"): one with a length, a number, or one that is compressed."""
    first = data[at]
    if first >> 6 != 3:
        size, at = length(data, at)
        return at + size
    if first in (0xC0, 0xC1, 0xC2):
        return at + 1 + (1 << (first & 3))
    if first != 0xC3:
        fail("corrupt", "a string in a payload of DUMP is none")
    size, at = length(data, at + 1)
    _, at = length(data, at)
    return at + size
