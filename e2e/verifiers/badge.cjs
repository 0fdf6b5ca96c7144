// Opens a story's page in Chromium and Firefox and looks at what its badge says: `node badge.cjs URL`.
// Between them stands a proxy that alters the page: one letter, an attribute, the label, the order, a style sheet.
const http = require("node:http");
const puppeteer = require("puppeteer-core");

const story = new URL(process.argv[2]);
const LOADS = 15;

/** What is done to the page, and whether the badge may still be green. */
const lies = {
  none: (html) => html,
  "one code point": (html) => html.replace(/(<p data-v="?p"?[^>]*>[^<]*?)a/, "$1\u0430"),
  "a space": (html) => html.replace(/(<p data-v="?p"?[^>]*>[^<]*?) /, "$1\u00a0"),
  "a hiding attribute": (html) => html.replace("<p data-v", "<p hidden data-v"),
  "a hiding style": (html) => html.replace("</head>", "<style>p[data-v]{display:none}</style></head>"),
  "a hiding rule in its style sheet": (html) => html, // by `sheet`, below
  "another label": (html) => html.replace(/(data-label="?)[a-z]+/, "$1reviewed"),
  "another label's words": (html) => html.replace(/(data-label="?[a-z]+"?[^>]*>)[^<]*/, "$1Written by our own reporters"),
  "a second label": (html) => html.replace(/<p data-label[\s\S]*?<\/p>/, "$&$&"),
  "another order": (html) => html.replace(/(<p data-v="?p"?[^>]*>[\s\S]*?<\/p>)(\s*)(<p data-v="?p"?[^>]*>[\s\S]*?<\/p>)/, "$3$2$1"),
  "another kind": (html) => html.replace(/<p data-v="?p"?/, '<p data-v="quote"'),
  "one paragraph less": (html) => html.replace(/<p data-v="?p"?[^>]*>[\s\S]*?<\/p>/, ""),
};
let lie = lies.none;
let changed = false;

// What the proxy costs is not the badge's.
const agent = new http.Agent({ keepAlive: true });
const proxy = http.createServer((asked, answer) => {
  http.get({ agent, host: story.hostname, port: story.port, path: asked.url }, (got) => {
    const pieces = [];
    got.on("data", (piece) => pieces.push(piece));
    got.on("end", () => {
      let body = Buffer.concat(pieces);
      const headers = { ...got.headers };
      for (const name of ["content-length", "transfer-encoding", "connection", "etag"]) delete headers[name];
      // A style sheet that the browser kept from the page before would not be asked for again, nor altered.
      if (asked.url.endsWith(".css")) headers["cache-control"] = "no-store";
      if (lie === lies["a hiding rule in its style sheet"] && asked.url.endsWith(".css")) {
        const css = body.toString("utf8");
        body = Buffer.from(css.replace("[data-v]{", "[data-v]{visibility:hidden;"));
        changed = body.toString("utf8") !== css;
      }
      if (asked.url === story.pathname) {
        const html = body.toString("utf8");
        const told = lie(html);
        changed ||= told !== html;
        body = Buffer.from(told);
        // Whoever alters a page alters its policy, too.
        if (lie !== lies.none) delete headers["content-security-policy"];
      }
      answer.writeHead(got.statusCode, headers).end(body);
    });
  }).on("error", () => answer.writeHead(502).end());
});

async function look(browser, address) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    // The browser's own wish, not the page's.
    const wish = line.location()?.url?.endsWith("/favicon.ico");
    if (line.type() === "error" && !wish) faults.push(line.text());
  });
  const badge = await said(page, address);
  await page.close();
  return { ...badge, faults };
}

/** What the badge says once it has looked. */
async function said(page, address) {
  await page.goto(address, { waitUntil: "load" });
  await page.waitForFunction(() => document.getElementById("badge")?.textContent, { timeout: 15_000 });
  return page.evaluate(() => {
    const badge = document.getElementById("badge");
    return { kind: badge.className, text: badge.textContent, ms: Number(badge.dataset.ms) };
  });
}

async function run(name, options, address) {
  const browser = await puppeteer.launch({ headless: true, ...options });
  const version = await browser.version();
  try {
    const wrong = [];
    for (const [what, told] of Object.entries(lies)) {
      lie = told;
      changed = false;
      const badge = await look(browser, address);
      const right = lie === lies.none;
      if (!right && !changed) wrong.push(`${what}: nothing was altered, so nothing was tried`);
      if (badge.kind !== (right ? "badge held" : "badge broken")) wrong.push(`${what}: ${badge.kind}: ${badge.text}`);
      if (right && badge.faults.length > 0) wrong.push(`${what}: ${badge.faults.join("; ")}`);
    }
    if (wrong.length > 0) throw new Error(`${version}: ${wrong.join("\n")}`);
    lie = lies.none;
    // A reader goes from story to story in one tab, and nothing stands between it and the site; what the first page takes is
    // told as the longest.
    const took = [];
    const tab = await browser.newPage();
    for (let load = 0; load < LOADS; load++) took.push((await said(tab, story.href)).ms);
    took.sort((a, b) => a - b);
    console.log(`${version}: green as it was published, red for ${Object.keys(lies).length - 1} alterations; ` +
      `${took[LOADS >> 1].toFixed(1)} ms (median of ${LOADS} loads, ${took[0].toFixed(1)} to ${took[LOADS - 1].toFixed(1)})`);
  } finally {
    await browser.close();
  }
}

(async () => {
  await new Promise((up) => proxy.listen(0, "127.0.0.1", up));
  const address = `http://127.0.0.1:${proxy.address().port}${story.pathname}`;
  await run("chromium", { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] }, address);
  await run("firefox", { browser: "firefox", executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr" }, address);
  proxy.close();
  process.exit(0);
})().catch((fault) => {
  console.error(fault.message ?? fault);
  process.exit(1);
});
