//! A browser, driven by `e2e/hostile/driver.mjs`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value as Json, json};

use super::tally::{Group, tame};

/// Node with headless Chromium behind it.
pub(super) struct Browser {
    child: Child,
    jobs: ChildStdin,
    answers: BufReader<ChildStdout>,
    full: bool,
}

/// A page to load.
pub(super) struct Page {
    pub(super) url: String,
    /// What must stand as its headline.
    pub(super) headline: Option<String>,
    pub(super) status: u16,
}

impl Page {
    pub(super) fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), headline: None, status: 200 }
    }
}

/// What kind of page it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A story's own: its words must be its plain text.
    Story,
    /// Any other page of the site.
    Other,
    /// The desk, with its token.
    Desk(&'a str),
}

/// Installs what is missing, and says what cannot be.
///
/// # Errors
/// There is no browser, or no way to drive one.
pub(super) fn prepare(root: &Path) -> Result<(), String> {
    let folder = root.join("e2e/hostile");
    let has = |program: &str| {
        Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .is_ok_and(|said| said.status.success())
    };
    let mut missing = Vec::new();
    if !has("node") || !has("npm") {
        missing.extend(["nodejs", "npm"]);
    }
    if !Path::new("/usr/bin/chromium").exists() {
        missing.push("chromium");
    }
    if !missing.is_empty() {
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends"]).args(&missing);
        super::finish(&mut install)?;
    }
    if !folder.join("node_modules/puppeteer-core").is_dir() {
        let mut install = Command::new("npm");
        install
            .current_dir(&folder)
            .args(["ci", "--no-audit", "--no-fund"])
            .env("PUPPETEER_SKIP_DOWNLOAD", "1");
        super::finish(&mut install)?;
    }
    Ok(())
}

impl Browser {
    pub(super) fn open(root: &Path, full: bool) -> Result<Self, String> {
        let mut node = Command::new("node");
        node.arg("driver.mjs").current_dir(root.join("e2e/hostile"));
        node.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().map_err(|fault| format!("cannot start {node:?}: {fault}"))?;
        let (Some(jobs), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the driver has no pipes".into());
        };
        Ok(Self { child, jobs, answers: BufReader::new(answers), full })
    }

    fn ask(&mut self, job: &Json) -> Result<Vec<Json>, String> {
        let failed = |fault: std::io::Error| format!("talking to the browser's driver: {fault}");
        writeln!(self.jobs, "{job}").and_then(|()| self.jobs.flush()).map_err(failed)?;
        let mut line = String::new();
        if self.answers.read_line(&mut line).map_err(failed)? == 0 {
            return Err(format!("the browser's driver ended: {:?}", self.child.wait()));
        }
        let answer: Json =
            serde_json::from_str(&line).map_err(|fault| format!("the driver's answer: {fault}"))?;
        Ok(answer["results"].as_array().cloned().unwrap_or_default())
    }

    /// Each result is one check. Returns them for who wants to know more.
    fn checked(&mut self, job: &Json, group: &mut Group) -> Result<Vec<Json>, String> {
        let results = self.ask(job)?;
        for result in &results {
            let faults: Vec<&str> =
                result["faults"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            group.check(faults.is_empty(), || {
                let (mode, url) = (&result["mode"], result["url"].as_str().unwrap_or_default());
                format!("{url} ({}): {}", mode.as_str().unwrap_or_default(), tame_all(&faults))
            });
        }
        Ok(results)
    }

    /// Pages that do harm: each must be noticed.
    pub(super) fn controls(&mut self, group: &mut Group) -> Result<(), String> {
        self.checked(&json!({ "kind": "controls" }), group).map(drop)
    }

    /// Loads pages, with their content security policy and without. Returns the kinds of blocks that were seen.
    pub(super) fn pages(
        &mut self,
        kind: Kind<'_>,
        pages: &[Page],
        group: &mut Group,
    ) -> Result<Vec<String>, String> {
        let job = json!({
            "kind": "pages",
            "pages": pages.iter().map(|page| json!({ "url": page.url, "headline": page.headline, "status": page.status })).map(without_nulls).collect::<Vec<_>>(),
            "story": kind == Kind::Story,
            "desk": matches!(kind, Kind::Desk(_)),
            "bearer": if let Kind::Desk(token) = kind { Some(token) } else { None },
            "label": super::house::LABEL,
            // The policy may only hide what the page does: every page is loaded without it, in the quick run only some
            // with it.
            "every": if self.full { 1 } else { 4 },
        });
        let results = self.checked(&without_nulls(job), group)?;
        let kinds = results.iter().filter_map(|result| result["kinds"].as_array()).flatten();
        Ok(kinds.filter_map(|kind| kind.as_str().map(str::to_owned)).collect())
    }

    /// Reads feeds and stories for machines. Returns how many bodies they carried.
    pub(super) fn feeds(&mut self, urls: &[String], group: &mut Group) -> Result<u64, String> {
        let results = self.checked(&json!({ "kind": "feeds", "urls": urls }), group)?;
        Ok(results.iter().filter_map(|result| result["bodies"].as_u64()).sum())
    }
}

fn without_nulls(mut value: Json) -> Json {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    value
}

fn tame_all(faults: &[&str]) -> String {
    faults.iter().take(4).map(|fault| tame(fault)).collect::<Vec<_>>().join("; ")
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without more jobs the driver closes the browser and ends by itself; it is given a moment for that.
        let _ = self.ask(&json!({ "kind": "end" }));
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
