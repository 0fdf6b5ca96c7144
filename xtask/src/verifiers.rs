//! A log of ours before verifiers that others wrote: Go's module checksum database, Sigstore's in JavaScript and Python,
//! pymerkle; those written in Rust are asked by the tests of `notary`. And the badge of a story's page in two browsers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tidy;

pub(crate) fn run(root: &Path) -> Result<(), String> {
    let tools = install(root)?;
    let folder = tidy::target_folder(root)?.join("verifiers/log");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|fault| format!("cannot make {}: {fault}", folder.display()))?;
    let mut sample = crate::cargo();
    sample.current_dir(root).args(["run", "--quiet", "--package", "notary", "--example", "sample_log", "--"]);
    finish(sample.arg(&folder))?;
    let here = root.join("e2e/verifiers");
    let mut go = Command::new("go");
    go.args(["run", "main.go"]).arg(&folder).current_dir(&here);
    // Debian's packages of Go libraries lie there, and no module is looked for anywhere.
    go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
    finish(go.env("GOCACHE", tools.folder.join("go-cache")))?;
    finish(
        Command::new("node")
            .arg(here.join("check.cjs"))
            .arg(&folder)
            .current_dir(&tools.folder)
            .env("NODE_PATH", tools.folder.join("node_modules")),
    )?;
    finish(Command::new(&tools.python).arg(here.join("check.py")).arg(&folder))?;
    badge(root, &tools)
}

/// One story of an invented agency, published by the built program, and its page in two browsers.
fn badge(root: &Path, tools: &Tools) -> Result<(), String> {
    finish(crate::cargo().current_dir(root).args(["build", "--quiet", "--package", "verbatim"]))?;
    let program = tidy::target_folder(root)?.join("debug/verbatim");
    let folder = tools.folder.join("site");
    let _ = std::fs::remove_dir_all(&folder);
    let failed = |fault: std::io::Error| format!("below {}: {fault}", folder.display());
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let [site, desk] = [free_port()?, free_port()?];
    let config = CONFIG.replace("SITE", &site).replace("DESK", &desk);
    std::fs::write(folder.join("verbatim.toml"), config).map_err(failed)?;
    std::fs::write(folder.join("story.json"), STORY).map_err(failed)?;
    let mut publish = Command::new(&program);
    let said = publish.current_dir(&folder).args(["publish", "--feed", "agx", "story.json"]).output();
    let said = said.map_err(failed)?;
    let line: serde_json::Value = serde_json::from_slice(&said.stdout)
        .map_err(|fault| format!("{publish:?}: {fault}: {}", String::from_utf8_lossy(&said.stderr)))?;
    let url = line["url"].as_str().ok_or("the story has no address")?;
    let mut running = Command::new(&program)
        .arg("run")
        .current_dir(&folder)
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let up = (0..400).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        std::net::TcpStream::connect(format!("127.0.0.1:{site}")).is_ok()
    });
    let mut node = Command::new("node");
    node.arg(root.join("e2e/verifiers/badge.cjs"))
        .arg(url)
        .env("NODE_PATH", tools.folder.join("node_modules"));
    let looked = if up { finish(&mut node) } else { Err("the site does not come up".to_owned()) };
    let _ = running.kill();
    let _ = running.wait();
    looked
}

fn free_port() -> Result<String, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port().to_string()).map_err(|fault| format!("no free port: {fault}"))
}

const CONFIG: &str = r#"[site]
name = "The Daily Example"
url = "http://127.0.0.1:SITE"
listen = "127.0.0.1:SITE"
[desk]
listen = "127.0.0.1:DESK"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Disclaimer: This post has been auto-published from an agency feed without any modifications to the text and has not been reviewed by an editor"
[[feed]]
id = "agx"
agency = "agx"
push = true
safety = "off"
"#;

const STORY: &str = r#"{"uri":"urn:agx:badge","version":"1","pubstatus":"usable","headline":"Ferry back in service at Quillhaven","body_xhtml":"<p>The ferry at Quillhaven runs again, said the harbour master on Monday, after three winters.</p><p>Nobody had asked for it back: “It was simply time,” he said, and laughed.</p><p>The fare stays what it was.</p>"}
"#;

struct Tools {
    folder: PathBuf,
    python: PathBuf,
}

/// Installs what is missing: Debian's packages by name, the others pinned, below the target folder.
fn install(root: &Path) -> Result<Tools, String> {
    let folder = tidy::target_folder(root)?.join("verifiers");
    std::fs::create_dir_all(&folder).map_err(|fault| format!("cannot make {}: {fault}", folder.display()))?;
    let mut missing = Vec::new();
    let mut need = |there: bool, packages: &[&'static str]| {
        if !there {
            missing.extend_from_slice(packages);
        }
    };
    need(says("go", "version"), &["golang-go"]);
    need(Path::new("/usr/share/gocode/src/golang.org/x/mod").is_dir(), &["golang-golang-x-mod-dev"]);
    need(says("node", "--version") && says("npm", "--version"), &["nodejs", "npm"]);
    need(says("python3", "--version"), &["python3", "python3-venv"]);
    need(Path::new("/usr/bin/chromium").exists(), &["chromium"]);
    need(Path::new("/usr/bin/firefox-esr").exists(), &["firefox-esr"]);
    if !missing.is_empty() {
        finish(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends"]).args(&missing))?;
    }
    if !folder.join("node_modules/puppeteer-core").is_dir() {
        for file in ["package.json", "package-lock.json"] {
            let from = root.join("e2e/verifiers").join(file);
            std::fs::copy(&from, folder.join(file))
                .map_err(|fault| format!("cannot copy {}: {fault}", from.display()))?;
        }
        finish(
            Command::new("npm")
                .current_dir(&folder)
                .args(["ci", "--no-audit", "--no-fund"])
                .env("PUPPETEER_SKIP_DOWNLOAD", "1"),
        )?;
    }
    let python = folder.join("python/bin/python3");
    let has = Command::new(&python).args(["-c", "import sigstore, pymerkle"]).output();
    if !has.is_ok_and(|said| said.status.success()) {
        finish(Command::new("python3").args(["-m", "venv"]).arg(folder.join("python")))?;
        let pinned = root.join("e2e/verifiers/requirements.txt");
        finish(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(pinned))?;
    }
    Ok(Tools { folder, python })
}

fn says(program: &str, word: &str) -> bool {
    let said = Command::new(program).arg(word).stdin(Stdio::null()).output();
    said.is_ok_and(|said| said.status.success())
}

fn finish(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(fault) => Err(format!("cannot run {command:?}: {fault}")),
    }
}
