"""Fills a database with one of everything that is carried. Usage: mongodb.py URL DATABASE full|plain|sized

"plain" leaves out what mongoeco doesn't have, and has fewer documents, since it takes its time. "sized" leaves out what it
can't tell the size of, too: it lists no databases as long as one holds such a value.
"""

import datetime
import hashlib
import sys

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

RAW = bson.CodecOptions(document_class=RawBSONDocument)


def every_type():
    return {
        "double": 1.5,
        "whole": 1.0,
        "minus zero": -0.0,
        "nan": float("nan"),
        "infinite": float("-inf"),
        "string": "ä\0b \U0001f418",
        "empty": "",
        "document": {"a": {"b": [], "": 1}, "$set": {"a.b": 1}},
        "array": [1, "x", None, [[]]],
        "binary": b"\x00\x01",
        "no bytes": b"",
        "function": bson.Binary(b"f", 1),
        "old": bson.Binary(b"old", 2),
        "old uuid": bson.Binary(b"0123456789abcdef", 3),
        "uuid": bson.Binary(b"0123456789abcdef", 4),
        "md5": bson.Binary(b"0123456789abcdef", 5),
        "vector": bson.Binary(b"\x03\x00\x01", 9),
        "user": bson.Binary(b"u", 0x80),
        "object id": bson.ObjectId("0123456789abcdef01234567"),
        "true": True,
        "false": False,
        "date": datetime.datetime(2026, 11, 23, 17, 7, 19, 123000),
        "early": datetime.datetime(1, 1, 1),
        "null": None,
        "regex": bson.Regex("^a|ü", "imsx"),
        "reference": bson.DBRef("c", 1, "other"),
        "code": bson.Code("f()"),
        "scope": bson.Code("f()", {"a": 1}),
        "int": -(2**31),
        "small long": bson.Int64(1),
        "long": bson.Int64(2**63 - 1),
        "timestamp": bson.Timestamp(4294967295, 1),
        "decimal": bson.Decimal128("1.10"),
        "decimal nan": bson.Decimal128("NaN"),
        "decimal zero": bson.Decimal128("-0E+3"),
        "min": bson.MinKey(),
        "max": bson.MaxKey(),
        "a.b": "dotted",
        "$dollar": "a name as an operator's",
        "": "no name",
    }


def element(tag, name, value):
    return bytes([tag]) + name + b"\0" + value


def raw(*elements):
    body = b"".join(elements)
    return RawBSONDocument((len(body) + 5).to_bytes(4, "little") + body + b"\0")


def odd():
    """What clients don't write any more, and old data has."""
    return raw(
        element(0x02, b"_id", b"\x04\0\0\0odd\0"),
        element(0x10, b"twice", b"\x01\0\0\0"),
        element(0x10, b"twice", b"\x02\0\0\0"),
        element(0x02, b"not UTF-8", b"\x03\0\0\0\xff\xfe\0"),
        element(0x10, b"\xff\xfe", b"\x03\0\0\0"),
        element(0x06, b"undefined", b""),
        element(0x0E, b"symbol", b"\x02\0\0\0s\0"),
        element(0x0C, b"pointer", b"\x02\0\0\0c\0" + b"123456789012"),
        element(0x01, b"nan with a payload", b"\x01\0\0\0\0\0\xf8\x7f"),
        element(0x08, b"true", b"\x01"),
    )


def ids():
    return [None, -5, 0.5, bson.Int64(1), bson.Decimal128("1.5"), 7.0, "", "a", "ä", {}, {"a": 1}, {"a": 1, "b": 2}, b"", b"\0",
            bson.ObjectId("0123456789abcdef01234567"), False, True, bson.datetime_ms.DatetimeMS(0), bson.Timestamp(1, 1)]


def nested(depth):
    document = {}
    for _ in range(depth):
        document = {"deeper": document}
    return document


UNSIZED = (bson.Decimal128, bson.DBRef, bson.MaxKey, bson.MinKey, bson.Regex, bson.Timestamp)


def plain(shop, kind):
    kept = lambda value: kind != "sized" or not isinstance(value, UNSIZED)
    types = {name: value for name, value in every_type().items() if kept(value)}
    shop.types.insert_many([{"_id": 1, **types}, {"_id": 2, "nested": nested(90)}, {"_id": 3}])
    shop.ids.insert_many({"_id": value, "n": n} for n, value in enumerate(ids()) if kept(value))
    shop.large.insert_many({"_id": n, "text": hashlib.sha256(bytes([n])).hexdigest() * 8000} for n in range(6))
    shop.many.insert_many({"_id": n, "text": "x" * (n % 40)} for n in range(300 if kind == "full" else 120))
    shop.create_collection("empty")
    shop["odd name ü"].insert_one({"_id": 1})
    shop["dots.in.name"].insert_one({"_id": 1})
    shop.many.create_index([("text", 1), ("_id", -1)], name="text and id")
    shop.many.create_index("text", name="some", partialFilterExpression={"_id": {"$gt": 7}})
    shop.many.create_index("nothing", unique=True, sparse=True)
    shop.sessions.insert_one({"_id": 1, "at": datetime.datetime(2100, 1, 1)})
    shop.sessions.create_index("at", expireAfterSeconds=3600)

    rule = {"$jsonSchema": {"bsonType": "object", "required": ["n"], "properties": {"n": {"bsonType": "int", "minimum": 1}}}}
    shop.create_collection("checked", validator=rule, validationLevel="moderate", validationAction="error")
    # Documents from before the rule stay as they are.
    shop.command("insert", "checked", documents=[{"_id": 1, "n": "no number"}], bypassDocumentValidation=True)
    # A client sends the size as a fraction, which mongoeco refuses.
    size = 1_000_000.0 if kind == "full" else 1_000_000
    shop.command("create", "log", capped=True, size=size, max=1000)
    rows = 500 if kind == "full" else 50
    shop.log.insert_many({"_id": 1000 - n, "n": n} for n in range(rows))
    shop.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True, "name": "the tree"})
    shop.clustered.insert_many({"_id": n} for n in (3, 1, 2))
    shop.create_collection("collated", collation={"locale": "de", "strength": 2})
    shop.collated.insert_many([{"_id": "a"}, {"_id": "b"}])
    shop.create_collection("watched", changeStreamPreAndPostImages={"enabled": True})
    shop.watched.insert_one({"_id": 1})
    shop.types.create_index([("t", "text"), ("u", "text")], weights={"t": 3}, default_language="german")
    shop.types.create_index([("_id", "hashed")])
    shop.types.create_index("hidden", hidden=True)
    shop.types.create_index("collated", collation={"locale": "fr", "strength": 1}, name="french")
    shop.types.create_index("filtered", partialFilterExpression={}, name="empty filter")
    shop["system.js"].insert_one({"_id": "f", "value": bson.Code("function() { return 1 }")})
    shop["fs.files"].insert_one({"_id": 1, "length": bson.Int64(5), "chunkSize": 261120, "filename": "a"})
    shop["fs.chunks"].insert_one({"_id": 1, "files_id": 1, "n": 0, "data": b"bytes"})
    shop["fs.chunks"].create_index([("files_id", 1), ("n", 1)], unique=True)


def full(client, shop):
    """What mongoeco doesn't have."""
    # It refuses names and texts that aren't UTF-8, and times before the year 1.
    types = shop.get_collection("types", codec_options=RAW)
    types.insert_one(odd())
    types.insert_one(RawBSONDocument(bson.encode({"_id": "early", "at": bson.datetime_ms.DatetimeMS(-(2**63))})))
    # It says that it is a server 7.0, to which that can't be restored.
    shop.command("insert", "types", documents=[{"_id": "empty timestamp", "at": bson.Timestamp(0, 0)}], bypassEmptyTsReplacement=True)
    shop.get_collection("ids", codec_options=RAW).insert_many([{"_id": bson.MinKey()}, {"_id": bson.MaxKey()}])

    # It refuses directions that aren't 1 or -1, and these options; it forgets a wildcardProjection.
    # The names keep their order, and the directions their types.
    directions = {"key": {"z": 1, "a": -1.0, "m": bson.Int64(1)}, "name": "order"}
    shop.command("createIndexes", "types", indexes=[directions, {"key": {"small": -0.5}, "name": "small"}])
    shop.types.create_index([("where", "2dsphere")], **{"2dsphereIndexVersion": 2})
    shop.types.create_index([("flat", "2d")], bits=20, min=-500, max=500)
    shop.types.create_index([("$**", 1)], name="wild", wildcardProjection={"a": 1})

    # It lists time series and views as collections, and reads views as empty.
    shop.create_collection("weather", timeseries={"timeField": "at", "metaField": "place", "granularity": "minutes"}, expireAfterSeconds=10**9)
    at = datetime.datetime(2026, 1, 1)
    bucket = {
        "_id": bson.ObjectId("6774800001234567890abcde"),
        "control": {"version": 1, "min": {"at": at, "t": 20.5}, "max": {"at": at, "t": 20.5}},
        "meta": "here",
        "data": {"at": {"0": at}, "t": {"0": 20.5}},
    }
    shop["system.buckets.weather"].insert_one(bucket)

    # In an order in which they can't be made: the first is on the second.
    shop.create_collection("a view", viewOn="b view", pipeline=[{"$match": {"n": {"$gte": 1}}}])
    shop.create_collection("b view", viewOn="ids", pipeline=[{"$project": {"n": 1}}], collation={"locale": "de"})


if __name__ == "__main__":
    url, database, kind = sys.argv[1:]
    client = MongoClient(url, serverSelectionTimeoutMS=10_000)
    plain(client[database], kind)
    if kind == "full":
        full(client, client[database])
