"""The CRC-64 of RDB files and DUMP: Jones's polynomial, reflected, without inversion (Redis, crc64.c)."""

# 0xad93d23594c935a9 with its bits the other way round.
POLYNOMIAL = 0x95AC9329AC4BC9B5


def _entry(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (POLYNOMIAL if index & 1 else 0)
    return index


TABLE = [_entry(index) for index in range(256)]


def crc64(data: bytes) -> int:
    """Of all of `data`."""
    table, crc = TABLE, 0
    for byte in data:
        crc = table[crc & 255 ^ byte] ^ crc >> 8
    return crc
