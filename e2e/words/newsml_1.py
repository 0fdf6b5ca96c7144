"""NewsML 1: the story of each item, its lines and captions.

A component holds what its role says; the lines of the components around the story are its own, the inner ones first.
"""

import re

import nitf
from markup import (
    blocks, blocks_of_html, child, children, fold, local, parse, text_of, texts,
)
from markup import item as assembled

STORY = {"", "main", "maintext", "main text", "body", "bodytext", "text", "story", "article", "release"}
HEADLINE, SUBHEAD = {"headline", "title"}, {"subheadline", "subtitle", "subhead"}
CAPTION = {"caption", "captiontext"}
ASIDE = {"abstract", "summary", "teaser", "metadata", "stylesheet"}
EDITORS = {
    "contact", "contacts", "notepad", "note", "notes", "ednote", "editornote", "editorialnote", "editorsnote",
    "instruction", "instructions", "specialinstructions", "advisory", "comment", "private", "nonpublic",
    "notforpublication", "internal",
}
MEDIA = {
    "photo", "picture", "image", "graphic", "graphics", "infographic", "video", "audio", "animation", "logo", "sketch",
    "clip", "thumbnail", "slideshow",
}
FILES = "jpg jpeg gif png tif tiff eps pdf svg flash mpeg mp3 mp4 wav quicktime css".split()
PAGE = set("p div section article h1 h2 h3 h4 ul ol table pre blockquote span em strong b i a br img hr".split())
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def claims(name, data):
    return b"<NewsML" in data[:8000]


def formal(element, *path):
    found = child(element, *path) if path else element
    return (found.get("FormalName") or "").strip() if found is not None else ""


def last(code):
    return re.split("[:/#]", code.strip())[-1].lower()


def is_text(content):
    medium = formal(content, "MediaType")
    if medium and last(medium) == "text":
        return True
    if medium and last(medium) in MEDIA:
        return False
    kind = formal(content, "MimeType").lower()
    if kind:
        return kind != "text/css" and (kind.startswith("text/") or "xml" in kind or "html" in kind)
    form = formal(content, "Format").lower()
    return not any(word in form for word in FILES)


def contents(component, around, role, medium, found):
    """Every content item with the components around it, the innermost first, and its role."""
    own = last(formal(component, "Role"))
    role = own or role
    # The role of a picture or video holds for all that is in it.
    medium = medium or (own if own in MEDIA else "")
    chain = [component, *around]
    for part in component:
        if local(part) == "NewsComponent":
            contents(part, chain, role, medium, found)
        elif local(part) == "ContentItem":
            found.append((part, chain, role, medium))


def kind(content, role, medium):
    holds = child(content, "DataContent") is not None or child(content, "Encoding") is not None
    if role == "stylesheet" or not holds or not is_text(content):
        return None
    for name, words in (("caption", CAPTION), ("editors", EDITORS)):
        if role in words:
            return name
    if medium:
        return None
    for name, words in (("story", STORY), ("headline", HEADLINE), ("subhead", SUBHEAD), (None, ASIDE)):
        if role in words:
            return name
    return "unknown"


def body(content):
    """What a content item says: head and body, and how much structure it has (less is more)."""
    holder = child(content, "DataContent")
    if holder is None:
        return 5, {"body": []}
    named = (formal(content, "Format") + " " + formal(content, "MimeType")).lower()
    first = next((c for c in holder if local(c)), None)
    if first is None:
        text = "".join(texts(holder))
        start = text.strip()
        if re.match(r"<(nitf|\?xml|!DOCTYPE nitf|body\.content|block)", start):
            return 2, nitf.story(parse(start.encode()))
        if start.startswith("<") or "html" in named:
            return 3, {"body": blocks_of_html(text)}
        return 4, {"body": [fold(b) for b in re.split(r"\n\s*\n", text) if b.split()]}
    name = local(first)
    if name == "nitf" or (name == "body" and child(first, "body.content") is not None):
        return 0, nitf.story(first)
    if name in ("body.content", "block", "media", "hl2", "hedline") or ("nitf" in named and name != "html"):
        inner = child(holder, "body.content")
        return 0, {"body": blocks(holder if inner is None else inner, nitf.private)}
    if name in ("html", "body"):
        page = child(first, "body") if name == "html" else first
        return 1, {"body": blocks(first if page is None else page)}
    return (1, {"body": blocks(holder)}) if name in PAGE else (5, {"body": []})


def language(chain, root):
    for component in chain:
        own = formal(component, "DescriptiveMetadata", "Language") or component.get(LANG)
        if own:
            return own.lower()[:2]
    return (root.get(LANG) or "").lower()[:2]


def lines(chain, tongue):
    told = {"heads": [], "subs": [], "bylines": [], "dateline": ""}
    for component in chain:
        group = child(component, "NewsLines")
        own = {"heads": [], "subs": [], "bylines": []}
        foreign = lambda line: line.get(LANG) and tongue and line.get(LANG).lower()[:2] != tongue
        heads = [line for line in children(group, "HeadLine") if text_of(line)]
        heads = [line for line in heads if not foreign(line)] or heads
        own["heads"] = [text_of(heads[0])] if heads else []
        own["subs"] = [text_of(line) for line in children(group, "SubHeadLine") if not foreign(line)]
        own["bylines"] = [text_of(line) for line in children(group, "ByLine", "ByLineTitle")]
        for name, found in own.items():
            told[name] = told[name] or [text for text in found if text]
        for line in children(group, "DateLine"):
            told["dateline"] = told["dateline"] or text_of(line)
    return told


def item(root):
    found = []
    for component in children(root, "NewsComponent"):
        contents(component, [], "", "", found)
    typed = [(content, chain, kind(content, role, medium)) for content, chain, role, medium in found]
    filled = [
        t for t in typed if t[2] in ("story", "unknown") and (child(t[0], "DataContent") is None or text_of(t[0]))
    ]
    stories = [t for t in filled if t[2] == "story"] or filled
    tongue = (root.get(LANG) or "").lower()[:2]
    if stories:
        if not any(language(t[1], root) == tongue for t in stories):
            tongue = language(stories[0][1], root)
        stories = [t for t in stories if language(t[1], root) in ("", tongue)] or stories
        # Of parts in one component, or where the agency says so, one is to be chosen.
        first = stories[0]
        same = [t for t in stories if t[1][0] is first[1][0] or choice(t[1], first[1])]
        content, chain, _ = min(same, key=lambda t: body(t[0])[0])
        story = body(content)[1]
    else:
        content, story = None, {"body": []}
        every = [c for c in root.iter() if local(c) == "NewsComponent" and child(c, "NewsLines") is not None]
        chain = [c for c in (every[0], *every[0].iterancestors()) if local(c) == "NewsComponent"] if every else []
        tongue = language(chain, root)
    told = lines(chain, tongue)
    inner = {"heads": [], "bylines": [], "dateline": "", **story}
    out = list(story["body"])
    heads, subs = told["heads"], told["subs"]
    for other, _, what in typed:
        text = fold(" ".join(body(other)[1]["body"])) if what in ("headline", "subhead") else ""
        if what == "headline" and not heads:
            heads = [text]
        elif what == "subhead" and text and text not in subs + heads:
            subs = subs + [text]
    if not heads:
        heads, subs = inner["heads"][:1], subs or inner["heads"][1:]
    elif not subs:
        subs = [h for h in inner["heads"][1:]]
    credited = []
    for other, around, what in typed:
        if what == "caption" and other is not content:
            said = body(other)[1]["body"]
            new = [b for b in said if b not in out]
            picture = around[1] if len(around) > 1 else around[0]
            if new and picture not in credited:
                credited.append(picture)
                for component in around:
                    if component in chain:
                        break
                    group = child(component, "NewsLines")
                    new += [text_of(child(group, n)) for n in ("ByLine", "CreditLine") if text_of(child(group, n))]
            out += new
    return assembled(heads + subs, told["bylines"] or inner["bylines"], told["dateline"] or inner["dateline"], out)


def choice(a, b):
    shared = next((c for c in a if c in b), None)
    return shared is not None and (
        (shared.get("EquivalentsList") or "").strip().lower() == "yes" or child(shared, "BasisForChoice") is not None
    )


def items(data):
    root = parse(data)
    return [item(e) for e in root.iter() if local(e) == "NewsItem"]
