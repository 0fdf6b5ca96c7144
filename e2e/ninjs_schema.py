#!/usr/bin/env python3
"""Holds what is written as ninjs against IPTC's schema, by python-jsonschema.

    ninjs_schema.py --bin BINARY --schema ninjs-schema_3.0.json FILE…

Reads each wire with `verbatim read`, takes the program's own field off, and validates the rest. Prints a line for each
object that is not valid, and closes with 'N passed, M failed'. Needs the package jsonschema.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT7


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--bin", required=True)
    asked.add_argument("--schema", required=True)
    asked.add_argument("files", nargs="+")
    asked = asked.parse_args()
    schema = json.loads(Path(asked.schema).read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(schema).check_schema(schema)

    # The schema names GeoJSON's by an address; nothing here is fetched, and we write none.
    registry = Registry(retrieve=lambda uri: DRAFT7.create_resource(True))
    validator = jsonschema.validators.validator_for(schema)(schema, registry=registry)
    passed = failed = 0
    for file in asked.files:
        said = subprocess.run([asked.bin, "read", file], capture_output=True, text=True, check=False)
        for line in said.stdout.splitlines():
            written = json.loads(line)
            written.pop("verbatim", None)
            faults = sorted(validator.iter_errors(written), key=lambda fault: list(map(str, fault.path)))
            failed += bool(faults)
            passed += not faults
            for fault in faults[:3]:
                print(f"{file}: {written.get('uri')}: {'/'.join(map(str, fault.path))}: {fault.message[:160]}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(bool(failed) or not passed)


if __name__ == "__main__":
    main()
