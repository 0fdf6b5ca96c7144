"""One reader over some files, again and again: the same measure as bench's own program, for Python's readers."""
import json
import sys
import time


def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def main():
    reader, files = sys.argv[1], sys.argv[2:]
    if reader == "feedparser":
        import feedparser

        # As fast as it goes: without its sanitiser and without its search for relative addresses.
        def read(wire):
            return len(feedparser.parse(wire, sanitize_html=False, resolve_relative_uris=False).entries)
    else:
        import fastfeedparser

        def read(wire):
            return len(fastfeedparser.parse(wire).entries)

    wires = [open(file, "rb").read() for file in files]
    before = status("VmRSS")
    items = sum(read(wire) for wire in wires)
    peak = status("VmHWM") - before
    passes = []
    while len(passes) < 3 or sum(passes) < 400_000_000:
        start = time.process_time_ns()
        assert sum(read(wire) for wire in wires) == items
        passes.append(time.process_time_ns() - start)
    print(json.dumps({"items": items, "bytes": sum(map(len, wires)), "passes": passes, "peak": max(peak, 0)}))


main()
