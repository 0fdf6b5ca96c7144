#!/usr/bin/env python3
"""Judges feeds that were written, by other people's rules and parsers.

    feeds_valid.py FOLDER      each NAME.rss, NAME.atom and NAME.json in FOLDER

Atom by the RELAX NG grammar of RFC 4287, appendix B (`atom.rng`, with lxml), and by what the grammar cannot say. RSS by
the rules of the RSS 2.0 specification and of the W3C's feed validator. JSON Feed by a JSON Schema of version 1.1
(`json_feed.schema.json`, with python-jsonschema). RSS and Atom by feedparser as well, which must find nothing wrong, and
as many items as there are. Prints NAME, TAB and `ok` or what is wrong, for each.
"""

import json
import re
import sys
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import jsonschema
from lxml import etree

HERE = Path(__file__).parent
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
TOMBSTONES = "{http://purl.org/atompub/tombstones/1.0}"
GRAMMAR = etree.RelaxNG(etree.parse(HERE / "atom.rng"))
SCHEMA = jsonschema.Draft202012Validator(json.loads((HERE / "json_feed.schema.json").read_text()))
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def is_time(text):
    if not RFC3339.fullmatch(text):
        return False
    datetime.fromisoformat(text.replace("Z", "+00:00"))
    return True


def is_address(text):
    return bool(urlsplit(text).scheme) and not re.search(r"\s", text)


def tombstones(root):
    for tomb in root.iter(TOMBSTONES + "deleted-entry"):
        if not tomb.get("ref") or not is_time(tomb.get("when", "")):
            yield "a tombstone lacks ref or when"


def atom(data):
    root = etree.fromstring(data)
    if not GRAMMAR.validate(root):
        yield str(GRAMMAR.error_log[0])
    ids = [entry.findtext(ATOM + "id") for entry in root.iter(ATOM + "entry")]
    if len(set(ids)) != len(ids):
        yield "two entries have one id"
    for element in root.iter(ATOM + "id"):
        if not is_address(element.text or ""):
            yield f"id {element.text} is no IRI"
    for name in ("updated", "published"):
        for element in root.iter(ATOM + name):
            if not is_time(element.text or ""):
                yield f"{name} {element.text} is no time"
    for element in root.iter(ATOM + "link"):
        if not is_address(element.get("href", "")):
            yield f"link {element.get('href')} is no address"
    if not any(link.get("rel") == "self" for link in root.findall(ATOM + "link")):
        yield "the feed names not itself"
    yield from tombstones(root)


def rss(data):
    root = etree.fromstring(data)
    channels = root.findall("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1:
        yield "it is not RSS 2.0 with one channel"
        return
    channel = channels[0]
    for name in ("title", "link", "description"):
        if len(channel.findall(name)) != 1 or not (channel.findtext(name) or "").strip():
            yield f"the channel has not one {name}"
    for name in ("lastBuildDate", "pubDate"):
        for element in root.iter(name):
            date = parsedate_to_datetime(element.text)
            if date.strftime("%a") != element.text[:3]:
                yield f"{name} {element.text} has the wrong day"
    for element in root.iter("language"):
        if not LANGUAGE.fullmatch(element.text or ""):
            yield f"language {element.text} is none"
    guids = []
    once = ("title", "link", "description", "guid", "pubDate", "author", CONTENT + "encoded")
    known = {"title", "link", "description", "guid", "pubDate", "category", "enclosure", "author", "source", "comments"}
    for item in channel.findall("item"):
        for child in item:
            if "}" not in child.tag and child.tag not in known:
                yield f"an item has a {child.tag}"
        for name in once:
            if len(item.findall(name)) > 1:
                yield f"an item has {name} twice"
        if item.find("title") is None and item.find("description") is None:
            yield "an item has neither title nor description"
        guid = item.find("guid")
        if guid is None or guid.get("isPermaLink", "true") == "true" and not is_address(guid.text or ""):
            yield "a guid is no permanent link"
        else:
            guids.append(guid.text)
        if not is_address(item.findtext("link", "")):
            yield "an item's link is no address"
    if len(set(guids)) != len(guids):
        yield "two items have one guid"
    own = [link for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]
    if len(own) != 1 or own[0].get("type") != "application/rss+xml":
        yield "the channel names not itself"
    yield from tombstones(root)


def json_feed(data):
    feed = json.loads(data)
    for error in SCHEMA.iter_errors(feed):
        yield f"{error.json_path}: {error.message[:200]}"
        return
    ids = [item["id"] for item in feed["items"]]
    if len(set(ids)) != len(ids):
        yield "two items have one id"
    for item in feed["items"]:
        for name in ("date_published", "date_modified"):
            if name in item and not is_time(item[name]):
                yield f"{name} {item[name]} is no time"


def count(data):
    root = etree.fromstring(data)
    return len(list(root.iter("item", ATOM + "entry")))


RULES = {".rss": rss, ".atom": atom, ".json": json_feed}


def judge(path):
    data = path.read_bytes()
    for fault in RULES[path.suffix](data):
        return fault
    if path.suffix == ".json":
        return "ok"
    told = feedparser.parse(data)
    if told.bozo:
        return f"feedparser: {told.bozo_exception}"
    if len(told.entries) != count(data):
        return f"feedparser finds {len(told.entries)} items of {count(data)}"
    return "ok"


for path in sorted(Path(sys.argv[1]).iterdir()):
    if path.suffix in RULES:
        try:
            verdict = judge(path)
        except Exception as fault:
            verdict = f"{type(fault).__name__}: {fault}"
        print(f"{path.name}\t{verdict}".replace("\n", " "))
