"""Writes rows to the selected database, by RESTORE."""

from componentize_py_async_support.streams import ByteStreamReader
from wit_world.imports.units import Note

from connection import Connection
from faults import Refused, fail
from rows import HEAD
from server import MARK

# What is asked of the stream at once.
READ = 256 << 10
# Bytes of commands that are under way.
UNDER_WAY = 1 << 20


class Writer:
    """Takes a stream of rows apart. Holds no more of a value than what came last."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.rows = 0
        self.data = b""
        self.at = 0
        self.commands: list[bytes] = []
        self.size = 0
        self.unanswered = 0

    async def take(self, stream: ByteStreamReader) -> None:
        """Writes everything, and sees it acknowledged."""
        while await self.there(stream, HEAD.size):
            length, expires, name_length = HEAD.unpack_from(self.data, self.at)
            if name_length + HEAD.size > length:
                fail("corrupt", "a row of the backup isn't as its length says")
            await self.need(stream, HEAD.size + name_length)
            self.at += HEAD.size
            name = self.next(name_length)
            if name.startswith(MARK):
                fail("corrupt", "the backup holds the mark of a restore")
            await self.row(stream, name, expires, length - HEAD.size - name_length)
            self.rows += 1
        await self.answers()

    async def row(self, stream: ByteStreamReader, name: bytes, expires: int, left: int) -> None:
        """One key. REPLACE, because SCAN may have given it twice; the later one is the newer."""
        when = b"%d" % expires
        await self.put(
            b"*6\r\n$7\r\nRESTORE\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n" % (len(name), name, len(when), when, left)
        )
        while left:
            await self.need(stream, 1)
            piece = self.next(left)
            left -= len(piece)
            await self.put(piece)
        await self.put(b"\r\n$7\r\nREPLACE\r\n$6\r\nABSTTL\r\n")
        self.unanswered += 1
        if self.unanswered >= 1000:
            await self.answers()

    async def put(self, data: bytes) -> None:
        """Keeps bytes for the next write; a large value goes out in parts."""
        self.commands.append(data)
        self.size += len(data)
        if self.size >= UNDER_WAY:
            await self.flush()

    async def flush(self) -> None:
        """Sends what was kept."""
        data, self.commands, self.size = b"".join(self.commands), [], 0
        await self.connection.send(data)

    async def answers(self) -> None:
        """Sees every command acknowledged."""
        await self.flush()
        for _ in range(self.unanswered):
            reply = await self.connection.reply()
            if isinstance(reply, Refused):
                raise reply.told("a key can't be restored")
        self.unanswered = 0

    def next(self, most: int) -> bytes:
        """What is there, up to so many bytes."""
        piece = self.data[self.at : self.at + most]
        self.at += len(piece)
        return piece

    async def there(self, stream: ByteStreamReader, length: int) -> bool:
        """Whether so much more comes; at a row's beginning the stream may end."""
        while len(self.data) - self.at < length:
            more = await stream.read(READ)
            self.data = self.data[self.at :] + more
            self.at = 0
            if not more and stream.writer_dropped:
                if self.data:
                    fail("corrupt", "the unit ends in the middle of a row")
                return False
        return True

    async def need(self, stream: ByteStreamReader, length: int) -> None:
        """So much must come."""
        if not await self.there(stream, length):
            fail("corrupt", "the unit ends in the middle of a row")

    async def notes(self) -> list[Note]:
        """Keys that were restored and aren't there: they have expired, or were given twice. The mark is a key too."""
        gone = self.rows - (await self.connection.call("DBSIZE") - 1)
        if not gone:
            return []
        return [Note("left-out", "keys", f"{gone} of {self.rows} expired since the backup, or were in it twice")]
