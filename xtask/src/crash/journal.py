"""A disk that remembers: one file in memory, every write and flush of which is logged with its time.

usage: journal.py MOUNTPOINT LOG MIB
"""

import errno
import stat
import struct
import sys
import time

import mfusepy as fuse

NAME = "/disk"


class Disk(fuse.Operations):
    def __init__(self, size, log):
        self.bytes = bytearray(size)
        self.log = log

    def getattr(self, path, fh=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        if path == NAME:
            return {"st_mode": stat.S_IFREG | 0o644, "st_nlink": 1, "st_size": len(self.bytes)}
        raise fuse.FuseOSError(errno.ENOENT)

    def readdir(self, path, fh):
        return [".", "..", NAME[1:]]

    def open(self, path, flags):
        return 1

    def read(self, path, size, offset, fh):
        return bytes(self.bytes[offset : offset + size])

    def note(self, kind, offset, written):
        self.log.write(struct.pack("<cdQI", kind, time.time(), offset, len(written)) + written)

    def write(self, path, written, offset, fh):
        self.bytes[offset : offset + len(written)] = written
        self.note(b"w", offset, bytes(written))
        return len(written)

    def fsync(self, path, datasync, fh):
        self.note(b"f", 0, b"")
        return 0

    def flush(self, path, fh):
        return 0

    def truncate(self, path, length, fh=None):
        return 0

    def fallocate(self, *_):
        raise fuse.FuseOSError(errno.EOPNOTSUPP)

    def destroy(self, path):
        self.log.close()


mountpoint, log, mib = sys.argv[1:]
fuse.FUSE(Disk(int(mib) << 20, open(log, "wb")), mountpoint, foreground=True, nothreads=True)
