"""Prints a portrait of a database in a folder as mongodump makes it, read by pymongo: what mongodb.py prints of a database
on a server, without what a folder doesn't say. Usage: mongodump.py FOLDER DATABASE uuids|none
"""

import hashlib
import pathlib
import sys
import urllib.parse

import bson
from bson import json_util
from bson.raw_bson import RawBSONDocument

RAW = bson.CodecOptions(document_class=RawBSONDocument)


def text(value):
    return json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS)


def portrait(folder, told):
    for path in folder.glob("*.metadata.json"):
        described = json_util.loads(path.read_text(), json_options=json_util.CANONICAL_JSON_OPTIONS)
        fields = {"indexes", "collectionName", "type", "options"}
        has = told == "uuids" and described["type"] == "collection"
        assert set(described) == fields | ({"uuid"} if has else set()), described.keys()
        assert len(bytes.fromhex(described.get("uuid", "00" * 16))) == 16
        name = described["collectionName"]
        assert name == urllib.parse.unquote(path.name.removesuffix(".metadata.json"))
        yield f"{described['type']} {name} {text(dict(sorted(described['options'].items())))}"
        if described["type"] == "collection":
            for index in described["indexes"]:
                yield f"index {name} {text({key: index[key] for key in sorted(index)})}"
    for path in folder.glob("*.bson"):
        name = urllib.parse.unquote(path.name.removesuffix(".bson"))
        with path.open("rb") as file:
            for document in bson.decode_file_iter(file, RAW):
                yield f"document {name} {hashlib.sha256(document.raw).hexdigest()}"


if __name__ == "__main__":
    folder, database, told = sys.argv[1:]
    for line in sorted(portrait(pathlib.Path(folder) / database, told)):
        print(line)
