"""Serves mongoeco's memory engine on a free port of 127.0.0.1, and prints the port. Usage: serve_mongoeco.py USER PASSWORD"""

import asyncio
import sys

from mongoeco.wire.auth import WireAuthUser
from mongoeco.wire.proxy import AsyncMongoEcoProxyServer


async def main(user, password):
    roles = ({"role": "root", "db": "admin"},)
    server = AsyncMongoEcoProxyServer(auth_users=(WireAuthUser(user, password, roles=roles),))
    await server.start()
    print(f"listening on {server.address.port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
