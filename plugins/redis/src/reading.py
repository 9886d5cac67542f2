"""Reads the keys of a database: SCAN gives names, DUMP what they hold.

A key's value and its expiry are read in one transaction. SCAN gives every key that is there from its beginning to its
end (Redis docs, SCAN, "Scan guarantees"); it may give one twice while the server's table shrinks.
"""

from collections.abc import AsyncIterator
from typing import Any

from connection import Connection, request
from faults import Refused, fail
from rows import SORTED_AT_MOST, head, settled
from server import MARK

# Names that one SCAN looks at, about.
COUNT = 256
# Values that the server holds ready for one transaction, in bytes, as far as it can tell their size.
BATCH = 4 << 20

# PEXPIRETIME says when a key expires. Before 7.0 there is only PTTL, how long from now.
EXACT = 7


class Keys:
    """The keys of the selected database, as rows."""

    def __init__(self, connection: Connection, major: int) -> None:
        self.connection = connection
        self.exact = major >= EXACT
        self.rows = 0
        self.marks = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """Rows, in pieces of any size."""
        cursor = b"0"
        while True:
            cursor, names = await self.connection.call("SCAN", cursor, "COUNT", COUNT)
            kept = [name for name in names if not name.startswith(MARK)]
            self.marks += len(names) - len(kept)
            async for batch in self.batches(kept):
                async for piece in self.batch(batch):
                    yield piece
            if cursor == b"0":
                return

    async def batches(self, names: list[bytes]) -> AsyncIterator[list[bytes]]:
        """Names whose values together aren't too large; a large one is alone."""
        sizes = await self.connection.calls([request("MEMORY", "USAGE", name, "SAMPLES", 1) for name in names])
        batch, full = [], 0
        for name, size in zip(names, sizes):
            if isinstance(size, Refused):
                raise size
            if batch and full + (size or 0) > BATCH:
                yield batch
                batch, full = [], 0
            batch.append(name)
            full += size or 0
        if batch:
            yield batch

    async def batch(self, names: list[bytes]) -> AsyncIterator[bytes]:
        """The rows of a few keys, each read at one moment."""
        again = []
        expiry = "PEXPIRETIME" if self.exact else "PTTL"
        commands = [request("MULTI"), request("TIME")]
        commands += [request(expiry, name) for name in names]
        commands += [request("TIME")]
        commands += [request("DUMP", name) for name in names] + [request("EXEC")]
        await self.connection.send(b"".join(commands))
        for _ in commands[:-1]:
            await self.connection.answer()
        if await self.connection.header(b"*") != len(commands) - 2:
            fail("conflict", "the server dropped a transaction that reads")
        before = milliseconds(await self.connection.answer())
        left = [await self.connection.answer() for _ in names]
        after = milliseconds(await self.connection.answer())
        for name, milliseconds_left in zip(names, left):
            size = await self.connection.header(b"$")
            if size < 0:
                continue  # Deleted or expired since SCAN gave its name.
            expires = self.expires(milliseconds_left, before, after)
            if expires is None:
                again.append(name)
            async for piece in self.row(name, expires, size):
                yield piece
        # The clock went on while it was asked: which millisecond is meant can't be told, so those are read once more.
        for name in again:
            async for piece in self.batch([name]):
                yield piece

    def expires(self, answer: int, before: int, after: int) -> int | None:
        """When a key expires, in milliseconds since 1970; 0 for never; None if that can't be told exactly."""
        if answer < 0:
            return 0
        if self.exact:
            return answer
        return before + answer if before == after else None

    async def row(self, name: bytes, expires: int | None, size: int) -> AsyncIterator[bytes]:
        """One key's row. Without an expiry nothing comes of it, and its value is only taken off the wire."""
        if expires is None:
            async for _ in self.connection.pieces(size):
                pass
            return
        self.rows += 1
        yield head(name, expires, size)
        if size <= SORTED_AT_MOST:
            yield settled(await self.connection.bulk(size))
        else:
            async for piece in self.connection.pieces(size):
                yield piece


def milliseconds(time: list[Any]) -> int:
    """TIME's answer: seconds and microseconds."""
    return int(time[0]) * 1000 + int(time[1]) // 1000
