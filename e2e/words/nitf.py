"""NITF: the words of `body`, without what is addressed to editors."""

from markup import blocks, child, children, item, local, parse, text_of, words


def claims(name, data):
    return b"<nitf" in data[:4000] and data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def private(element):
    """Notes and taglines of type npa or pa, messages to editors; what is said about pictures and is no caption."""
    return (
        local(element) in ("ed-msg", "media-metadata", "media-object", "media-reference", "nitf-table-metadata", "img")
        or (element.get("type") or "").strip().lower() in ("npa", "pa")
    )


def story(root):
    """Head and body of a `nitf` element, or of the part of one that another format carries."""
    name = local(root)
    body = root if name == "body" else child(root, "body")
    if name in ("nitf", "body"):
        content = child(body, "body.content")
    else:
        content = child(root, "body.content")
        content = root if content is None else content
    parts = [part for part in (content, child(body, "body.end")) if part is not None]
    told = opening(child(body, "body.head"))
    told["body"] = [block for part in parts for block in blocks(part, private)]
    return told


def opening(head):
    main, subs, bylines, dateline = [], [], [], ""
    for part in head if head is not None else []:
        if not local(part) or private(part):
            continue
        if local(part) == "hedline":
            for line in children(part, "hl1", "hl2") or [part]:
                first = local(line) != "hl2" and not main
                (main if first else subs).append(words(line, private))
        elif local(part) == "byline":
            bylines += blocks(part, private)
        elif local(part) == "dateline":
            dateline = text_of(part)
    return {"heads": main + subs, "main": bool(main), "bylines": bylines, "dateline": dateline}


def items(data):
    root = parse(data)
    found = [root] if local(root) == "nitf" else [e for e in root.iter() if local(e) == "nitf"]
    told = [story(nitf) for nitf in found]
    return [item(t["heads"], t["bylines"], t["dateline"], t["body"]) for t in told]
