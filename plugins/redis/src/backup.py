"""`cofferdam:engine/backup`: one session, one unit, key by key."""

from dataclasses import replace
from typing import Self

import wit_world
from componentize_py_async_support import spawn
from componentize_py_async_support.futures import FutureReader, FutureWriter
from componentize_py_async_support.streams import ByteStreamReader, ByteStreamWriter
from componentize_py_types import Err, Ok, Result
from wit_world.exports import backup as contract
from wit_world.exports.backup import BackupOptions, Plan
from wit_world.imports.endpoint import Endpoint
from wit_world.imports.types import Error
from wit_world.imports.units import Note, Summary, Tally, Unit

from connection import Connection
from faults import fail, fault, guarded
from reading import Keys
from rows import FORMAT
from server import MARK, Server, select

# Bytes that are handed to the host at once, about: each time costs a switch.
PIECE = 256 << 10

# Commands that may take a key from where SCAN hasn't been to where it has been.
MOVING = ("rename", "renamenx", "move", "copy", "swapdb", "restore", "flushdb", "flushall")

UNIT = Unit("data/keys", FORMAT, "u32le", ["keys"], [], None, None, True, False, [])


class Session(contract.Session):
    """The session that leads; nobody joins it."""

    def __init__(self, connection: Connection, server: Server, number: int) -> None:
        self.connection = connection
        self.server = server
        self.number = number

    @classmethod
    @guarded
    async def lead(cls, source: Endpoint, options: BackupOptions) -> Self:
        """Connects and goes to the database."""
        if options.only or options.except_:
            fail("unsupported", "the keys of Redis can't be chosen by patterns", "leave out --only and --except")
        connection = await Connection.open(source)
        server = await Server.of(connection)
        server.refuse_cluster()
        number = await select(connection, options.database or source.info().database or "0")
        return cls(connection, server, number)

    @classmethod
    @guarded
    async def join(cls, source: Endpoint, options: BackupOptions, token: str) -> Self:
        """Nobody gets a token."""
        fail("unsupported", "a second session would see another state")

    @guarded
    async def plan(self) -> Plan:
        """All keys are one unit."""
        keys = await self.connection.call("DBSIZE")
        libraries = await self.libraries()
        what = "users, settings and other databases of the server aren't part of a database"
        notes = [Note("left-out", f"function library {name}", "functions belong to the server") for name in libraries]
        notes.append(Note("left-out", "server", what))
        return Plan(
            join=None,
            rejoinable=False,
            consistency="per-object",
            taken_at=None,
            position=None,
            server_version=self.server.version,
            units=[replace(UNIT, estimated_rows=keys)],
            tallies=[Tally("function library", len(libraries), 0, len(libraries)), Tally("rows", 1, 1, 0)],
            notes=notes,
            extra=[],
        )

    async def libraries(self) -> list[str]:
        """The names of libraries of functions, which there are since 7.0."""
        if self.server.major < 7:
            return []
        return [library[1].decode(errors="replace") for library in await self.connection.call("FUNCTION", "LIST")]

    @guarded
    async def joined(self) -> None:
        """Nothing was kept for others to join."""

    @guarded
    async def alive(self) -> list[Note]:
        """The session holds nothing that others could wait for. The connection is busy, so nothing is asked."""
        return []

    @guarded
    async def read(self, unit: Unit) -> tuple[ByteStreamReader, FutureReader[Result[Summary, Error]]]:
        """Reads all keys, behind the call's back: a stream is handed over before it is filled."""
        if unit.name != UNIT.name:
            fail("not-found", f"there is no unit {unit.name}")
        untold = Err(fault("internal", "the plugin ended before it said whether the unit is whole").value)
        sink, stream = wit_world.byte_stream()
        told, summary = wit_world.result_units_summary_types_error_future(lambda: untold)
        spawn(self.fill(sink, told))
        return stream, summary

    async def fill(self, sink: ByteStreamWriter, told: FutureWriter[Result[Summary, Error]]) -> None:
        """Writes the stream, ends it, and only then says how it went."""
        outcome: Result[Summary, Error]
        try:
            with sink:
                outcome = Ok(await self.keys(sink))
        except Err as error:
            outcome = error
        await told.write(outcome)

    @guarded
    async def keys(self, sink: ByteStreamWriter) -> Summary:
        """Writes the rows and counts them."""
        before = await Server.of(self.connection)
        keys = Keys(self.connection, before.major)
        held: list[bytes] = []
        size = 0
        async for piece in keys.pieces():
            held.append(piece)
            size += len(piece)
            if size >= PIECE:
                await self.hand_over(sink, b"".join(held))
                held, size = [], 0
        await self.hand_over(sink, b"".join(held))
        after = await Server.of(self.connection)
        # Where nothing was written, SCAN has to agree with the server's own count.
        if not written(before, after) and not after.is_replica:
            there = await self.connection.call("DBSIZE")
            if there > keys.rows + keys.marks:
                fail("corrupt", f"SCAN gave {keys.rows} keys, and the server counts {there}")
        notes = [Note("left-out", MARK.decode(), "the mark of a restore that was broken off")] if keys.marks else []
        return Summary(keys.rows, notes + drift(before, after), [], [], [], [])

    async def hand_over(self, sink: ByteStreamWriter, data: bytes) -> None:
        """Writes all of it."""
        if await sink.write_all(data) != len(data):
            fail("cancelled", "nobody reads the unit any more")

    @guarded
    async def close(self) -> list[Note]:
        """What happened meanwhile was told with the unit."""
        return []


def written(before: Server, after: Server) -> bool:
    """Whether anybody wrote to any database of the server in between, or it can't be told (INFO, "Persistence")."""
    saved = "rdb_last_save_time"
    changes = "rdb_changes_since_last_save"
    return before.number(saved) != after.number(saved) or before.number(changes) != after.number(changes)


def calls(server: Server) -> dict[str, int]:
    """How often the commands were called that move keys (INFO, "Commandstats")."""
    counted = {}
    for command in MOVING:
        fields = server.info.get(f"cmdstat_{command}", "calls=0").split(",")
        counted[command] = int(fields[0].removeprefix("calls="))
    return counted


def drift(before: Server, after: Server) -> list[Note]:
    """What was written while the keys were read, as far as the server tells."""
    if not written(before, after):
        return [Note("carried", "keys", "nothing was written while they were read: they are of one moment")]
    text = "the server was written to while keys were read: each is of a moment of its own"
    notes = [Note("warning", "keys", text)]
    earlier, later = calls(before), calls(after)
    moved = [command.upper() for command in MOVING if earlier[command] != later[command]]
    if moved:
        what = f"{', '.join(moved)} ran meanwhile: a key that got another name or database may be missing"
        notes.append(Note("warning", "keys", what))
    return notes
