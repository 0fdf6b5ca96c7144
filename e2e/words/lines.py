"""IPTC 7901, ANPA 1312 and ZCZC, byte by byte.

All words of a message from STX to ETX are for readers, but for marks of the format, signs for editors, and what stands
behind a notebook or the sentence that information is not for publication.
"""

import re

NOTEBOOK = re.compile(r"^# (\w+ ){0,2}(notizblock|notebook|notepad)\s*$", re.I)
RESERVED = re.compile(r"^\W*(die folgenden informationen sind nicht zur veröffentlichung|the following (information )?is not (intended )?for publication)", re.I)
EDITORS = re.compile(r"^[(\[ ]*(eds\.?:|eds note:|editors:|eds [-_]|ndlr:|note to editors:)", re.I)
PICTURES = re.compile(r"^(\w+ ){0,2}(Photos?|Graphics?|Video|Audio)( [A-Z0-9-]*\d[A-Z0-9-]*,?)+$")
ORDINAL = re.compile(r"^\(?\d+(ST|ND|RD|TH|\.) (LEAD|NET|UPDATE|ROUNDUP|WRITETHRU|ADD|TAKE|INSERT|SUB)\)?$")
ALONE = set("EXTRA FLASH URGENT BULLETIN ALERT ALERTE EIL EILMELDUNG BLITZ VORRANG ROUNDUP UPDATE LEAD ZUSAMMENFASSUNG TEST ADVISORY SNAP".split())
ORDER = re.compile(r"^\W*(ACHTUNG|Achtung|KILL KILL|HOLD HOLD|ANNUL)")


def decode(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("windows-1252", "replace")


def claims(name, data):
    start = data.lstrip(b"\x00\x07\x0c\x16\x7f\r\n\t ")
    return start[:1] == b"\x01" or start[:4].upper() == b"ZCZC" or bool(re.match(rb"[a-z]{2,4}\d{2,5} \d [a-zA-Z]{1,4} \d+ ", start))


def split(text):
    return re.split(r"\r+\n|\n|\r", text)


def fold(text):
    return " ".join(text.split())


def items(data):
    if data.lstrip()[:4].upper() == b"ZCZC":
        return [zczc(m) for m in re.split(rb"(?im)^(?=[ \t]*ZCZC\b)", data) if m.strip(b"\r\n\t \x03\x04\x7f\x1a")]
    told = []
    for message in re.findall(rb"[^\x04]+", data):
        text = decode(message)
        if not re.sub(r"[\s\x00\x03\x07\x0c\x16\x7f]", "", text):
            continue
        anpa = "\x16" in text or "\x1f" in text.split("\n")[0] or bool(re.search(r"[\x11\x12]", text.split("\x02")[0]))
        told.append(anpa1312(text) if anpa else iptc7901(text))
    return told


BYLINE = re.compile(r"^(by|von|par|de|di|por|door|av|af) [A-ZÀ-Þ]", re.I)


def ordered(head):
    """Headline, what stands above it, byline. A line goes on in the next if the next word did not fit."""
    head = list(head)
    byline = [head.pop()] if len(head) > 1 and BYLINE.match(head[-1]) and len(head[-1]) <= 120 else []
    headline = head.pop() if head else ""
    while head and len(head[-1]) + 1 + len(headline.split(" ")[0]) > 60 and not head[-1].endswith((":", ".", "!", "?")):
        headline = head.pop() + " " + headline
    return [headline] + head + byline


def inside(text):
    head, _, rest = text.partition("\x02")
    if not rest:
        # Without STX the text begins behind header and slugline, and ends with the date.
        lines = [l for l in split(text)]
        filled = [i for i, l in enumerate(lines) if l.strip("\x01\x07\x7f \t")]
        start = filled[1] + 1 if lines[filled[1]].strip().endswith("/") else filled[0] + 1
        lines = lines[start:]
        while lines and not lines[-1].strip("\x7f \t\x03"):
            lines.pop()
        return head, "\n".join(lines[:-1] if re.match(r"^\d{6} ", lines[-1].strip()) else lines)
    return head, rest.partition("\x03")[0]


def iptc7901(text):
    _, words = inside(text)
    words = re.sub(r"[\x07\x11\x12\x13\x7f]", "", words)
    words = re.sub(r"\x0c[^\x0b\n]*\x0b", "", words)
    lines = split(words)
    last = next((i for i, l in enumerate([l for l in lines]) if re.search(r"(^|\s)=\s*$", l)), None)
    kept = []
    if last is not None:
        head = [re.sub(r"=\s*$", "", l).strip() for l in lines[: last + 1]]
        head = [l for l in head if l and not ORDINAL.match(l.upper()) and not ORDER.match(l) and l.strip("() .:-").upper() not in ALONE]
        head = [l for l in head if not (l.startswith("(") and l.endswith(")"))]
        # Headline first, then what stands above it; a byline comes last.
        kept, lines = [head], lines[last + 1 :]
    body = []
    for line in lines:
        if NOTEBOOK.match(line.strip()) or RESERVED.match(line.strip()):
            break
        line = line.strip()
        if line.startswith("|") and line.endswith("|"):
            line = " ".join(line.strip("|").split("|"))
        body.append(line.replace("\x1f", " "))
    return ordered(kept[0] if kept else []) + [fold(" ".join(body))]


def results(text):
    """Without STX: a line of fields, an empty line, and the text."""
    lines = [l.strip() for l in split(text.strip("\x01\x04"))]
    empty = lines.index("") if "" in lines else len(lines)
    out = [fold(re.sub("[\x1e\x1f]", " ", " ".join(lines[:empty])))]
    for line in lines[empty:]:
        begun = line.startswith("^")
        line = line[1:] if begun else line
        out.append(fold(line[:-1] if line.endswith("<") or begun and line.endswith("=") else line))
    return [line for line in out if line]


def anpa1312(text):
    if "\x02" not in text:
        return results(text)
    _, words = inside(text)
    words = words.replace("\x7f", "")
    lines = [l for l in split(words) if l.strip() not in ("^", "<", "^<", "")]
    if lines and not lines[0].startswith(("\t", "   ")):
        lines = lines[1:]  # the slugline
    if lines and (lines[-1].strip().startswith("==") or lines[-1].strip(" ^<") == "END"):
        lines = lines[:-1]
    out, paragraph, first = [], [], True

    def close():
        whole = fold(" ".join(paragraph))
        if whole and not EDITORS.match(whole):
            out.append(whole)
        paragraph.clear()

    for line in lines:
        bare = line.strip()
        begun = bare.startswith("^")
        row = bare.startswith("\x08")
        mark = bare[1:] if begun else bare
        if row:
            close()
            mark = re.sub(r"[\x08\x1e\x1f\x10;]", " ", mark.lstrip("\x08^")).rstrip("<")
            out.append(fold(mark))
            continue
        ended = mark.endswith("<") or mark.endswith("=") and (begun or " " not in mark)
        if ended:
            mark = mark[:-1]
        if first and not begun:
            mark = mark.rstrip("+")
        if begun or line.startswith(("\t", "   ")):
            close()
        if mark.count(";") > 1 and "; " not in mark:
            mark = mark.replace(";", " ")
        if PICTURES.match(mark.strip()):
            continue
        paragraph.append(mark)
        if begun or ended:
            close()
        first = False
    close()
    return out


TAGS = tuple("^$#:%&@~=*+")


def zczc(message):
    lines = split(decode(message))
    lines = [re.sub(r"[\x0f\x19\s]+$", "", l) for l in lines]
    while lines and not lines[0].strip():
        lines.pop(0)
    lines.pop(0)
    tags = {}
    while lines:
        bare = lines[0].strip()
        two = re.match(r"^([A-Z]{2})#(.*)$", bare)
        star = re.match(r"^[*+]([0-9A-Za-z].{0,11})?$", bare)
        routing = re.match(r"^[A-Z]{2} TD[A-Za-z]*$", bare)
        if two:
            lines.pop(0)
            if two[1] == "TX":
                break
            tags.setdefault(two[1], two[2].strip())
        elif not bare or star or routing or bare[0] in TAGS and bare[0] not in "*+":
            lines.pop(0)
            if bare and bare[0] in TAGS and bare[1:].strip() and not (bare[0] == "$" and len(bare) < 4):
                tags.setdefault(bare[0], bare[1:].strip())
        else:
            break
    head = next((tags[t] for t in ("^", "TI", "$", "#", ":") if t in tags), "")
    end = next((i for i, l in enumerate(lines) if l.strip().upper() == "NNNN"), len(lines))
    if not head:
        first = next((i for i, l in enumerate(lines) if l.strip()), 0)
        if not lines[first].startswith((" ", "\t")) and "  " not in lines[first] and len(lines[first]) <= 120:
            head = lines.pop(first)
            end -= 1
    return [head, tags.get("BY", ""), fold(" ".join(lines[:end]))]
