"""Asks mongoeco for what it doesn't have, and fails if it has it. Usage: mongoeco_lacks.py URL"""

import datetime
import sys

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import OperationFailure


def refuses(said, database, command, *arguments, **fields):
    try:
        answer = database.command(command, *arguments, **fields)
    except OperationFailure as refused:
        assert said in str(refused), f"{command}: {refused}"
    else:
        raise AssertionError(f"{command} is answered: {answer}")


def lists_as_a_collection(database, name, **options):
    database.command("create", name, **options)
    [listed] = database.list_collections(filter={"name": name})
    assert listed["type"] == "collection" and "uuid" not in listed["info"], listed


def check(client):
    admin, d = client.admin, client.d
    assert admin.command("buildInfo")["version"].startswith("7.")
    # A text with the byte 0xFF, and a date before the year 1.
    text, date = b"\x02t\0\x02\0\0\0\xff\0", b"\x09d\0" + (-(2**62)).to_bytes(8, "little", signed=True)
    for element, said in ((text, "utf-8"), (date, "out of range")):
        document = RawBSONDocument((len(element) + 5).to_bytes(4, "little") + element + b"\0")
        refuses(said, d, "insert", "odd", documents=[document])
    d.many.insert_many({"_id": n, "n": n} for n in range(10))

    # Neither a member of a replica set, nor one moment: it answers as if it hadn't been asked for one.
    assert "setName" not in admin.command("hello")
    at = {"level": "snapshot", "atClusterTime": bson.Timestamp(1, 1)}
    assert "atClusterTime" not in d.command("find", "many", readConcern=at)["cursor"]
    assert list(client.local["oplog.rs"].find()) == []
    refuses("non-empty collection name", d, "aggregate", 1, pipeline=[{"$changeStream": {}}], cursor={})
    refuses("$changeStream", d, "aggregate", "many", pipeline=[{"$changeStream": {}}], cursor={})
    refuses("$out", d, "aggregate", "many", pipeline=[{"$out": "other"}], cursor={})

    for command in ("createUser", "createRole", "usersInfo", "rolesInfo", "_mergeAuthzCollections", "applyOps", "collMod", "getParameter"):
        refuses(f"unsupported wire command: {command}", admin, command, 1)

    lists_as_a_collection(d, "seen", viewOn="many", pipeline=[])
    assert list(d.seen.find()) == []
    lists_as_a_collection(d, "weather", timeseries={"timeField": "at"})
    d.weather.insert_one({"_id": 1, "at": datetime.datetime(2026, 1, 1)})
    assert list(d["system.buckets.weather"].find()) == []
    fields = {"fields": [{"path": "card", "keyId": bson.Binary(bytes(16), 4), "bsonType": "string"}]}
    lists_as_a_collection(d, "patients", encryptedFields=fields)
    assert [index["name"] for index in d.patients.list_indexes()] == ["_id_"]
    d.command("create", "log", capped=True, size=100_000, max=5)
    d.log.insert_many({"_id": n} for n in range(8))
    assert d.log.count_documents({}) == 8

    refuses("renameCollection only supports", admin, "renameCollection", "d.many", to="d.renamed")
    for said, index in (
        ("directions", {"key": {"a": -0.5}}),
        ("2dsphereIndexVersion", {"key": {"a": "2dsphere"}, "2dsphereIndexVersion": 2}),
        ("bits", {"key": {"a": "2d"}, "bits": 20}),
        ("textIndexVersion", {"key": {"a": "text"}, "textIndexVersion": 3}),
        ("in command: v", {"key": {"a": 1}, "v": 2}),
    ):
        refuses(said, d, "createIndexes", "many", indexes=[{**index, "name": "x"}])
    d.command("createIndexes", "many", indexes=[{"key": {"$**": 1}, "name": "wild", "wildcardProjection": {"a": 1}}])
    assert "wildcardProjection" not in d.many.index_information()["wild"]

    for value in (bson.Decimal128("1.5"), bson.MinKey(), bson.MaxKey(), bson.Timestamp(1, 1), bson.Regex("a")):
        client.e.values.insert_one({"_id": 1, "value": value})
        refuses("$bsonSize", admin, "listDatabases", nameOnly=True)
        client.drop_database("e")
    admin.command("listDatabases", nameOnly=True)


if __name__ == "__main__":
    check(MongoClient(sys.argv[1], serverSelectionTimeoutMS=10_000))
