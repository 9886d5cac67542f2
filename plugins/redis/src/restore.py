"""`cofferdam:engine/restore`: keys go into an empty database, which then changes places with the one that is wanted."""

from typing import Self

from componentize_py_async_support.futures import FutureReader
from componentize_py_async_support.streams import ByteStreamReader
from componentize_py_types import Err, Result
from wit_world.exports import restore as contract
from wit_world.exports.restore import Prepared, RestoreOptions
from wit_world.imports.endpoint import Endpoint
from wit_world.imports.types import Error
from wit_world.imports.units import Finding, Note, Source, Summary, Unit

from connection import Connection, request
from faults import Refused, fail, guarded
from server import LOOKED_AT, Server, claim, is_marked, mark_of, select
from writing import Writer

# At one moment: looks whether both databases are as they were left, takes the mark away, and swaps them. Says what the
# wanted one holds, and, if it went well, -1.
SWAP = """
redis.call('SELECT', ARGV[1])
local there = redis.call('DBSIZE')
redis.call('SELECT', ARGV[2])
if redis.call('GET', KEYS[1]) ~= ARGV[2] or redis.call('DBSIZE') > tonumber(ARGV[3]) + 1 then return -2 end
if there > 0 and ARGV[4] ~= 'replace' then return there end
redis.call('DEL', KEYS[1])
redis.call('SWAPDB', ARGV[1], ARGV[2])
return -1
"""


class Session(contract.Session):
    """The session that leads; it writes everything."""

    def __init__(self, connection: Connection, server: Server, name: str, options: RestoreOptions) -> None:
        self.connection = connection
        self.server = server
        self.name = name
        self.options = options
        # Where keys go, once it is claimed, and how many went there.
        self.number: int | None = None
        self.keys = 0

    @classmethod
    @guarded
    async def lead(cls, target: Endpoint, options: RestoreOptions) -> Self:
        """Connects. `neutral` asks for nothing: keys act on nothing by themselves."""
        if options.if_exists not in ("fail", "replace"):
            fail("unsupported", f"Redis can't be restored with if-exists={options.if_exists}", "use fail or replace")
        if options.only or options.except_:
            fail("unsupported", "the keys of Redis can't be chosen by patterns", "leave out --only and --except")
        if options.keep_going:
            fail("unsupported", "a restore of Redis doesn't go on after a failure", "leave out --keep-going")
        connection = await Connection.open(target)
        server = await Server.of(connection)
        return cls(connection, server, options.database or target.info().database or "0", options)

    @classmethod
    @guarded
    async def join(cls, target: Endpoint, options: RestoreOptions, token: str) -> Self:
        """Nobody gets a token."""
        fail("unsupported", "one session writes everything")

    @property
    def looked_at(self) -> bool:
        """Whether it is restored to be looked at, under a name that stands for an empty database."""
        return LOOKED_AT in self.name

    async def keys_there(self) -> int:
        """What the wanted database holds."""
        if self.looked_at:
            return 0
        await select(self.connection, self.name)
        return await self.connection.call("DBSIZE")

    @guarded
    async def check(self, source: Source) -> list[Finding]:
        """Looks, and changes nothing."""
        found = []

        def blocker(what: str, remedy: str | None = None) -> None:
            found.append(Finding("blocker", "", what, remedy))

        if source.engine != "redis":
            blocker(f"the backup is one of {source.engine}")
        if self.server.info.get("cluster_enabled", "0") != "0":
            blocker("the server is a node of a cluster, which can't swap databases")
        if self.server.is_replica:
            blocker("the server is a replica, which its primary writes to")
        if version(source.server_version) > version(self.server.version):
            what = f"the backup is of Redis {source.server_version}; {self.server.version} may refuse its values"
            found.append(Finding("warning", "", what, None))
        if self.server.number("maxmemory") and self.server.info.get("maxmemory_policy") != "noeviction":
            what = "the server deletes keys when its memory is full; a restore that meets that fails"
            found.append(Finding("warning", "", what, "CONFIG SET maxmemory-policy noeviction"))
        keys = await self.keys_there()
        if keys and self.options.if_exists == "fail":
            blocker(f"the database {self.name} holds {keys} keys", "restore with --if-exists replace")
        return found

    @guarded
    async def prepare(self, source: Source) -> Prepared:
        """Claims an empty database."""
        blockers = [finding.what for finding in await self.check(source) if finding.severity == "blocker"]
        if blockers:
            code = "already-exists" if len(blockers) == 1 and "keys" in blockers[0] else "unsupported"
            fail(code, "; ".join(blockers), "restore into an empty database, or with --if-exists replace")
        self.number = await claim(self.connection, self.options.operation_id)
        return Prepared(token=None, units=None)

    @guarded
    async def write(
        self, unit: Unit, attempt: int, data: ByteStreamReader, complete: FutureReader[Result[None, Error]]
    ) -> Summary:
        """Fills the claimed database, from nothing at each attempt."""
        await self.empty()
        writer = Writer(self.connection)
        before = await Server.of(self.connection)
        try:
            await writer.take(data)
            outcome = await complete.read()
            if isinstance(outcome, Err):
                raise outcome
            await self.nothing_evicted(before)
            notes = await writer.notes()
        except BaseException:
            await self.empty()
            raise
        self.keys = writer.rows
        return Summary(writer.rows, notes, [], [], [], [])

    async def empty(self) -> None:
        """Takes away what an attempt before left."""
        if self.number is None:
            fail("internal", "the session wasn't prepared")
        await self.connection.call("SELECT", self.number)
        if not await is_marked(self.connection, self.options.operation_id, self.number):
            fail("conflict", f"somebody took the database {self.number} away from this restore")
        mark = mark_of(self.options.operation_id)
        commands = [request("MULTI"), request("FLUSHDB"), request("SET", mark, self.number), request("EXEC")]
        for reply in await self.connection.calls(commands):
            if isinstance(reply, Refused):
                raise reply

    async def nothing_evicted(self, before: Server) -> None:
        """A server whose memory is full may delete keys to make room: what was written is gone then."""
        after = await Server.of(self.connection)
        if after.number("evicted_keys") != before.number("evicted_keys"):
            fail("conflict", "the server deleted keys since its memory is full", "give it more memory: `maxmemory`")

    @guarded
    async def close(self) -> None:
        """The connection is needed until the end."""

    @guarded
    async def finish(self) -> list[Note]:
        """Makes it the wanted database."""
        if self.looked_at:
            return []
        target = await select(self.connection, self.name)
        words = ("EVAL", SWAP, 1, mark_of(self.options.operation_id), target, self.number, self.keys)
        swapped = await self.connection.call(*words, self.options.if_exists)
        if swapped == -2:
            fail("conflict", f"somebody wrote to the database {self.number} while it was filled")
        if swapped != -1:
            fail("already-exists", f"the database {target} got {swapped} keys while the backup was restored")
        await self.connection.call("SELECT", self.number)
        kept = await self.connection.call("DBSIZE")
        if not kept:
            return []
        what = f"what it held before, {kept} keys, is in the database {self.number} now"
        return [Note("changed", f"database {target}", what)]


def version(text: str) -> tuple[int, ...]:
    """(7, 0) of 7.0.15: within that, values are encoded the same way."""
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
