"""ninjs, AP Media API and dpa digitalwires: JSON objects, by their headline, byline and the best of their bodies."""

import json
import re

import nitf
from markup import blocks_of_html, fold, item, parse

STORY = {"", "main", "body", "full", "story", "text", "plain", "html", "html5", "xhtml", "nitf", "richtext"}
ASIDE = set(
    "abstract summary teaser lead intro caption description script shotlist dopesheet storyline ednote note notes nonpublic "
    "private headline title".split()
)


def objects(data):
    text = data.decode("utf-8-sig")
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(value, dict) and isinstance(value.get("data"), dict):
        inner = value["data"]
        return [entry["item"] for entry in inner.get("items", [inner]) if "item" in entry]
    if isinstance(value, dict) and isinstance(value.get("items"), list) and "uri" not in value:
        return value["items"]
    return value if isinstance(value, list) else [value]


def claims(name, data):
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return False
    try:
        found = objects(data)
    except ValueError:
        return False
    return bool(found) and any(isinstance(o, dict) and known(o) for o in found)


def known(o):
    low = {k.lower() for k in o}
    return "urn" in low and "digitalwires" in str(o.get("format")) or bool({"uri", "guid"} & low)


def text(value):
    return str(value) if isinstance(value, (str, int, float)) and str(value).strip() else ""


def plain(value):
    return [fold(p) for p in re.split(r"\n[ \t\r]*\n", value.replace("\r\n", "\n").replace("\r", "\n")) if p.split()]


def body_blocks(form, value):
    """The blocks of one body, and what an embedded NITF says before it."""
    if form == "nitf":
        root = parse(value.encode())
        told = nitf.story(root)
        return told["body"], told
    if form == "html" or form == "unsaid" and re.search(r"<[a-zA-Z/!?]", value):
        return blocks_of_html(value), None
    return plain(value), None


def form_of(kind, role, value):
    kind = kind.split(";")[0].strip().lower()
    if not kind:
        return "html" if "html" in role else "nitf" if "nitf" in role else "plain" if role in ("text", "plain") else "unsaid"
    if kind in ("application/xhtml+xml", "text/xhtml"):
        return "html"
    if kind == "text/html":
        return "html"
    if "nitf" in kind or kind in ("application/xml", "text/xml") and "<nitf" in value:
        return "nitf"
    return "plain" if kind == "text/plain" else None


def bodies(o):
    """(order, form, text) of each body that may be the story."""
    out = []
    for key, value in o.items():
        low = key.lower()
        if isinstance(value, str) and value.strip() and (low == "body" or low.startswith("body_")):
            role = low[5:] if low.startswith("body_") else ""
            out.append((role, form_of("", role, value), value))
        if low == "bodies" and isinstance(value, list):
            for entry in value:
                fields = {k.lower(): v for k, v in entry.items()}
                words = fields.get("value")
                if isinstance(words, str) and words.strip():
                    role = text(fields.get("role")).split(":")[-1].lower()
                    out.append((role, form_of(text(fields.get("contenttype")), role, words), words))
    rank = {"html": 1, "nitf": 2, "plain": 3, "unsaid": 4}
    usable = [(0 if role in STORY else 1, 0 if "xhtml" in role else rank[form], form, words) for role, form, words in out if form and role not in ASIDE]
    return sorted(usable, key=lambda b: b[:2])


def one(o):
    if "digitalwires" in str(o.get("format")):
        return digitalwires(o)
    low = {}
    for key, value in o.items():
        low.setdefault(key.lower(), value)
    heads = {"main": [], "sub": []}
    if text(low.get("headline")):
        heads["main"].append(fold(text(low["headline"])))
    for entry in low.get("headlines") or []:
        fields = {k.lower(): v for k, v in entry.items()}
        role = text(fields.get("role")).split(":")[-1].lower()
        words = text(fields.get("value"))
        if "html" in text(fields.get("contenttype")).lower():
            words = " ".join(blocks_of_html(words))
        if role in ("", "main", "headline", "title", "text", "html") and not heads["main"]:
            heads["main"].append(fold(words))
        elif role in ("sub", "subheadline", "subtitle", "subhead", "subheading", "deck"):
            heads["sub"].append(fold(words))
    bylines = []
    for key in ("byline", "by"):
        line = fold(text(low.get(key)))
        if line and line not in bylines:
            bylines.append(line)
    if not bylines and isinstance(low.get("bylines"), list):
        lines = [", ".join(x for x in (text(b.get("by")), text(b.get("title"))) if x) for b in low["bylines"] if text(b.get("by"))]
        bylines = [fold("; ".join(lines))] if lines else []
    dateline = fold(text(low.get("dateline")))
    body = []
    for _, _, form, words in bodies(o):
        body, inner = body_blocks(form, words)
        if inner:
            heads["main"] = heads["main"] or inner["heads"]
            bylines = bylines or inner["bylines"]
            dateline = dateline or inner["dateline"]
        break
    if text(low.get("type")).strip().lower() in ("picture", "graphic"):
        for key in ("description_caption", "description_text"):
            body += [fold(text(v)) for k, v in o.items() if k.lower() == key and text(v)]
        for entry in low.get("descriptions") or []:
            body += [fold(text(entry.get("value")))] if text(entry.get("value")) else []
    return item(heads["main"] + heads["sub"], bylines, dateline, body)


def digitalwires(o):
    heads = [fold(text(o.get(k))) for k in ("headline", "kicker", "subhead")]
    body = blocks_of_html(o["article_html"]) if text(o.get("article_html")) else []
    if not body and o.get("associations"):
        body = [fold(d["description"]) for d in o.get("descriptions") or [] if (d.get("role") or "").endswith(":caption")]
    return item(heads, [fold(text(o.get("byline")))], fold(text(o.get("dateline"))), body)


def items(data):
    return [one(o) for o in objects(data) if isinstance(o, dict) and known(o)]
