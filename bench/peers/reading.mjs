// One reader over some files, again and again: the same measure as bench's own program, for JavaScript's readers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, reader, ...files] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const status = (name) =>
  1024 * Number(readFileSync("/proc/self/status", "utf8").match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))[1]);

let read;
if (reader === "rss-parser") {
  const Parser = require("rss-parser");
  const parser = new Parser();
  read = async (wire) => (await parser.parseString(wire.toString("utf8"))).items.length;
} else {
  const { parseFeed } = await import(pathToFileURL(require.resolve("feedsmith")));
  read = async (wire) => {
    const { feed } = parseFeed(wire.toString("utf8"));
    return (feed.items ?? feed.entries).length;
  };
}

const wires = files.map((file) => readFileSync(file));
const pass = async () => {
  let items = 0;
  for (const wire of wires) items += await read(wire);
  return items;
};
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};
const before = status("VmRSS");
const items = await pass();
const peak = Math.max(status("VmHWM") - before, 0);
const passes = [];
while (passes.length < 3 || passes.reduce((a, b) => a + b) < 400_000_000) {
  const start = cpu();
  if ((await pass()) !== items) throw new Error("not the same number of items each time");
  passes.push(cpu() - start);
}
console.log(JSON.stringify({ items, bytes: wires.reduce((n, wire) => n + wire.length, 0), passes, peak }));
