"""Drives the double by pymongo, a client that others wrote. Usage: pymongo_checks.py URL CHECK

A check is a function of this file; it fails by an exception. Faults are asked for over the wire, by the fail point that
MongoDB's driver specifications describe.
"""

import sys
import threading
import time

import bson
import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, MongoClient
from pymongo.errors import BulkWriteError, ConnectionFailure, CursorNotFound, DuplicateKeyError, NotPrimaryError, OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern


def every_type():
    return {
        "_id": bson.ObjectId(),
        "double": -0.0,
        "nan": float("nan"),
        "string": "ä\0b",
        "document": {"a": {"b": []}},
        "array": [1, "x", None],
        "binary": b"\x00\x01",
        "function": bson.Binary(b"f", 1),
        "old": bson.Binary(b"old", 2),
        "uuid": bson.Binary(b"0123456789abcdef", 4),
        "user": bson.Binary(b"u", 0x80),
        "object_id": bson.ObjectId(),
        "bool": True,
        "date": bson.datetime_ms.DatetimeMS(-1),
        "null": None,
        "regex": bson.Regex("^a", "im"),
        "reference": bson.DBRef("c", 1),
        "code": bson.Code("f()"),
        "scope": bson.Code("f()", {"a": 1}),
        "int": bson.Int64(1) - 1,
        "long": bson.Int64(2**63 - 1),
        "timestamp": bson.Timestamp(1, 2),
        "decimal": bson.Decimal128("1.10"),
        "min": bson.MinKey(),
        "max": bson.MaxKey(),
    }


def fail_once(client, commands, **what):
    client.admin.command("configureFailPoint", "failCommand", mode={"times": 1}, data={"failCommands": commands, **what})


def expect(code, action):
    try:
        action()
    except (OperationFailure, NotPrimaryError) as failure:
        assert failure.details["code"] == code, failure
        return
    raise AssertionError(f"no error {code}")


def login(client, url):
    assert client.admin.command("ping")["ok"] == 1
    for mechanism in ["SCRAM-SHA-1", "SCRAM-SHA-256"]:
        assert MongoClient(url, authMechanism=mechanism).admin.command("ping")["ok"] == 1
    wrong = url.replace(":" + url.split("@")[0].split(":")[-1] + "@", ":wrong@")
    assert wrong != url
    expect(18, lambda: MongoClient(wrong).admin.command("ping"))
    bare = MongoClient("mongodb://" + url.split("@")[1])
    expect(13, lambda: bare.admin.command("listDatabases"))
    expect(59, lambda: client.admin.command("nonsense"))
    expect(40415, lambda: client.shop.command("drop", "x", nonsense=1))
    hello = client.admin.command("hello")
    assert hello["setName"] == "rs0" and hello["isWritablePrimary"] and hello["maxWireVersion"] == 25


def compression(client, url):
    for name in ["zlib", "zstd", "snappy"]:
        try:
            other = MongoClient(url, compressors=name)
        except Exception:
            continue
        other.shop.squeezed.insert_one({"_id": name, "text": "x" * 100_000})
        assert len(other.shop.squeezed.find_one({"_id": name})["text"]) == 100_000


def bytes_stay(client, url):
    document = every_type()
    raw = bson.encode(document)
    # What pymongo can't write: a duplicate name, a string that isn't UTF-8, the types that nobody uses any more.
    odd = b"\x10_id\0\x01\0\0\0" + b"\x10a\0\x01\0\0\0" + b"\x10a\0\x02\0\0\0" + b"\x02s\0\x03\0\0\0\xff\xfe\0"
    odd += b"\x06u\0" + b"\x0ey\0\x02\0\0\0s\0" + b"\x0cp\0\x02\0\0\0c\0" + b"123456789012"
    odd = (len(odd) + 5).to_bytes(4, "little") + odd + b"\0"
    codec = bson.CodecOptions(document_class=RawBSONDocument)
    types = client.shop.get_collection("types", codec_options=codec)
    types.insert_many([RawBSONDocument(raw), RawBSONDocument(odd)])
    assert sorted(d.raw for d in types.find()) == sorted([raw, odd])


def server_completes_documents(client, url):
    shop = client.shop
    codec = bson.CodecOptions(document_class=RawBSONDocument)
    raw = bson.encode({"b": 1, "_id": 7, "ts": bson.Timestamp(0, 0)})
    shop.get_collection("fixed", codec_options=codec).insert_one(RawBSONDocument(raw))
    found = shop.fixed.find_one({"_id": 7})
    assert list(found) == ["_id", "b", "ts"] and found["ts"].time > 0
    kept = bson.encode({"_id": 8, "ts": bson.Timestamp(0, 0)})
    shop.command("insert", "fixed", documents=[RawBSONDocument(kept)], bypassEmptyTsReplacement=True)
    assert shop.fixed.find_one({"_id": 8})["ts"] == bson.Timestamp(0, 0)


def mixed_ids_have_one_order(client, url):
    ids = [bson.MinKey(), None, -5, 0.5, bson.Int64(1), bson.Decimal128("1.5"), "", "a", {}, {"a": 1}, b"", bson.ObjectId(),
           False, True, bson.datetime_ms.DatetimeMS(0), bson.Timestamp(1, 1), bson.MaxKey()]
    mixed = client.shop.mixed
    mixed.insert_many({"_id": value} for value in reversed(ids))
    assert [d["_id"] for d in mixed.find().sort("_id", 1)][1:13] == ids[1:13]
    assert mixed.count_documents({}) == len(ids)
    low = list(mixed.find().hint([("_id", 1)]).max([("_id", "a")]))
    high = list(mixed.find().hint([("_id", 1)]).min([("_id", "a")]))
    assert len(low) == 7 and len(high) == len(ids) - 7
    # Comparisons see only their own kind, and so lose documents.
    assert mixed.count_documents({"_id": {"$gte": "a"}}) + mixed.count_documents({"_id": {"$lt": "a"}}) == 2
    expect(51173, lambda: client.shop.command("find", "mixed", min={"_id": 1}))
    try:
        mixed.insert_one({"_id": 1.0})
    except DuplicateKeyError as error:
        assert error.details["keyPattern"] == {"_id": 1}
    else:
        raise AssertionError("1.0 and 1 are the same key")


def cursors(client, url):
    many = client.shop.many
    many.insert_many({"_id": i, "pad": "x" * 1000} for i in range(1000))
    assert [d["_id"] for d in many.find(batch_size=7)] == list(range(1000))
    assert len(list(many.find().limit(13))) == 13
    assert [d["_id"] for d in many.find().sort("_id", -1).limit(2)] == [999, 998]
    cursor = many.find(batch_size=2)
    next(cursor)
    client.admin.command("setParameter", 1, cursorTimeoutMillis=1)
    time.sleep(0.05)
    try:
        list(cursor)
    except CursorNotFound:
        pass
    else:
        raise AssertionError("the cursor should be gone")
    client.admin.command("setParameter", 1, cursorTimeoutMillis=600_000)
    cursor = many.find(batch_size=2)
    next(cursor)
    assert client.admin.command("serverStatus")["metrics"]["cursor"]["open"]["total"] == 1
    cursor.close()
    assert client.admin.command("serverStatus")["metrics"]["cursor"]["open"]["total"] == 0


def snapshots(client, url):
    a, b = client.shop.a, client.shop.b
    a.insert_one({"_id": 1, "v": 100})
    b.insert_one({"_id": 1, "v": 0})
    a.insert_one({"_id": 2})
    with client.start_session(snapshot=True) as session:
        assert a.find_one({"_id": 1}, session=session)["v"] == 100
        a.update_one({"_id": 1}, {"$inc": {"v": -30}})
        b.update_one({"_id": 1}, {"$inc": {"v": 30}})
        a.delete_one({"_id": 2})
        client.shop.drop_collection("b")
        client.shop.late.insert_one({"_id": 1})
        assert b.find_one({"_id": 1}, session=session)["v"] == 0
        assert a.count_documents({}, session=session) == 2
        assert client.shop.late.find_one(session=session) is None
    assert a.count_documents({}) == 1 and a.find_one()["v"] == 70
    first = client.shop.command("find", "a", readConcern={"level": "snapshot"})
    at = first["cursor"]["atClusterTime"]
    a.update_one({"_id": 1}, {"$set": {"v": 1}})
    again = client.shop.command("find", "a", readConcern={"level": "snapshot", "atClusterTime": at})
    assert again["cursor"]["firstBatch"][0]["v"] == 70 and again["cursor"]["atClusterTime"] == at
    client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)
    time.sleep(1.1)
    a.update_one({"_id": 1}, {"$set": {"v": 2}})
    expect(239, lambda: client.shop.command("find", "a", readConcern={"level": "snapshot", "atClusterTime": at}))
    expect(72, lambda: client.shop.command("count", "a", readConcern={"level": "snapshot"}))
    expect(72, lambda: client.shop.command("find", "a", readConcern={"level": "majority", "atClusterTime": at}))
    client.shop.create_collection("round", capped=True, size=4096)
    expect(246, lambda: client.shop.command("find", "round", readConcern={"level": "snapshot"}))
    expect(246, lambda: client.local.command("find", "oplog.rs", readConcern={"level": "snapshot"}))


def batches(client, url):
    shop = client.shop
    shop.keys.insert_one({"_id": 5})
    for ordered, left in [(True, 5), (False, 9)]:
        shop.keys.delete_many({"_id": {"$ne": 5}})
        try:
            shop.keys.bulk_write([InsertOne({"_id": i}) for i in [0, 1, 2, 3, 5, 6, 7, 8, 9]], ordered=ordered)
        except BulkWriteError as error:
            assert [e["code"] for e in error.details["writeErrors"]] == [11000]
            assert error.details["writeErrors"][0]["index"] == 4
        assert shop.keys.count_documents({}) == left, (ordered, shop.keys.count_documents({}))
    shop.keys.create_index("n", unique=True, sparse=True)
    shop.keys.insert_one({"n": 1})
    try:
        shop.keys.insert_one({"n": 1.0})
    except DuplicateKeyError:
        pass
    else:
        raise AssertionError("1.0 and 1 are the same key")
    big = RawBSONDocument(bson.encode({"_id": 1, "b": b"x" * (16 * 1024 * 1024)}))
    reply = shop.command("insert", "big", documents=[big], codec_options=bson.CodecOptions())
    assert reply["writeErrors"][0]["code"] == 10334
    expect(16, lambda: shop.command("insert", "big", documents=[{"_id": i} for i in range(100_001)]))
    largest = {"_id": 2, "b": b"x" * (16 * 1024 * 1024 - 32)}
    shop.big.insert_one(largest)
    assert shop.big.find_one() == largest


def an_interrupted_write_is_sent_again_and_done_once(client, url):
    again = client.shop.again
    fail_once(client, ["insert"], closeConnection=True)
    again.insert_one({"_id": 1})
    fail_once(client, ["insert"], errorCode=10107)
    again.insert_one({"_id": 2})
    assert again.count_documents({}) == 2
    session = {"id": bson.Binary(b"0123456789abcdef", 4)}
    statement = {"q": {"_id": 1}, "u": {"$inc": {"n": 1}}}
    for _ in range(2):
        reply = client.shop.command("update", "again", updates=[statement], lsid=session, txnNumber=bson.Int64(5))
        assert reply["n"] == 1
    assert reply["retriedStmtIds"] == [0] and again.find_one({"_id": 1})["n"] == 1
    expect(225, lambda: client.shop.command("update", "again", updates=[statement], lsid=session, txnNumber=bson.Int64(4)))
    without = MongoClient(url, retryWrites=False)
    fail_once(client, ["insert"], closeConnection=True)
    try:
        without.shop.again.insert_one({"_id": 3})
    except ConnectionFailure:
        pass
    else:
        raise AssertionError("the connection should be lost")
    assert again.count_documents({}) == 2


def a_stepped_down_primary_refuses_writes_for_a_while(client, url):
    other = MongoClient(url, retryWrites=False)
    other.admin.command("ping")
    client.admin.command("replSetStepDown", 2)
    expect(10107, lambda: other.shop.command("insert", "x", documents=[{"_id": 1}]))
    assert client.admin.command("hello", read_preference=pymongo.ReadPreference.SECONDARY)["isWritablePrimary"] is False
    # The client waits for a primary.
    client.shop.x.insert_one({"_id": 2})
    assert [d["_id"] for d in client.shop.x.find()] == [2]


def objects(client, url):
    shop = client.shop
    rule = {"$jsonSchema": {"bsonType": "object", "required": ["n"], "properties": {"n": {"bsonType": "int", "minimum": 1}}}}
    shop.create_collection("checked", validator=rule, validationLevel="strict", validationAction="error")
    expect(121, lambda: shop.checked.insert_one({"n": 0}))
    shop.get_collection("checked").with_options(write_concern=WriteConcern(1)).insert_one({"n": 1})
    shop.command("insert", "checked", documents=[{"_id": 1}], bypassDocumentValidation=True)
    shop.create_collection("log", capped=True, size=100_000, max=3)
    shop.log.insert_many([{"_id": i} for i in range(5)])
    assert [d["_id"] for d in shop.log.find()] == [2, 3, 4]
    shop.create_collection("tree", clusteredIndex={"key": {"_id": 1}, "unique": True, "name": "the tree"})
    shop.create_collection("weather", timeseries={"timeField": "t", "metaField": "m"})
    shop.create_collection("above", viewOn="checked", pipeline=[{"$match": {"n": {"$gte": 1}}}])
    assert shop.above.count_documents({}) == 1
    expect(166, lambda: shop.above.insert_one({}))
    infos = {c["name"]: c for c in shop.list_collections()}
    assert infos["checked"]["options"]["validator"] == rule
    assert infos["above"]["type"] == "view" and infos["weather"]["type"] == "timeseries"
    assert "system.buckets.weather" in infos and "system.views" in infos
    assert infos["tree"]["options"]["clusteredIndex"]["name"] == "the tree" and "idIndex" not in infos["tree"]
    expect(48, lambda: shop.command("create", "checked"))
    expect(72, lambda: shop.command("create", "odd", size=5))

    shop.checked.create_index([("a", 1), ("b", -1)], name="ab", partialFilterExpression={"a": {"$gt": 1}})
    shop.checked.create_index([("t", "text"), ("u", "text")], weights={"t": 3})
    shop.checked.create_index([("where", "2dsphere")])
    shop.checked.create_index([("_id", "hashed")])
    shop.checked.create_index([("$**", 1)], name="wild", wildcardProjection={"a": 1})
    specifications = {i["name"]: i for i in shop.checked.list_indexes()}
    assert list(specifications["ab"]["key"].items()) == [("a", 1), ("b", -1)]
    assert specifications["t_text_u_text"]["weights"] == {"t": 3, "u": 1}
    assert specifications["t_text_u_text"]["key"] == {"_fts": "text", "_ftsx": 1}
    assert specifications["where_2dsphere"]["2dsphereIndexVersion"] == 3
    expect(86, lambda: shop.checked.create_index([("c", 1)], name="ab"))
    expect(85, lambda: shop.checked.create_index([("a", 1), ("b", -1)], name="ab", partialFilterExpression={"a": {"$gt": 1}}, sparse=True))
    expect(197, lambda: shop.command("createIndexes", "checked", indexes=[{"key": {"z": 1}, "name": "z", "nonsense": 1}]))
    shop.checked.rename("moved")
    assert "ab" in shop.moved.index_information() and "checked" not in shop.list_collection_names()
    shop.moved.insert_one({"n": 2})
    client.admin.command("renameCollection", "shop.moved", to="other.moved")
    assert client.other.moved.count_documents({}) == 3
    names = {d["name"] for d in client.list_databases()}
    assert names >= {"shop", "other", "local", "admin"}
    client.drop_database("shop")
    assert "shop" not in client.list_database_names()


def users(client, url):
    shop = client.shop
    shop.command("createRole", "clerk", privileges=[{"resource": {"db": "shop", "collection": ""}, "actions": ["find"]}], roles=[])
    shop.command("createUser", "ann", pwd="secret of ann", roles=["clerk"], customData={"a": 1})
    host = url.split("@")[1].rstrip("/")
    assert MongoClient(f"mongodb://ann:secret%20of%20ann@{host}/?authSource=shop").admin.command("ping")
    expect(51003, lambda: shop.command("createUser", "ann", pwd="x", roles=[]))
    shown = client.admin.command("usersInfo", {"forAllDBs": True}, showCredentials=True)["users"]
    ann = next(u for u in shown if u["user"] == "ann")
    assert set(ann["credentials"]) == {"SCRAM-SHA-1", "SCRAM-SHA-256"} and ann["roles"] == [{"role": "clerk", "db": "shop"}]
    assert "credentials" not in shop.command("usersInfo", "ann")["users"][0]
    roles = client.admin.command("rolesInfo", {"forAllDBs": True}, showPrivileges=True)["roles"]
    assert [r["role"] for r in roles] == ["clerk"]
    del ann["mechanisms"]
    shop.command("dropUser", "ann")
    client.admin.temporary.insert_one(ann)
    client.admin.command("_mergeAuthzCollections", tempUsersCollection="admin.temporary", db="", drop=False)
    assert MongoClient(f"mongodb://ann:secret%20of%20ann@{host}/?authSource=shop").admin.command("ping")


def the_oplog_is_followed(client, url):
    seen = []
    last = client.local["oplog.rs"].find().sort("$natural", -1).limit(1)[0]["ts"]
    cursor = client.local["oplog.rs"].find({"ts": {"$gt": last}}, cursor_type=pymongo.CursorType.TAILABLE_AWAIT)
    cursor.max_await_time_ms(200)

    def write():
        time.sleep(0.1)
        client.shop.things.insert_one({"_id": 1})
        client.shop.things.update_one({"_id": 1}, {"$set": {"n": 1}})
        client.shop.things.update_one({"_id": 1}, {"$set": {"n": 2, "m": 3}})
        client.shop.things.update_one({"_id": 1}, {"$unset": {"n": 1}})
        client.shop.things.replace_one({"_id": 1}, {"r": 1})
        client.shop.things.delete_one({"_id": 1})
        client.shop.things.create_index("a")
        client.shop.command("collMod", "things", validationLevel="off")
        client.shop.things.drop_index("a_1")
        client.shop.things.drop()

    writer = threading.Thread(target=write)
    writer.start()
    end = time.time() + 20
    while len(seen) < 11 and cursor.alive and time.time() < end:
        entry = next(cursor, None)
        if entry is not None:
            assert entry["v"] == 2 and entry["ts"] > last and entry["ui"], entry
            assert entry["ns"] == ("shop.$cmd" if entry["op"] == "c" else "shop.things"), entry
            assert (entry["op"] == "u") == ("o2" in entry) and entry.get("o2", {"_id": 1}) == {"_id": 1}, entry
            seen.append((entry["op"], entry["o"] if entry["op"] != "c" else next(iter(entry["o"]))))
    writer.join()
    assert seen == [
        ("c", "create"),
        ("i", {"_id": 1}),
        ("u", {"$v": 2, "diff": {"i": {"n": 1}}}),
        ("u", {"$v": 2, "diff": {"u": {"n": 2}, "i": {"m": 3}}}),
        ("u", {"$v": 2, "diff": {"d": {"n": False}}}),
        ("u", {"_id": 1, "r": 1}),
        ("d", {"_id": 1}),
        ("c", "createIndexes"),
        ("c", "collMod"),
        ("c", "dropIndexes"),
        ("c", "drop"),
    ], seen


def events(stream, wanted):
    """The next events of a change stream; it is asked until it has given as many."""
    seen, end = [], time.time() + 20
    while len(seen) < wanted and time.time() < end:
        event = stream.try_next()
        if event is not None:
            seen.append(event)
    assert len(seen) == wanted, seen
    return seen


def change_streams(client, url):
    shop = client.shop
    with shop.watch(max_await_time_ms=100) as few, client.watch(max_await_time_ms=100, show_expanded_events=True) as all:
        shop.things.insert_one({"_id": 1})
        shop.things.update_one({"_id": 1}, {"$set": {"n": 1}})
        shop.things.replace_one({"_id": 1}, {"r": 1})
        shop.things.delete_one({"_id": 1})
        shop.things.create_index("a")
        shop.command("collMod", "things", validationLevel="off")
        shop.things.drop_index("a_1")
        shop.things.rename("other")
        shop.other.drop()
        client.bank.x.insert_one({"_id": 2})
        client.admin.x.insert_one({"_id": 3})
        seen = events(few, 6)
        assert [e["operationType"] for e in seen] == ["insert", "update", "replace", "delete", "rename", "drop"], seen
        assert all_same(e["ns"]["db"] for e in seen) and seen[0]["fullDocument"] == {"_id": 1}
        assert [e.get("documentKey") for e in seen] == [{"_id": 1}] * 4 + [None] * 2
        assert seen[4]["to"] == {"db": "shop", "coll": "other"}
        everything = [e["operationType"] for e in events(all, 12)]
        own = ["create", "insert", "update", "replace", "delete", "createIndexes", "modify", "dropIndexes", "rename", "drop"]
        assert everything == own + ["create", "insert"], everything
        tokens = [e["_id"]["_data"] for e in seen]
        assert tokens == sorted(tokens) and all_same(t[:2] for t in tokens)
        times = [(e["clusterTime"].time << 32) + e["clusterTime"].inc for e in seen]
        assert times == [int(t[2:18], 16) for t in tokens]
    expect(73, lambda: client.admin.watch())
    expect(40415, lambda: client.admin.aggregate([{"$changeStream": {"what": 1}}]))


def all_same(values):
    return len(set(values)) == 1


def resumed_change_streams(client, url):
    shop = client.shop
    begin = client.admin.command("hello")["operationTime"]
    shop.things.insert_many([{"_id": n} for n in range(3)])
    with shop.watch(start_at_operation_time=begin, max_await_time_ms=100) as stream:
        first = events(stream, 3)[0]["_id"]
        mark = stream.resume_token["_data"]
        # Nothing comes, and the stream goes on all the same.
        end = time.time() + 20
        while stream.resume_token["_data"] <= mark and time.time() < end:
            assert stream.try_next() is None
        assert stream.resume_token["_data"] > mark
        later = stream.resume_token
    with shop.watch(resume_after=first, max_await_time_ms=100) as stream:
        assert [e["documentKey"]["_id"] for e in events(stream, 2)] == [1, 2]
    with shop.watch(resume_after=later, max_await_time_ms=100) as stream:
        shop.things.insert_one({"_id": 4})
        assert events(stream, 1)[0]["documentKey"] == {"_id": 4}
    shop.things.insert_many([{"_id": f"much {n}", "text": "x" * 1000} for n in range(50)])
    expect(286, lambda: shop.watch(resume_after=first))
    expect(286, lambda: shop.watch(start_at_operation_time=begin))
    expect(260, lambda: shop.watch(resume_after={"_data": "x"}))


def expired_documents_go(client, url):
    import datetime

    old = datetime.datetime(2020, 1, 1)
    client.shop.sessions.insert_many([{"_id": 1, "at": old}, {"_id": 2, "at": datetime.datetime(2100, 1, 1)}])
    client.shop.sessions.create_index("at", expireAfterSeconds=10)
    client.admin.command("setParameter", 1, ttlMonitorSleepSecs=0)
    end = time.time() + 20
    while client.shop.sessions.count_documents({}) > 1 and time.time() < end:
        time.sleep(0.05)
    assert [d["_id"] for d in client.shop.sessions.find()] == [2]


def pipelines(client, url):
    n = client.shop.n
    n.insert_many({"_id": i} for i in range(100))
    assert len(list(n.aggregate([{"$sample": {"size": 10}}]))) == 10
    buckets = list(n.aggregate([{"$bucketAuto": {"groupBy": "$_id", "buckets": 4}}]))
    assert [b["count"] for b in buckets] == [25, 25, 25, 25] and buckets[1]["_id"] == {"min": 25, "max": 50}
    assert next(n.aggregate([{"$collStats": {"count": {}}}]))["count"] == 100
    assert list(n.aggregate([{"$match": {"_id": {"$lt": 3}}}, {"$count": "c"}])) == [{"c": 3}]
    n.aggregate([{"$match": {"_id": {"$lt": 5}}}, {"$out": "few"}])
    assert client.shop.few.count_documents({}) == 5
    n.aggregate([{"$match": {"_id": {"$lt": 9}}}, {"$merge": {"into": "few", "on": "_id", "whenMatched": "keepExisting"}}])
    assert client.shop.few.count_documents({}) == 9
    expect(238, lambda: n.aggregate([{"$lookup": {}}]))


def encrypted_fields(client, url):
    from bson import Binary

    shop = client.shop
    fields = {"fields": [{"path": "card", "keyId": Binary(bytes(16), 4), "bsonType": "string",
                          "queries": {"queryType": "equality"}}]}
    # The driver makes the collections of the state and the index, and not the server.
    shop.create_collection("patients", encryptedFields=fields)
    assert sorted(shop.list_collection_names()) == ["enxcol_.patients.ecoc", "enxcol_.patients.esc", "patients"]
    assert "__safeContent___1" in shop.patients.index_information()
    assert shop.patients.options()["encryptedFields"]["fields"][0]["path"] == "card"
    tagged = {"_id": 1, "card": Binary(b"cipher", 6), "__safeContent__": [b"tag"]}
    expect(2, lambda: shop.patients.insert_one(tagged))
    shop.command("insert", "patients", documents=[tagged], bypassDocumentValidation=True)
    assert shop.patients.find_one() == tagged
    expect(20, lambda: shop.patients.rename("others"))
    shop.create_collection("plain")
    expect(20, lambda: shop.plain.rename("patients", dropTarget=True))
    shop["enxcol_.patients.esc"].rename("state")
    shop.create_collection("collated", collation={"locale": "de"})
    assert shop.collated.index_information()["_id_"]["collation"]["locale"] == "de"
    expect(6367301, lambda: shop.command("create", "c", capped=True, size=4096, encryptedFields=fields))
    expect(6346401, lambda: shop.command("create", "t", timeseries={"timeField": "at"}, encryptedFields=fields))


def collections_with_a_given_uuid(client, url):
    import uuid
    from bson import Binary

    def apply(name, given, **more):
        operation = {"op": "c", "ns": "shop.$cmd", "ui": Binary(given.bytes, 4), "o": {"create": name, **more}}
        return client.admin.command("applyOps", [operation])

    def uuids():
        return {each["name"]: each["info"]["uuid"] for each in client.shop.list_collections()}

    given, other = uuid.uuid4(), uuid.uuid4()
    index = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    assert apply("things", given, capped=True, size=4096, idIndex=index)["applied"] == 1
    assert uuids() == {"things": Binary(given.bytes, 4)} and client.shop.things.options()["capped"]
    apply("things", given)
    client.shop.things.rename("others")
    assert uuids() == {"others": Binary(given.bytes, 4)}
    # Whoever has the UUID gets the name, and whoever has the name loses it.
    apply("things", given)
    assert uuids() == {"things": Binary(given.bytes, 4)}
    apply("things", other)
    assert len(uuids()) == 2 and uuids()["things"] == Binary(other.bytes, 4)
    expect(238, lambda: client.admin.command("applyOps", [{"op": "i", "ns": "shop.things", "o": {"_id": 1}}]))


if __name__ == "__main__":
    url, check = sys.argv[1:]
    globals()[check](MongoClient(url, serverSelectionTimeoutMS=10_000), url)
