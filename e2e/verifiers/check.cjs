// Checks a log of ours with @sigstore/verify, which others wrote: `node check.cjs FOLDER`.
// Every checkpoint and proof must hold; whatever is altered in them must not.
const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const own = dirname(require.resolve("@sigstore/verify"));
const { verifyMerkleInclusion } = require(join(own, "tlog/merkle.js"));
const { verifyCheckpoint } = require(join(own, "tlog/checkpoint.js"));

const { vkey, origin, cases } = JSON.parse(readFileSync(join(process.argv[2], "cases.json"), "utf8"));
const [, id, ...rest] = vkey.split("+");
const raw = Buffer.from(rest.join("+"), "base64").subarray(1);
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
const log = {
  baseURL: `https://${origin}`,
  logID: Buffer.from(id, "hex"),
  publicKey: createPublicKey({ key: spki, format: "der", type: "spki" }),
};

let [accepted, refused] = [0, 0];
function must(what, check) {
  try { check(); } catch (fault) { console.error(`${what}: ${fault.message}`); process.exit(1); }
  accepted++;
}
function mustNot(what, check) {
  try { check(); } catch { refused++; return; }
  console.error(`${what} was accepted`);
  process.exit(1);
}

const opened = (envelope) => verifyCheckpoint({ inclusionProof: { checkpoint: { envelope } } }, [log]);
for (const { size, root, checkpoint, proofs } of cases) {
  const at = `size ${size}`;
  const state = opened(checkpoint);
  must(at, () => {
    if (state.logSize !== BigInt(size) || state.logHash.toString("base64") !== root) throw new Error("another size or root");
  });
  mustNot(`${at} with another size in the signed text`, () => opened(checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`)));
  const cut = checkpoint.lastIndexOf(" ") + 1;
  const signature = Buffer.from(checkpoint.slice(cut).trim(), "base64");
  signature[10] ^= 1;
  mustNot(`${at} with another signature`, () => opened(`${checkpoint.slice(0, cut)}${signature.toString("base64")}\n`));
  for (const { index, leaf, path } of proofs) {
    const hashes = path.map((hash) => Buffer.from(hash, "base64"));
    const included = (logIndex, body, under) =>
      verifyMerkleInclusion({ canonicalizedBody: Buffer.from(body), inclusionProof: { logIndex, hashes } }, under);
    const what = `${at}, leaf ${index}`;
    must(what, () => included(index, leaf, state));
    mustNot(`${what}, altered`, () => included(index, `${leaf}x`, state));
    mustNot(`${what} under another root`, () => included(index, leaf, { ...state, logHash: Buffer.alloc(32) }));
    if (size > 1) {
      mustNot(`${what} at another index`, () => included((index + 1) % size, leaf, state));
      mustNot(`${what} in a tree of another size`, () => included(index, leaf, { ...state, logSize: BigInt(2 * size) }));
    }
  }
}
console.log(`@sigstore/verify: ${accepted} accepted, ${refused} altered ones refused`);
