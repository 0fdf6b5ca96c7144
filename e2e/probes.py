#!/usr/bin/env python3
"""Texts that publishing systems like to change, put through the built program and read off its pages by a parser that
is not ours (html5lib): the visible text must come through unchanged, as body and as headline, on the page, in .txt, in
the three feeds and in the API, and what the source hides must be neither published nor lost in silence.

usage: probes.py BINARY PROBES.json      (a list of {"name", "title", "body"}, the body being HTML)
Closes with 'N passed, M failed'; exit 1 if any failed. Needs html5lib; loopback only.
"""
import hashlib, html, json, pathlib, re, socket, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request
import xml.etree.ElementTree

import html5lib

HIDDEN = {"script", "style", "template", "noscript", "iframe", "object", "head", "title", "video", "audio"}
BLOCK = {"p", "div", "li", "tr", "td", "th", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol",
         "figure", "figcaption", "section", "body"}
FOLD = re.compile("[ \t\r\n\f]+")


def fold(text):
    """White space of HTML, and nothing else, folded to one space."""
    return FOLD.sub(" ", text).strip(" \n")


def dom(text, fragment):
    parse = html5lib.parseFragment if fragment else html5lib.parse
    return parse(text, treebuilder="etree", namespaceHTMLElements=False)


def words(element, shown, hidden, pre=False, hide=False):
    """Splits the text below an element into what a reader sees and what the source hides."""
    def put(text, pre, hide):
        if text:
            (hidden if hide else shown).append(text if pre else FOLD.sub(" ", text))
    put(element.text, pre, hide)
    for child in element:
        if isinstance(child.tag, str):
            style = (child.get("style") or "").replace(" ", "")
            (hidden if hide else shown).append("\n" if child.tag in BLOCK or child.tag == "br" else "")
            words(child, shown, hidden, pre or child.tag == "pre",
                  hide or child.tag in HIDDEN or "display:none" in style or child.get("hidden") is not None)
            (hidden if hide else shown).append("\n" if child.tag in BLOCK else "")
        put(child.tail, pre, hide)


def visible(fragment):
    shown, hidden = [], []
    words(dom(fragment, True), shown, hidden)
    return fold("".join(shown)), fold("".join(hidden))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        return error.code, ""


def escape(text):
    return html.escape(text, quote=False).replace("\r", "&#13;")


def feed(probes):
    items = []
    for i, probe in enumerate(probes):
        for kind, title, body in (("body", probe["title"], probe["body"]), ("head", probe["body"], "<p>below</p>")):
            items.append(f'<item><title>{escape(title)}</title><guid isPermaLink="false">urn:probe:{kind}:{i}</guid>'
                         f"<content:encoded>{escape(body)}</content:encoded></item>")
    return ('<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Probes</title>'
            "<link>http://127.0.0.1/</link><description>d</description>" + "".join(items) + "</channel></rss>")


def configure(folder, site, desk):
    (folder / "verbatim.toml").write_text(f"""[site]
name = "The Daily Example"
url = "http://127.0.0.1:{site}"
listen = "127.0.0.1:{site}"
[desk]
listen = "127.0.0.1:{desk}"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Nobody has reviewed this."
[[feed]]
id = "agx-probes"
agency = "agx"
folder = "wire"
section = "world"
safety = "shadow"
""", encoding="utf-8")


def feeds(base):
    """Headline and body of each story, by its address, out of the three feeds."""
    told = {}
    for item in json.loads(get(f"{base}/feed.json")[1])["items"]:
        told.setdefault(item["url"], []).append(("feed.json", item.get("title", ""), item["content_html"]))
    rss = xml.etree.ElementTree.fromstring(get(f"{base}/feed.rss")[1])
    for item in rss.iter("item"):
        body = item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
        told.setdefault(item.findtext("link"), []).append(("feed.rss", item.findtext("title") or "", body))
    atom = "{http://www.w3.org/2005/Atom}"
    for item in xml.etree.ElementTree.fromstring(get(f"{base}/feed.atom")[1]).iter(f"{atom}entry"):
        url = next(link.get("href") for link in item.iter(f"{atom}link") if link.get("rel", "alternate") == "alternate")
        told.setdefault(url, []).append(("feed.atom", item.findtext(f"{atom}title"), item.findtext(f"{atom}content")))
    return told


def check(kind, probe, line, base, told, notes):
    if line["ruling"] != "publish":
        return f"{line['ruling']}: {line['because']}"
    status, page = get(line["url"])
    blocks = [(e.get("data-v"), "".join(e.itertext())) for e in dom(page, False).iter()
              if isinstance(e.tag, str) and e.get("data-v")]
    if kind == "body":
        headline, (body, hidden) = fold(probe["title"]), visible(probe["body"])
    else:
        headline, body, hidden = fold(probe["body"].replace("\r", "\n")), "below", ""
    # White space between blocks is the page's own affair: what is compared is the words.
    bare = lambda text: re.sub("[ \t\r\n\f]", "", text)
    said = "\n".join(text for kind, text in blocks if kind != "headline")
    if status != 200 or [fold(text) for kind, text in blocks if kind == "headline"] != [headline]:
        return f"page {status}: headline is {blocks[:1]}, not {headline!r}"
    if fold(said) != body and bare(said) != bare(body):
        return f"page: {fold(said)!r}, not {body!r}"
    txt = get(line["url"] + ".txt")[1]
    if txt != "\n\n".join(text for _, text in blocks) + "\n":
        return ".txt differs from the page"
    api = json.loads(get(f"{base}/api/v1/items?uri=" + urllib.parse.quote(line["uri"], safe=""))[1])["items"][0]
    if api["copy_sha256"] != hashlib.sha256(txt.encode()).hexdigest() or fold(api["headline"]) != headline:
        return f"API: {api}"
    outputs = told.get(line["url"], [])
    if len(outputs) != 3:
        return f"in {len(outputs)} feeds of 3"
    for name, title, content in outputs:
        # Markup takes a line end around; inside the body only the words are compared.
        if fold(title) != headline or bare(visible(content)[0]) != bare(said):
            return f"{name}: {title!r} {visible(content)[0]!r}"
    if hidden and bare(hidden) not in bare("".join(notes[line["uri"]])):
        return f"hidden text {hidden!r} is neither in the copy nor in a note"
    return None


def main():
    binary, probes = pathlib.Path(sys.argv[1]).resolve(), json.loads(pathlib.Path(sys.argv[2]).read_text("utf-8"))
    good = bad = 0
    # Feeds carry the last fifty stories, so the probes come in parcels that fit.
    for start in range(0, len(probes), 20):
        parcel = probes[start:start + 20]
        with tempfile.TemporaryDirectory() as name:
            folder, site = pathlib.Path(name), free_port()
            configure(folder, site, free_port())
            (folder / "probes.rss").write_text(feed(parcel), encoding="utf-8", newline="")
            read = subprocess.run([binary, "read", "probes.rss"], cwd=folder, capture_output=True, text=True, check=True)
            notes = {item["uri"]: [note["text"] for note in item["verbatim"]["notes"]]
                     for item in map(json.loads, read.stdout.splitlines())}
            put = subprocess.run([binary, "publish", "--feed", "agx-probes", "probes.rss"], cwd=folder,
                                 capture_output=True, text=True, check=True)
            run = subprocess.Popen([binary, "run"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            base = f"http://127.0.0.1:{site}"
            try:
                for _ in range(100):
                    try:
                        get(base + "/robots.txt")
                        break
                    except (urllib.error.URLError, ConnectionError):
                        time.sleep(0.1)
                told = feeds(base)
                for line in map(json.loads, put.stdout.splitlines()):
                    kind, i = line["uri"].split(":")[2:]
                    probe = parcel[int(i)]
                    fault = check(kind, probe, line, base, told, notes)
                    good, bad = good + (not fault), bad + bool(fault)
                    if fault:
                        print(f"WRONG {probe['name']} as {kind}: {fault}")
            finally:
                run.terminate()
                run.wait(20)
    print(f"{good} passed, {bad} failed")
    sys.exit(bool(bad) or good != 2 * len(probes))


if __name__ == "__main__":
    main()
