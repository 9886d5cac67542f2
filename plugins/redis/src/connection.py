"""A session with a server, in RESP2 (Redis docs, "RESP protocol specification")."""

from collections.abc import AsyncIterator
from typing import Any, Self

import wit_world
from componentize_py_async_support import spawn
from componentize_py_async_support.streams import ByteStreamWriter
from componentize_py_types import Err
from wit_world.imports import secret_write, tcp
from wit_world.imports.endpoint import Endpoint

from faults import Refused, fail, fault

# What one read asks for.
READ = 256 << 10


def request(*words: bytes | str | int) -> bytes:
    """A command, as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(word), word))
    return b"".join(parts)


async def fill(sink: ByteStreamWriter, data: bytes) -> None:
    """Writes all of a stream. If nobody reads it, the reader says why."""
    with sink:
        await sink.write_all(data)


class Connection:
    """One connection, logged in. Only one call at a time may use it."""

    def __init__(self, wire: tcp.Connection) -> None:
        self.wire = wire
        self.data = b""
        self.at = 0

    @classmethod
    async def open(cls, endpoint: Endpoint) -> Self:
        """Connects, goes over to TLS if the operator wants that (a TLS port of Redis speaks nothing else), and logs in."""
        wire = await tcp.Connection.connect(endpoint)
        if wire.tls() == "require":
            await wire.start_tls()
        self = cls(wire)
        await self.log_in(endpoint.info().user)
        return self

    async def log_in(self, user: str | None) -> None:
        """AUTH, if there is a password. The host writes it; it never comes here."""
        words = [b"AUTH", user.encode()] if user else [b"AUTH"]
        before = b"*%d\r\n" % (len(words) + 1) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
        try:
            await secret_write.write_secret(self.wire, before, "password", "resp-bulk", b"")
        except Err as error:
            if error.value.code != "not-found":
                raise
            # A server may want none. If it wants one it says so itself.
            return
        reply = await self.reply()
        if isinstance(reply, Refused):
            raise fault(
                "authentication-failed",
                f"the server doesn't let {user or 'the default user'} in: {reply}",
                "look at the instance's `password` and the user in its URL",
                reply.word,
            )

    async def call(self, *words: bytes | str | int) -> Any:
        """Sends a command and takes its reply."""
        await self.wire.write(request(*words))
        return await self.answer()

    async def calls(self, requests: list[bytes]) -> list[Any]:
        """Sends commands at once and takes their replies, of which any may be a refusal."""
        await self.send(b"".join(requests))
        return [await self.reply() for _ in requests]

    async def send(self, data: bytes) -> None:
        """Sends many bytes, as a stream: componentize-py never frees those of a list that it hands to the host."""
        sink, stream = wit_world.byte_stream()
        spawn(fill(sink, data))
        written = await self.wire.write_stream(stream)
        if written != len(data):
            fail("internal", f"{written} bytes of {len(data)} were written")

    async def answer(self) -> Any:
        """The next reply, which must not be a refusal."""
        reply = await self.reply()
        if isinstance(reply, Refused):
            raise reply
        return reply

    async def reply(self) -> Any:
        """The next reply: bytes, a number, None, a list; or a refusal, as a value."""
        line = await self.line()
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else await self.bulk(int(rest))
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        if kind == b"-":
            return Refused(rest.decode(errors="replace"))
        if kind == b"*":
            return None if rest == b"-1" else [await self.reply() for _ in range(int(rest))]
        fail("corrupt", "what the server answers isn't RESP", "is this a Redis server, and the port its TLS port or not?")

    async def header(self, kind: bytes) -> int:
        """The number at the beginning of a reply of this kind; -1 for none."""
        line = await self.line()
        if line[:1] == b"-":
            raise Refused(line[1:].decode(errors="replace"))
        if line[:1] != kind:
            fail("corrupt", f"the server answered {line[:1]!r} where {kind!r} was expected")
        return int(line[1:])

    async def line(self) -> bytes:
        """What stands before the next CR LF."""
        while (end := self.data.find(b"\r\n", self.at)) < 0:
            if len(self.data) - self.at > 1 << 20:
                fail("corrupt", "what the server answers isn't RESP")
            await self.fill()
        line = self.data[self.at : end]
        self.at = end + 2
        return line

    async def bulk(self, length: int) -> bytes:
        """A bulk string, whole."""
        return b"".join([piece async for piece in self.pieces(length)])

    async def pieces(self, length: int) -> AsyncIterator[bytes]:
        """A bulk string as it comes: memory doesn't grow with it."""
        while length:
            if self.at == len(self.data):
                await self.fill()
            piece = self.data[self.at : self.at + length]
            self.at += len(piece)
            length -= len(piece)
            yield piece
        while len(self.data) - self.at < 2:
            await self.fill()
        self.at += 2

    async def fill(self) -> None:
        """Takes more from the wire."""
        more = await self.wire.read(READ)
        if not more:
            raise fault("unreachable", "the server closed the connection", None, None, True)
        self.data = self.data[self.at :] + more
        self.at = 0
