#!/usr/bin/env python3
"""Takes the publishable words out of wires, by another way than the `wire` crate does.

    extract.py FOLDER

prints a line of JSON for every file below FOLDER: its name, its format, and for each item what a reader may see,
block by block. It shares no code with our readers: XML is read by lxml, JSON by json, formats of lines by hand. The
rules are those of the standards and of `docs/formats`; what the agency keeps for editors is left out here, too.

A format is a module with `claims(name, data)` and `items(data)`; see `FORMATS`.
"""

import json
import sys
from pathlib import Path

import feeds
import lines
import mail
import newsml_1
import newsml_g2
import ninjs
import nitf
import ritzau

# The first module that claims a file reads it.
FORMATS = [feeds, newsml_g2, newsml_1, nitf, ritzau, ninjs, lines, mail]


def told(path, name):
    data = path.read_bytes()
    for module in FORMATS:
        if module.claims(name, data):
            try:
                return {"file": name, "format": module.__name__, "items": module.items(data)}
            except Exception as fault:  # whatever is wrong with a file is said and costs this file alone
                return {"file": name, "format": module.__name__, "fault": f"{type(fault).__name__}: {fault}"}
    return {"file": name, "format": None}


def main():
    folder = Path(sys.argv[1])
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        print(json.dumps(told(path, path.relative_to(folder).as_posix()), ensure_ascii=False))


if __name__ == "__main__":
    main()
