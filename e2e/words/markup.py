"""What the XML formats share: a forgiving parser, and marked-up text as blocks."""

import html
import re

from lxml import etree
from lxml import html as lhtml

XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}

# Elements that stand by themselves, of HTML and of NITF; whatever is not named here runs along in the text.
BLOCKS = set(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre search "
    "section summary table tbody td tfoot th thead tr ul "
    "abstract bibliography block body.content body.end bq byttl credit fn hl1 hl2 media media-caption media-producer "
    "nitf-table note tagline".split()
)
HIDDEN = set("script style head title template noscript noembed noframes iframe object video audio canvas datalist rp".split())


def local(element):
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def decoded(data):
    """The text of an XML file, its declaration taken off, and names that only HTML declares resolved."""
    if data.startswith(b"\xef\xbb\xbf"):
        text = data[3:].decode("utf-8", "replace")
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16")
    else:
        declared = re.search(rb"""^\s*<\?xml[^>]*encoding=["']([^"']+)""", data[:200])
        name = declared.group(1).decode() if declared else "utf-8"
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("windows-1252" if name.lower() in ("iso-8859-1", "latin1") else name, "replace")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff"))
    text = re.sub(r"<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", "", text, count=1, flags=re.S)

    def name(found):
        known = found.group(1)
        return found.group(0) if known in XML_NAMES else html.unescape(found.group(0)).replace("&", "&amp;").replace("<", "&lt;")

    # References stay as they are inside CDATA.
    pieces = re.split(r"(<!\[CDATA\[.*?\]\]>)", text, flags=re.S)
    def mended(piece):
        # An ampersand that begins no reference stands for itself.
        return re.sub(r"&([A-Za-z][A-Za-z0-9]*);", name, re.sub(r"&(?!#?[A-Za-z0-9]+;)", "&amp;", piece))

    return "".join(p if p.startswith("<![CDATA[") else mended(p) for p in pieces)


def parse(data):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.fromstring(decoded(data).encode("utf-8"), parser)


def child(element, *names):
    """The element at the end of this path of local names, or None."""
    for name in names:
        if element is None:
            return None
        element = next((c for c in element if local(c) == name), None)
    return element


def children(element, *names):
    return [] if element is None else [c for c in element if local(c) in names]


def fold(text):
    return " ".join(text.split())


def text_of(element):
    """All text below an element, comments left out, folded."""
    return "" if element is None else fold("".join(texts(element)))


def texts(element):
    if isinstance(element.tag, str):
        if element.text:
            yield element.text
        for c in element:
            yield from texts(c)
            if c.tail:
                yield c.tail


def hides(element):
    style = (element.get("style") or "").lower().replace(" ", "")
    return element.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style


def blocks(element, leave_out=lambda e: False):
    """The text below an element as a reader sees it, block by block; what is inline runs along."""
    out = [""]

    def walk(e):
        out[-1] += e.text or ""
        for c in e:
            name = local(c).lower()
            alone = name in BLOCKS
            if alone:
                out.append("")
            if name == "br":
                out[-1] += " "
            elif name and not (name in HIDDEN or hides(c) or leave_out(c)):
                walk(c)
            if alone:
                out.append("")
            out[-1] += c.tail or ""

    walk(element)
    return [fold(b) for b in out if b.split()]


def words(element, leave_out=lambda e: False):
    return " ".join(blocks(element, leave_out))


def blocks_of_html(text, leave_out=lambda e: False):
    """The blocks of HTML that is delivered as a text; without any tag it is plain text with references."""
    if not re.search(r"<[a-zA-Z/!?]", text):
        return [fold(b) for b in re.split(r"\n\s*\n", html.unescape(text)) if b.split()]
    return blocks(lhtml.fragment_fromstring(text, create_parent="div"), leave_out)


def opens_with(body, line):
    """Whether one of the first blocks begins with this dateline, and not just with a word of it."""
    for block in body[:6]:
        rest = block[len(line):].lstrip()
        if block.startswith(line) and (not line[-1].isalnum() or not rest[:1].isalnum()):
            return True
    return False


def item(heads, bylines, dateline, body):
    """Head and body as one list. A byline or dateline that the body begins with anyway is said once; what begins
    with a year is a time stamp and no dateline."""
    stamp = dateline[:4].isdigit() and len(dateline) >= 8 and "(" not in dateline
    out = [h for h in heads if h]
    out += [b for b in bylines if b and b not in body[:4]]
    if dateline and not stamp and not opens_with(body, dateline):
        out.append(dateline)
    return out + body
