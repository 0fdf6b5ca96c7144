#!/usr/bin/env python3
"""Judges what was written, by other people's parsers.

    check.py same FOLDER       each NAME.came and NAME.back below FOLDER say the same, by canonical form
    check.py valid SCHEMA FOLDER   each file below FOLDER is valid by the XML Schema

Prints NAME, TAB and `ok` or what is wrong, for each.
"""

import json
import sys
from pathlib import Path

from lxml import etree

import markup


def canonical(data, form):
    if form == "json":
        # RFC 8785 sorts names and writes numbers one way; two texts with the same canonical form are equal values.
        lines = data.decode("utf-8-sig").strip()
        try:
            return json.loads(lines)
        except json.JSONDecodeError:
            return [json.loads(line) for line in lines.splitlines() if line.strip()]
    if form == "xml":
        return etree.tostring(markup.parse(data), method="c14n2", with_comments=True)
    return data


def same(folder):
    for came in sorted(folder.rglob("*.came")):
        name = came.name.removesuffix(".came")
        form = name.rsplit(".", 1)[-1]
        came, back = came.read_bytes(), came.with_suffix(".back").read_bytes()
        try:
            told = "ok" if canonical(came, form) == canonical(back, form) else "differs"
        except Exception:
            # What no parser reads has no canonical form; its bytes have to be the same.
            told = "ok" if came == back else "differs, and is not well-formed"
        print(f"{name}\t{told}")


def valid(schema, folder):
    schema = etree.XMLSchema(etree.parse(schema))
    for path in sorted(folder.iterdir()):
        document = etree.parse(str(path))
        good = schema.validate(document)
        print(f"{path.name}\t{'ok' if good else str(schema.error_log[0].message)}")


if __name__ == "__main__":
    if sys.argv[1] == "same":
        same(Path(sys.argv[2]))
    else:
        valid(sys.argv[2], Path(sys.argv[3]))
