// Loads pages in headless Chromium and tells what they must not have done: run a script, ask for anything but
// themselves and the site's own style sheet, carry an element that agency copy has no business with, or say other words than their plain text.
//
// One job a line on standard input, one answer a line on standard output:
//   {"kind":"pages","pages":[{"url","headline"?}],"story":bool,"desk":bool,"bearer":text?,"label":text,"every":n}
//   {"kind":"feeds","urls":[…]}      {"kind":"controls"}      {"kind":"end"}
//   → {"results":[{"url","mode","faults":[…],"kinds":[…]}]}
// In the mode `csp` pages come as the site sends them: every nth of them. In the mode `bare`, which is for all, their
// content security policy is taken away, so that nothing hides behind it.

import { createHash } from "node:crypto";
import http from "node:http";
import readline from "node:readline";
import puppeteer from "puppeteer-core";

const TABS = 3;
const LONGEST = 15_000;

// --- what leaves although nobody could intercept it: web sockets, preconnects -----------------------------------
const left = [];
const own = /(^|\.)(google|googleapis|gstatic|gvt1|googleusercontent|chromium)\.(com|org)(:|$)/;
const trap = http.createServer((request, answer) => {
  note(new URL(request.url, "http://nowhere.invalid").host);
  answer.writeHead(502).end();
});
const note = (host) => own.test(host) || left.push(host);
trap.on("connect", (request, socket) => {
  note(request.url);
  socket.on("error", () => {});
  socket.end("HTTP/1.1 502 no\r\n\r\n");
});
await new Promise((up) => trap.listen(0, "127.0.0.1", up));

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--disable-default-apps",
    `--proxy-server=http://127.0.0.1:${trap.address().port}`,
  ],
});

// --- in the page -------------------------------------------------------------------------------------------------

/** Before anything of the page runs: whatever a script might do leaves a mark. */
function hook() {
  const ran = [];
  Object.defineProperty(window, "__marks", { value: ran });
  const wrap = (on, name) => {
    const real = on?.[name];
    if (typeof real !== "function") return;
    on[name] = function (...given) {
      ran.push(name);
      return /^(alert|confirm|prompt|print|open)$/.test(name) ? undefined : Reflect.apply(real, this, given);
    };
  };
  for (const name of ["alert", "confirm", "prompt", "print", "open", "eval", "fetch", "setTimeout", "setInterval",
    "atob", "postMessage", "requestAnimationFrame", "queueMicrotask"]) wrap(window, name);
  for (const name of ["log", "info", "warn", "error", "debug", "dir", "table", "trace"]) wrap(console, name);
  for (const name of ["write", "writeln", "createElement"]) wrap(Document.prototype, name);
  for (const name of ["Function", "XMLHttpRequest", "WebSocket", "EventSource", "Image", "Audio", "Worker"]) {
    const real = window[name];
    if (real) window[name] = new Proxy(real, { construct: (to, given) => (ran.push(name), Reflect.construct(to, given)),
      apply: (to, self, given) => (ran.push(name), Reflect.apply(to, self, given)) });
  }
  wrap(navigator, "sendBeacon");
  addEventListener("securitypolicyviolation", (event) => ran.push(`violates ${event.violatedDirective}: ${event.blockedURI}`));
}

/** What stands in a tree that may not. `place`: `page`, `desk`, or `fragment` (the HTML that a feed carries). */
function audit(root, place, site) {
  const faults = [];
  const bad = (what) => faults.length < 8 && faults.push(what);
  const never = /^(iframe|frame|frameset|object|embed|applet|base|svg|math|template|noscript|video|audio|source|track|picture|portal|fencedframe|marquee|dialog|slot|image|xml|isindex|bgsound|keygen|canvas|map|area)$/;
  const controls = /^(input|button|select|textarea|label|option|output|progress|meter|fieldset)$/;
  for (const element of root.querySelectorAll("*")) {
    const name = element.localName.toLowerCase();
    if (never.test(name)) bad(`<${name}>`);
    if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") bad(`<${name}> of ${element.namespaceURI}`);
    if (element.shadowRoot) bad(`a shadow root on <${name}>`);
    const badge = /^\/(?:[^?#]*\/)?badge-[0-9a-f]{16}\.js$/.test(element.getAttribute("src") ?? "") && place === "page" && element.parentNode.localName === "head" && !element.textContent;
    if (name === "script" && badge && root.querySelectorAll("script[src]").length > 1) bad("<script> beside the badge's");
    if (name === "script" && !badge && element.getAttribute("type") !== "application/ld+json") bad("<script>");
    if (place === "fragment" && /^(script|style|link|meta|form|title)$/.test(name) && element.closest("body")) bad(`<${name}>`);
    if (name === "style" && !(element.parentNode.localName === "head" || place === "desk")) bad("<style> outside the head");
    const sheet = name === "link" && element.rel === "stylesheet" && element.parentNode.localName === "head" && new URL(element.href, site);
    const own = sheet && sheet.origin === new URL(site).origin && /\/style-[0-9a-f]{16}\.css$/.test(sheet.pathname);
    if (name === "link" && !own && !/^(canonical|alternate|icon|search|license)$/.test(element.rel)) bad(`<link rel=${element.rel}>`);
    if (name === "meta" && element.hasAttribute("http-equiv")) bad("<meta http-equiv>");
    if (name === "form" && place !== "desk" && element.getAttribute("role") !== "search") bad("<form>");
    if (name === "form" && new URL(element.getAttribute("action") ?? "", site).origin !== new URL(site).origin) bad("<form> that leads away");
    if (controls.test(name) && !element.closest("form") && place !== "desk") bad(`<${name}>`);
    if (name === "img" && new URL(element.src, site).origin !== new URL(site).origin) bad(`<img src=${element.src}>`);
    const copy = element.closest("[data-v]");
    for (const { name: attribute, value } of element.attributes) {
      if (/^on/i.test(attribute)) bad(`<${name} ${attribute}>`);
      if (/^(srcset|srcdoc|ping|background|poster|formaction|xlink:href|manifest|codebase|archive|classid|data|is|popover|nonce)$/i.test(attribute)) bad(`<${name} ${attribute}>`);
      if (/^(href|src|action|cite|longdesc)$/i.test(attribute)) {
        const plain = value.replace(/^[\u0000-\u0020]+/, "").replace(/[\t\r\n]/g, "");
        const scheme = /^([^/?#:]*):/.exec(plain)?.[1];
        if (scheme !== undefined && !/^(https?|mailto)$/i.test(scheme)) bad(`<${name} ${attribute}=${value.slice(0, 40)}>`);
      }
      if ((copy || place === "fragment") && !/^(href|rel|lang|dir|data-v|scope|value|start|type|class)$/i.test(attribute)) bad(`<${name} ${attribute}> in the copy`);
      if ((copy || place === "fragment") && attribute === "style") bad(`<${name} style> in the copy`);
    }
  }
  for (let walk = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_PROCESSING_INSTRUCTION); walk.nextNode();) {
    bad(`a comment: ${walk.currentNode.data.slice(0, 40)}`);
  }
  return faults;
}

/** What a loaded page says and has. */
function look(place, audit) {
  return {
    marks: [...window.__marks],
    planted: ["ran", "__ran", "xss", "pwned"].filter((name) => Object.hasOwn(window, name)),
    faults: audit(document, place, location.href),
    words: [...document.querySelectorAll("[data-v]")].map((element) => [element.dataset.v, element.textContent]),
    labels: [...document.querySelectorAll("[data-label]")].map((element) => element.textContent),
    address: location.href,
  };
}

/** What an outgoing feed carries: faults, and how many bodies were looked at. */
function lookAtFeed(text, kind, site, audit) {
  const faults = [];
  const bodies = [];
  const links = [];
  if (kind === "json") {
    const feed = JSON.parse(text);
    for (const item of feed.items ?? []) {
      bodies.push(item.content_html ?? "");
      links.push(item.url, item.id);
      if (item.external_url) links.push(item.external_url);
      for (const extra of ["image", "banner_image", "attachments"]) if (item[extra]) faults.push(`an item carries ${extra}`);
    }
    for (const body of feed.bodies ?? []) if (/html/.test(body.contentType ?? body.contenttype ?? "")) bodies.push(body.value);
  } else {
    const feed = new DOMParser().parseFromString(text, "application/xml");
    if (feed.querySelector("parsererror")) return { faults: ["it is not well-formed XML"], bodies: 0 };
    for (const node of feed.childNodes) if (node.nodeType !== Node.ELEMENT_NODE) faults.push(`a ${node.nodeName} at the top`);
    const all = [...feed.getElementsByTagName("*")];
    for (const element of all) {
      if (/xhtml|svg|MathML/.test(element.namespaceURI ?? "")) faults.push(`<${element.nodeName}> as markup`);
      if (element.localName === "encoded" || element.localName === "content") bodies.push(element.textContent);
      if (element.localName === "link") links.push(element.getAttribute("href") ?? element.textContent);
      if (element.localName === "enclosure") faults.push("an enclosure");
      for (const { name } of element.attributes) if (/^on/i.test(name)) faults.push(`<${element.nodeName} ${name}>`);
    }
  }
  for (const link of links) {
    if (new URL(link, site).origin !== new URL(site).origin) faults.push(`a link to ${link}`);
  }
  for (const body of bodies) {
    faults.push(...audit(new DOMParser().parseFromString(body, "text/html"), "fragment", site));
  }
  return { faults: faults.slice(0, 8), bodies: bodies.length };
}

// --- tabs ---------------------------------------------------------------------------------------------------------

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

/** A page's bytes, without a browser. */
function fetched(url, bearer) {
  const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
  return new Promise((done, failed) => {
    http.get(url, { agent, headers }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => done({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
      answer.on("error", failed);
    }).on("error", failed);
  });
}

/** A call of a function in the page, as text: a content security policy forbids making functions of texts there. */
function called(look, ...given) {
  return `(${look})(${given.map((one) => JSON.stringify(one)).join(", ")}, ${audit})`;
}

async function newTab() {
  const page = await browser.newPage();
  const tab = { page, faults: [], url: "", mode: "csp", canned: null, bearer: undefined, loaded: 0 };
  await page.evaluateOnNewDocument(hook);
  await page.setCacheEnabled(false);
  await page.setRequestInterception(true);
  page.on("request", (request) => answer(tab, request).catch((fault) => tab.faults.push(`request: ${fault.message}`)));
  page.on("dialog", (dialog) => (tab.faults.push("a dialog"), dialog.dismiss().catch(() => {})));
  page.on("console", (line) => {
    // That a page is missing or gone is the browser's own remark; whether it may be is looked at elsewhere.
    if (!line.text().startsWith("Failed to load resource")) tab.faults.push(`the console says: ${line.text().slice(0, 120)}`);
  });
  page.on("pageerror", (error) => tab.faults.push(`a script failed: ${String(error).slice(0, 80)}`));
  page.on("popup", (other) => (tab.faults.push("a window was opened"), other.close().catch(() => {})));
  page.on("workercreated", () => tab.faults.push("a worker was started"));
  return tab;
}

async function answer(tab, request) {
  const main = request.isNavigationRequest() && request.frame() === tab.page.mainFrame();
  // The browser's own wish, not the page's.
  if (request.url() === new URL("/favicon.ico", tab.url).href) return request.respond({ status: 404 });
  const asked = new URL(request.url());
  const sheet = request.resourceType() === "stylesheet" && asked.origin === new URL(tab.url).origin && /\/style-[0-9a-f]{16}\.css$/.test(asked.pathname);
  if (sheet && tab.canned === null) return request.continue();
  // The one script that a page may name: the file must be what its name is the hash of, and is not run here, so that
  // whatever leaves a mark is somebody else's.
  const named = /\/badge-([0-9a-f]{16})\.js$/.exec(request.url())?.[1];
  if (named && tab.canned === null && new URL(request.url()).origin === new URL(tab.url).origin) {
    const { status, body } = await fetched(request.url());
    const hash = createHash("sha256").update(body).digest("hex").slice(0, 16);
    if (status !== 200 || hash !== named) tab.faults.push(`the badge's script is not what its name says: ${status} ${hash}`);
    return request.respond({ status: 200, contentType: "text/javascript", body: "" });
  }
  if (!(main && request.url() === tab.url && tab.loaded++ === 0)) {
    tab.faults.push(`a request: ${request.url().slice(0, 100)}`);
    return request.abort();
  }
  if (tab.canned !== null) {
    return request.respond({ status: 200, contentType: "text/html; charset=utf-8", body: tab.canned });
  }
  if (tab.mode === "csp") {
    return request.continue(tab.bearer ? { headers: { ...request.headers(), authorization: `Bearer ${tab.bearer}` } } : {});
  }
  const { status, headers, body } = await fetched(tab.url, tab.bearer);
  for (const name of ["content-security-policy", "transfer-encoding", "content-length", "connection", "keep-alive"]) delete headers[name];
  return request.respond({ status, headers, body });
}

/** Loads one page in one mode and tells its faults. */
async function load(tab, job, wanted, mode) {
  Object.assign(tab, { faults: [], url: wanted.url, mode, canned: wanted.canned ?? null, bearer: job.bearer, loaded: 0 });
  const result = { url: wanted.url, mode, faults: [], kinds: [] };
  try {
    const response = await tab.page.goto(wanted.url, { waitUntil: "load", timeout: LONGEST });
    const seen = await tab.page.evaluate(called(look, job.desk ? "desk" : "page"));
    if (response && response.status() !== (wanted.status ?? 200)) result.faults.push(`status ${response.status()}`);
    if (mode === "csp" && !wanted.canned && !response?.headers()["content-security-policy"]?.includes("default-src 'none'")) {
      result.faults.push("no content security policy");
    }
    if (seen.address.split("#")[0] !== wanted.url.split("#")[0]) result.faults.push(`it went to ${seen.address.slice(0, 80)}`);
    result.faults.push(...seen.marks.map((mark) => `a script ran: ${mark}`), ...seen.planted.map((name) => `a script left ${name}`), ...seen.faults);
    result.kinds = [...new Set(seen.words.map(([kind]) => kind))];
    if (job.story) await compare(result, seen, wanted, job.label);
  } catch (fault) {
    result.faults.push(`it could not be loaded: ${String(fault.message).slice(0, 120)}`);
    tab.broken = true;
  }
  result.faults.push(...tab.faults);
  return result;
}

async function compare(result, seen, wanted, label) {
  const plain = wanted.plain ?? (await fetched(`${wanted.url}.txt`)).body.toString("utf8");
  const words = `${seen.words.map(([, text]) => text).join("\n\n")}\n`;
  if (words !== plain) {
    const at = [...words].findIndex((c, i) => c !== [...plain][i]);
    result.faults.push(`the words on the page are not its plain text, from character ${at} on`);
  }
  if (seen.labels.length !== 1 || seen.labels[0] !== label) result.faults.push(`${seen.labels.length} labels, or another one`);
  if (wanted.headline !== undefined && !(seen.words[0]?.[0] === "headline" && seen.words[0][1] === wanted.headline)) {
    result.faults.push(`the headline is ${JSON.stringify(seen.words[0])?.slice(0, 120)}`);
  }
}

// --- jobs ---------------------------------------------------------------------------------------------------------

const tabs = await Promise.all(Array.from({ length: TABS }, newTab));

async function pages(job) {
  const waiting = job.pages.flatMap((page, i) => (i % job.every === 0 ? [[page, "csp"], [page, "bare"]] : [[page, "bare"]]));
  const results = [];
  await Promise.all(tabs.map(async (_, i) => {
    for (let next; (next = waiting.shift());) {
      const result = await load(tabs[i], job, ...next);
      results.push(result);
      // A page that went away took the tab with it.
      if (tabs[i].broken) {
        await tabs[i].page.close().catch(() => {});
        tabs[i] = await newTab();
      }
    }
  }));
  return results;
}

async function feeds(job) {
  const tab = await browser.newPage();
  const results = [];
  for (const url of job.urls) {
    const { status, body } = await fetched(url);
    const kind = /json$/.test(url) ? "json" : "xml";
    const seen = await tab.evaluate(called(lookAtFeed, body.toString("utf8"), kind, new URL(url).origin))
      .catch((fault) => ({ faults: [`it could not be read: ${fault.message.slice(0, 120)}`], bodies: 0 }));
    results.push({ url, mode: "feed", bodies: seen.bodies, faults: status === 200 ? seen.faults : [`status ${status}`] });
  }
  await tab.close();
  return results;
}

/** Pages that do what they must not: whoever looks away here would look away anywhere. */
async function controls() {
  const label = "label";
  const frame = (inner) => `<!doctype html><title>t</title><p data-label=unreviewed>${label}</p><p data-v=p>w</p>${inner}`;
  const wild = [
    "<script>alert(1)</script>", "<script src='/badge-0123456789abcdef.js'></script>", "<script>window.ran=1</script>", "<img src=x onerror=alert(1)>", "<svg onload=console.log(1)></svg>",
    "<iframe src='javascript:parent.alert(1)'></iframe>", "<img src='http://outside.example/x.png'>", "<p data-v=p>other</p>",
    "<meta http-equiv=refresh content='0;url=http://outside.example/'>", "<a href=' java&#10;script:alert(1)'>x</a>",
    "<form action='http://outside.example/'><input name=a></form>", "<link rel=stylesheet href='http://outside.example/x.css'>",
    "<style>@import 'http://outside.example/y.css';</style>", "<p data-label=unreviewed>second</p>", "<object data=x></object>",
    "<script>new WebSocket('ws://outside.example/')</script>", "<div popover onbeforetoggle=alert(1)>x</div>", "<!-- c -->",
    "<video poster='http://outside.example/v.png'></video>", "<base href='http://outside.example/'>", "<p data-v=p style='color:red'>w</p>",
  ];
  const job = { story: true, label, every: Infinity };
  const results = [];
  for (const [i, inner] of ["", ...wild].entries()) {
    const page = { url: `http://127.0.0.1:9/control-${i}`, canned: frame(inner), plain: "w\n" };
    const { faults } = (await pages({ ...job, pages: [page] })).find(({ mode }) => mode === "bare");
    const seen = faults.length > 0;
    results.push({ url: inner || "nothing wild", mode: "control", faults: seen === (i > 0) ? [] : [seen ? faults.join("; ") : "nobody noticed"] });
  }
  await new Promise((later) => setTimeout(later, 200));
  results.push({ url: "a web socket", mode: "control", faults: left.some((host) => host.startsWith("outside.example")) ? [] : ["nobody noticed"] });
  left.length = 0;
  return results;
}

const jobs = { pages, feeds, controls };
for await (const line of readline.createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  if (job.kind === "end") break;
  let results;
  try {
    results = await jobs[job.kind](job);
  } catch (fault) {
    results = [{ url: job.kind, mode: "job", faults: [String(fault.stack ?? fault).slice(0, 400)] }];
  }
  if (left.length) results.push({ url: "outside", mode: "trap", faults: left.splice(0).map((host) => `a connection to ${host}`) });
  process.stdout.write(`${JSON.stringify({ results })}\n`);
}
await browser.close();
process.exit(0);
