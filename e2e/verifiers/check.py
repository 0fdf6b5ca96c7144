"""Checks a log of ours with sigstore and pymerkle, which others wrote: `python check.py FOLDER`.

Every checkpoint and proof must hold; whatever is altered in them must not.
"""

import base64
import json
import sys
from pathlib import Path
from types import SimpleNamespace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError

FOLDER = Path(sys.argv[1])
LOG = json.loads((FOLDER / "cases.json").read_text())
_, KEY_ID, REST = LOG["vkey"].split("+", 2)
KEY_ID = bytes.fromhex(KEY_ID)
KEY = Ed25519PublicKey.from_public_bytes(base64.b64decode(REST)[1:])
COUNT = {"accepted": 0, "refused": 0}


class Keyring:
    """The keys that are known, as sigstore asks for them."""

    def verify(self, *, key_id, signature, data):
        try:
            KEY.verify(signature, data)
        except InvalidSignature as fault:
            raise VerificationError("another signature") from fault


def must(what, check):
    try:
        check()
    except (VerificationError, AssertionError) as fault:
        sys.exit(f"{what}: {fault}")
    COUNT["accepted"] += 1


def must_not(what, check):
    try:
        check()
    except (VerificationError, AssertionError, ValueError):
        COUNT["refused"] += 1
        return
    sys.exit(f"{what} was accepted")


def opened(text, size, root):
    signed = SignedCheckpoint.from_text(text)
    signed.signed_note.verify(Keyring(), KEY_ID)
    assert signed.checkpoint.origin == LOG["origin"], "another log"
    assert (signed.checkpoint.log_size, signed.checkpoint.log_hash) == (size, root.hex()), "another state"


def included(index, leaf, path, size, root):
    proof = SimpleNamespace(log_index=index, tree_size=size, hashes=path, root_hash=root)
    verify_merkle_inclusion(SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=leaf)))


def entries(size):
    """The leaves of a tree, from its bundles."""
    for n in range((size + 255) // 256):
        width = min(256, size - 256 * n)
        groups = [f"{n % 1000:03}"]
        rest = n // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        bundle = (FOLDER / "log/tile/entries" / ("/".join(groups) + ("" if width == 256 else f".p/{width}"))).read_bytes()
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            yield bundle[2 : 2 + length]
            bundle = bundle[2 + length :]


for case in LOG["cases"]:
    size, text, root = case["size"], case["checkpoint"], base64.b64decode(case["root"])
    at = f"size {size}"
    must(at, lambda: opened(text, size, root))
    must_not(f"{at} with another size in the signed text", lambda: opened(text.replace(f"\n{size}\n", f"\n{size + 1}\n", 1), size + 1, root))
    cut = text.rindex(" ") + 1
    signature = bytearray(base64.b64decode(text[cut:]))
    signature[10] ^= 1
    must_not(f"{at} with another signature", lambda: opened(text[:cut] + base64.b64encode(signature).decode() + "\n", size, root))
    for proof in case["proofs"]:
        index, leaf, path = proof["index"], proof["leaf"].encode(), [base64.b64decode(hash) for hash in proof["path"]]
        what = f"{at}, leaf {index}"
        must(what, lambda: included(index, leaf, path, size, root))
        must_not(f"{what}, altered", lambda: included(index, leaf + b"x", path, size, root))
        must_not(f"{what} under another root", lambda: included(index, leaf, path, size, bytes(32)))
        if size > 1:
            must_not(f"{what} at another index", lambda: included((index + 1) % size, leaf, path, size, root))
            must_not(f"{what} in a tree of another size", lambda: included(index, leaf, path, 2 * size, root))
print(f"sigstore: {COUNT['accepted']} accepted, {COUNT['refused']} altered ones refused")

# The whole tree, leaf by leaf, in another's tree. Its own way of adding many leaves is slow: a few sizes are enough.
COUNT.update(accepted=0, refused=0)
for case in LOG["cases"]:
    size, root = case["size"], base64.b64decode(case["root"])
    if not 0 < size <= 257:
        continue
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries(size):
        tree.append_entry(entry)

    def same(state, size=size, root=root):
        assert state == root, f"pymerkle comes to {state.hex()}"

    must(f"size {size}", lambda: same(tree.get_root(size)))
    tree.append_entry(b"another")
    must_not(f"size {size} with another leaf", lambda: same(tree.get_root(size + 1)))
    for earlier in case["consistency"]:
        old = base64.b64decode(earlier["root"])
        must(f"size {size}, from {earlier['old']}", lambda: same(tree.get_root(earlier["old"]), root=old))
print(f"pymerkle: {COUNT['accepted']} accepted, {COUNT['refused']} altered ones refused")
