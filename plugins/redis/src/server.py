"""What a server says of itself, and its databases, which have numbers."""

from connection import Connection
from faults import Refused, fail

# The key that marks a database as one that a restore is filling; its operation's id follows. Its value is the number
# of the database, so that a mark that was copied elsewhere marks nothing.
MARK = b"cofferdam:restore:"
# What a database is called that was restored to be looked at (the contract, `instance.cleanup`).
LOOKED_AT = "cofferdam_"


class Server:
    """A server that may be used: not a part of a cluster, not loading its data."""

    def __init__(self, info: dict[str, str]) -> None:
        self.info = info
        self.version = info.get("redis_version", "")
        self.is_replica = info.get("role") == "slave"

    @classmethod
    async def of(cls, connection: Connection) -> "Server":
        """Asks it."""
        text = (await connection.call("INFO", "ALL")).decode(errors="replace")
        lines = [line.split(":", 1) for line in text.split("\r\n") if ":" in line and not line.startswith("#")]
        server = cls({name: value for name, value in lines})
        if server.info.get("loading", "0") != "0":
            fail("unreachable", "the server is still loading its data", "try again once it is done")
        return server

    def refuse_cluster(self) -> None:
        """One node has a part of the keys, and would look like all of them."""
        if self.info.get("redis_mode") == "cluster" or self.info.get("cluster_enabled", "0") != "0":
            fail("unsupported", "the server is a node of a cluster, which has only a part of the keys")

    @property
    def major(self) -> int:
        """7 of 7.0.15."""
        return int(self.version.split(".")[0] or 0)

    def databases(self) -> dict[int, int]:
        """The databases that aren't empty, and their numbers of keys."""
        found = {}
        for name, value in self.info.items():
            if name.startswith("db") and name[2:].isdigit():
                fields = dict(field.split("=", 1) for field in value.split(",") if "=" in field)
                found[int(name[2:])] = int(fields.get("keys", 0))
        return found

    def number(self, name: str) -> int:
        """A counter of INFO."""
        return int(self.info.get(name, 0))


def mark_of(operation: str) -> bytes:
    """The key that marks an operation's databases."""
    return MARK + operation.encode()


async def marked(connection: Connection, operation: str) -> int | None:
    """The database that an operation is filling, or restored to be looked at."""
    for number in (await Server.of(connection)).databases():
        await connection.call("SELECT", number)
        if await is_marked(connection, operation, number):
            return number
    return None


async def is_marked(connection: Connection, operation: str, number: int) -> bool:
    """Whether the selected database bears an operation's mark, and it was made for it."""
    try:
        return await connection.call("GET", mark_of(operation)) == b"%d" % number
    except Refused as refused:
        if refused.word == "WRONGTYPE":
            return False
        raise


async def select(connection: Connection, name: str) -> int:
    """Goes to a database by its number, or by the name of one that was restored to be looked at."""
    if LOOKED_AT in name:
        number = await marked(connection, name.rsplit(LOOKED_AT, 1)[1])
        if number is None:
            fail("not-found", f"there is no database {name}")
    elif name.isascii() and name.isdigit():
        number = int(name)
    else:
        fail("invalid-options", f"{name!r} is no database of Redis", "databases have numbers: 0, 1, ...")
    try:
        await connection.call("SELECT", number)
    except Refused as refused:
        fail("not-found", f"there is no database {number}: {refused}", "the server's setting `databases` says how many")
    return number


async def claim(connection: Connection, operation: str) -> int:
    """Marks an empty database for an operation and stays in it."""
    taken = (await Server.of(connection)).databases()
    mark = mark_of(operation)
    for number in range(1, 1 << 14):
        if number in taken:
            continue
        try:
            await connection.call("SELECT", number)
        except Refused:
            break
        await connection.call("SET", mark, number, "NX")
        # Somebody else may have begun to use it at the same moment.
        if await connection.call("DBSIZE") == 1 and await is_marked(connection, operation, number):
            return number
        await connection.call("DEL", mark)
    fail(
        "conflict",
        "the server has no empty database to restore into before the result is seen",
        "empty one, or raise the server's setting `databases`",
    )
