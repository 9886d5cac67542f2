"""Serves mongoeco's memory engine on a free port of 127.0.0.1, and prints the port. Usage: serve_mongoeco.py USER PASSWORD"""

import asyncio
import os
import signal
import sys

import mongoeco.wire.proxy
from bson import Int64
from mongoeco.core.bson_scalars import BsonInt64
from mongoeco.wire.auth import WireAuthUser
from mongoeco.wire.proxy import AsyncMongoEcoProxyServer

decode = mongoeco.wire.proxy.decode_op_msg
encode = mongoeco.wire.proxy.encode_op_msg_response


def decode_with_cursors(header, payload):
    """What every driver sends back as a cursor's id is a 64-bit number, and mongoeco takes only a small one."""
    request = decode(header, payload)
    small = lambda number: number.value if isinstance(number, BsonInt64) else number
    for command, plain in (("getMore", small), ("cursors", lambda numbers: [small(number) for number in numbers])):
        if command in request.body:
            request.body[command] = plain(request.body[command])
    return request


def encode_with_cursors(document, **header):
    """A cursor's id is a 64-bit number (MongoDB manual, "find", Output), and drivers for typed languages insist on it;
    mongoeco sends a small one as 32 bits."""
    cursor = document.get("cursor")
    if isinstance(cursor, dict) and isinstance(cursor.get("id"), int):
        document = {**document, "cursor": {**cursor, "id": Int64(cursor["id"])}}
    return encode(document, **header)


mongoeco.wire.proxy.decode_op_msg = decode_with_cursors
mongoeco.wire.proxy.encode_op_msg_response = encode_with_cursors


async def main(user, password):
    roles = ({"role": "root", "db": "admin"},)
    server = AsyncMongoEcoProxyServer(auth_users=(WireAuthUser(user, password, roles=roles),))
    await server.start()
    # A shell starts what it has in the background with SIGQUIT ignored (POSIX, "Signals and Error Handling"), and stops it by that.
    asyncio.get_running_loop().add_signal_handler(signal.SIGQUIT, os._exit, 0)
    print(f"listening on {server.address.port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
