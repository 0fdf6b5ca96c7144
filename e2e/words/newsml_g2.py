"""NewsML-G2: head and story of each item of a message."""

import re

from lxml import etree

import nitf
from markup import blocks, blocks_of_html, child, children, fold, local, parse, text_of, texts
from markup import item as assembled

ITEMS = {"newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem"}

# dpa's classes for what is addressed to editors.
EDITORS = {"notepad", "np-nonpublic", "np-public", "np-constraint", "nonpublic", "genrenote", "closingline"}
EDITORS_IN_HEADER = {"slugline", "publicationDate", "genre", "embargoed"}

# What a rendition of inline data is for, where it is no body.
ASIDE = {"nonpublic", "public", "private", "notepad", "ednote", "editorialnote", "headline", "teaser", "summary", "caption", "abstract", "slug", "title"}

XHTML = set("p div section article h1 h2 h3 h4 ul ol table pre blockquote span em strong b i a br".split())


def claims(name, data):
    root = re.search(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)", re.sub(rb"<!--.*?-->", b"", data, flags=re.S))
    return bool(root) and root.group(1).decode("ascii", "replace") in ITEMS | {"newsMessage"}


def last(code):
    return (code or "").strip().replace("/", ":").replace("#", ":").split(":")[-1]


def restricted(element):
    constraint = element.get("pubconstraint") or element.get("pubconstrainturi") or ""
    return any(last(code) not in ("public", "publishable", "none") for code in constraint.split())


def for_editors(element):
    classes = set((element.get("class") or "").split())
    in_header = any(local(a) == "header" for a in element.iterancestors())
    return restricted(element) or bool(classes & EDITORS) or (in_header and bool(classes & EDITORS_IN_HEADER))


def heads(meta, language):
    main, subs, bylines, dateline = [], [], [], ""
    for part in meta if meta is not None else []:
        if not local(part) or restricted(part):
            continue
        if local(part) == "headline":
            role = last(part.get("role")).lower()
            own = (part.get("{http://www.w3.org/XML/1998/namespace}lang") or language).split("-")[0].lower()
            if own != language.split("-")[0].lower():
                continue
            if role in ("", "main", "title", "headline", "hl1"):
                main.append(text_of(part))
            elif role in ("sub", "subtitle", "subheadline", "subhead", "subheading", "deck", "hl2"):
                subs.append(text_of(part))
        elif local(part) == "by":
            bylines.append(text_of(part))
        elif local(part) == "dateline" and not dateline:
            dateline = text_of(part)
    main = [m for m in main if m][:1]
    return {"heads": main + [s for s in subs if s], "main": bool(main), "bylines": [b for b in bylines if b], "dateline": dateline}


def plain(content):
    return [fold(b) for b in re.split(r"\n\s*\n", "".join(texts(content))) if b.split()]


def body(content):
    """The rank of a rendition, and its words; the richest one is the story."""
    kind = (content.get("contenttype") or "text/plain").split(";")[0].strip().lower()
    if local(content) == "inlineData":
        if content.get("encoding"):
            return 4, {}
        if "html" in kind:
            return 2, {"body": blocks_of_html("".join(texts(content)))}
        return (3, {"body": plain(content)}) if kind.startswith("text/") else (4, {})
    root = next((c for c in content if local(c)), None)
    if root is None:
        return 3, {"body": plain(content)}
    name = local(root)
    if name in ("nitf", "body.content", "block") or (name == "body" and child(root, "body.content") is not None):
        return 1, nitf.story(root)
    if name in ("html", "body"):
        page = child(root, "body") if name == "html" else root
        return 0, {"body": blocks(root if page is None else page, for_editors)}
    return (0, {"body": blocks(content, for_editors)}) if name in XHTML else (4, {})


def item(root):
    meta = child(root, "contentMeta")
    tags = children(meta, "language")
    language = (tags[0].get("tag") if tags else None) or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    told = heads(meta, language) if language else heads(meta, "")
    if not language:
        told = heads_any(meta)
    renditions = []
    for content in children(child(root, "contentSet"), "inlineXML", "inlineData"):
        blank = not fold("".join(texts(content))) and not any(local(c) for c in content)
        if not blank and not restricted(content) and last(content.get("rendition")).lower() not in ASIDE:
            renditions.append(body(content))
    _, story = min(renditions, key=lambda r: r[0], default=(5, {}))
    inner = {"heads": [], "bylines": [], "dateline": "", "body": [], **story}
    kind = child(root, "itemMeta", "itemClass")
    kind = last(kind.get("qcode") or kind.get("uri")) if kind is not None else ""
    if kind in ("picture", "graphic"):
        captions = [d for d in children(meta, "description") if last(d.get("role")) in ("", "caption") and not restricted(d)]
        inner["body"] = inner["body"] + [text_of(d) for d in captions if text_of(d)]
    if not told["main"]:
        told["heads"] = inner["heads"] or told["heads"]
    told["bylines"] = told["bylines"] or inner["bylines"]
    told["dateline"] = told["dateline"] or inner["dateline"]
    return assembled(told["heads"], told["bylines"], told["dateline"], inner["body"])


def heads_any(meta):
    """Without a language of the item, no headline is in a foreign one."""
    copy = None
    if meta is not None:
        copy = etree.fromstring(etree.tostring(meta))
        for part in copy.iter():
            part.attrib.pop("{http://www.w3.org/XML/1998/namespace}lang", None)
    return heads(copy, "")


def items(data):
    root = parse(data)
    found = [root] if local(root) in ITEMS else [e for e in root.iter() if local(e) in ITEMS]
    return [item(e) for e in found if (e.get("guid") or "").strip()]
