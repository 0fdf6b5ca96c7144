"""RSS, Atom and JSON Feed: the title, and the fullest text of each item."""

import json
import re

from lxml import etree

from markup import blocks, blocks_of_html, child, children, fold, local, parse, texts

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


def claims(name, data):
    start = re.sub(rb"^\s*(<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*", b"", data.lstrip(b"\xef\xbb\xbf"), flags=re.S)
    return bool(re.match(rb"<(rss|feed|rdf:RDF)[\s>]", start)) or b"jsonfeed.org/version" in data[:400]


def said(element):
    return "" if element is None else "".join(texts(element))


def rss(item):
    # A title is plain text; the fuller of the two bodies is the story.
    full = item.find(CONTENT)
    body = said(full) if full is not None and said(full).strip() else said(own(item, "description"))
    return [fold(said(own(item, "title")))] + blocks_of_html(body)


def own(item, name):
    """A child in RSS's own namespaces; modules use the same names."""
    return next((c for c in children(item, name) if etree.QName(c).namespace in (None, "http://purl.org/rss/1.0/")), None)


def construct(element):
    """An Atom text: plain, escaped HTML, or XHTML in a div."""
    kind = (element.get("type") or "text").strip().lower()
    if kind in ("xhtml", "application/xhtml+xml"):
        holder = child(element, "div")
        return blocks(element if holder is None else holder)
    if kind in ("html", "text/html"):
        return blocks_of_html(said(element))
    return [fold(b) for b in re.split(r"\n\s*\n", said(element)) if b.split()]


def atom(entry):
    title = child(entry, "title")
    head = " ".join(construct(title)) if title is not None else ""
    content = child(entry, "content")
    if content is None or not (said(content).strip() or len(content)):
        content = child(entry, "summary")
    return [head] + (construct(content) if content is not None else [])


def json_feed(item):
    body = item.get("content_html")
    if body:
        told = blocks_of_html(body)
    else:
        text = item.get("content_text") or item.get("summary") or ""
        told = [fold(b) for b in re.split(r"\n\s*\n", text) if b.split()]
    return [fold(item.get("title") or "")] + told


def items(data):
    if b"jsonfeed.org/version" in data[:400]:
        return [json_feed(item) for item in json.loads(data.decode("utf-8-sig")).get("items", [])]
    root = parse(data)
    if local(root) == "feed":
        return [atom(entry) for entry in root.iter() if local(entry) == "entry"]
    return [rss(item) for item in root.iter() if local(item) == "item"]
