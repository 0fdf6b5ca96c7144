"""Ritzau: headline, subtitle, byline and the HTML of `content` of every `RBNews`."""

from markup import blocks_of_html, child, fold, item, local, parse, text_of


def claims(name, data):
    return b"<RBNews" in data


def items(data):
    root = parse(data)
    found = [e for e in root.iter() if local(e) == "RBNews"]
    told = []
    for e in found:
        content = child(e, "content")
        body = blocks_of_html("".join(content.itertext())) if content is not None else []
        heads = [text_of(child(e, "headline")), text_of(child(e, "subtitle"))]
        told.append(item(heads, [text_of(child(e, "byLine"))], "", body))
    return told
