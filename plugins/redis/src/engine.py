"""`cofferdam:engine/instance`: what a server is, whether an operation could work, and cleaning up."""

from wit_world import exports
from wit_world.exports.instance import DatabaseInfo, InstanceInfo
from wit_world.imports.endpoint import Endpoint
from wit_world.imports.units import Finding, Note

from connection import Connection
from faults import Refused, guarded
from server import Server, marked, select

# What a backup needs of the user, beside SELECT and INFO.
NEEDED = (("DBSIZE",), ("SCAN", "0", "COUNT", "1"), ("TIME",), ("PTTL", "cofferdam"), ("DUMP", "cofferdam"))


class Instance(exports.Instance):
    """A server."""

    @guarded
    async def inspect(self, endpoint: Endpoint) -> InstanceInfo:
        """Its version and the databases that hold something."""
        server = await Server.of(await Connection.open(endpoint))
        databases = server.databases().items()
        found = [DatabaseInfo(str(number), None, [("keys", str(keys))]) for number, keys in databases]
        extra = [("mode", server.info.get("redis_mode", "")), ("role", server.info.get("role", ""))]
        return InstanceInfo(server.version, found, extra)

    @guarded
    async def check(self, endpoint: Endpoint, operation: str, options: list[tuple[str, str]]) -> list[Finding]:
        """Whether it is a server that can be read, by this user."""
        connection = await Connection.open(endpoint)
        server = await Server.of(connection)
        found = [Finding("ok", "", f"Redis {server.version}", None)]
        if server.info.get("cluster_enabled", "0") != "0":
            found.append(Finding("blocker", "", "the server is a node of a cluster, which has a part of the keys", None))
        await select(connection, endpoint.info().database or "0")
        for command in NEEDED:
            try:
                await connection.call(*command)
            except Refused as refused:
                grant = f"ACL SETUSER {endpoint.info().user or 'default'} +{command[0].lower()} ~*"
                found.append(Finding("blocker", "", f"{command[0]}: {refused}", grant))
        if operation == "backup" and not server.is_replica:
            what = "keys are read one after the other: those that are written meanwhile are of different moments"
            found.append(Finding("warning", "", what, None))
        return found

    @guarded
    async def cleanup(self, endpoint: Endpoint, operation_id: str) -> list[Note]:
        """Empties the database that the operation was filling."""
        connection = await Connection.open(endpoint)
        number = await marked(connection, operation_id)
        if number is None:
            return []
        await connection.call("FLUSHDB")
        return [Note("warning", f"database {number}", "it was being filled by the operation, and was emptied")]
