"""Prints a portrait of a database, a line for each thing in it, as pymongo sees it: not by our client, and with every
document as a digest of its bytes. Usage: mongodb.py URL DATABASE

Two databases are the same if their portraits are. UUIDs of collections aren't in it: copies have their own.
"""

import hashlib
import sys

import bson
from bson import json_util
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

RAW = bson.CodecOptions(document_class=RawBSONDocument)


def text(value):
    """Extended JSON that keeps the order of names and the types of numbers."""
    return json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS)


def portrait(database):
    ordered = database.with_options(bson.CodecOptions(document_class=dict))
    for entry in ordered.list_collections():
        name, options = entry["name"], entry.get("options", {})
        if name == "system.views":
            continue
        kept = dict(sorted(options.items()))
        yield f"{entry.get('type', 'collection')} {name} {text(kept)}"
        if entry.get("type") in ("view", "timeseries"):
            continue
        if "idIndex" in entry:
            yield f"id index {name} {text({k: v for k, v in entry['idIndex'].items() if k != 'ns'})}"
        for index in ordered[name].list_indexes():
            index = {key: index[key] for key in sorted(index) if key != "ns"}
            yield f"index {name} {text(index)}"
        position = 0
        for document in database.get_collection(name, codec_options=RAW).find():
            # Only capped collections have an order to keep.
            place = f" {position}" if options.get("capped") else ""
            yield f"document {name} {hashlib.sha256(document.raw).hexdigest()}{place}"
            position += 1


if __name__ == "__main__":
    url, name = sys.argv[1:]
    for line in sorted(portrait(MongoClient(url, serverSelectionTimeoutMS=10_000)[name])):
        print(line)
