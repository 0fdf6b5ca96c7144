#!/usr/bin/env python3
"""IPTC's unit files of ninjs, each against the schema of the version whose folder it lies in.

    ninjs_units.py FOLDER

FOLDER holds `schema` and `test_suite`. Prints `FILE<TAB>valid` or `FILE<TAB>why not` for each file. Needs the package
jsonschema.
"""

import json
import sys
from pathlib import Path

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

# What the folders of drafts are drafts of.
DRAFTS = {"1.x_dev": "ninjs-schema-dev_0.2_v1.5.json", "2.x_dev": "ninjs-schema-dev_0.1_v2.1.json"}


def main():
    folder = Path(sys.argv[1])
    load = lambda path: json.loads(path.read_text(encoding="utf-8"))
    # Every address that the schemas name lies beside them; nothing is fetched.
    geo = load(folder / "test_suite/GeoJSON-schema.json")
    known = {"https://geojson.org/schema/GeoJSON.json": geo}
    for path in (folder / "schema").glob("*.json"):
        schema = load(path)
        for name in ("id", "$id"):
            if name in schema:
                known[schema[name].rstrip("#")] = schema
    made = lambda schema: Resource.from_contents(schema, default_specification=DRAFT202012)
    registry = Registry().with_resources((address, made(schema)) for address, schema in known.items())

    for version in sorted(path for path in (folder / "test_suite").iterdir() if path.is_dir()):
        schema = load(folder / "schema" / DRAFTS.get(version.name, f"ninjs-schema_{version.name}.json"))
        validator = jsonschema.validators.validator_for(schema)(schema, registry=registry)
        for path in sorted(version.rglob("*.json")):
            try:
                fault = jsonschema.exceptions.best_match(validator.iter_errors(load(path)))
                verdict = "valid" if fault is None else " ".join(fault.message.split())[:160]
            except ValueError as broken:
                verdict = f"no JSON: {broken}"
            print(path.relative_to(folder), verdict, sep="\t")


if __name__ == "__main__":
    main()
