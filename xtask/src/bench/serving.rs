//! One story page, many readers: requests that a CPU second of the server answers, beside nginx and the same bytes in
//! a file.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::machine::{self, Usage};
use super::report::{Table, thousands};
use super::wires;
use super::{Bench, median};
use crate::crash::house::{House, TOKEN};
use crate::crash::http::{Line, percent};

/// How many stories there are.
const STORIES: u64 = 1_000;
/// Connections that ask at the same time.
const READERS: &str = "32";

/// What is asked for.
struct Question {
    name: &'static str,
    fields: Vec<String>,
    path: String,
    /// Whether nginx has the same to give.
    file: bool,
    script: Option<PathBuf>,
}

/// What a server did in one turn.
#[derive(Clone, Copy)]
struct Turn {
    /// Requests a second, by the load generator.
    rate: f64,
    /// Requests a second of the server's CPU time.
    by_cpu: f64,
    /// Milliseconds, 99 of 100 requests.
    p99: f64,
}

pub(super) fn run(bench: &Bench<'_>) -> std::result::Result<String, String> {
    let program = bench.program()?;
    let Some(wrk) = bench.tools.debian("wrk", "wrk") else {
        return Ok("Not measured: there is no load generator (Debian's wrk) here.".into());
    };
    let nginx = bench.tools.debian("nginx", "nginx-light");
    measure(bench, &program, &wrk, nginx.as_deref())
        .map_err(|fault| format!("serving could not be measured: {fault}"))
}

fn measure(bench: &Bench<'_>, program: &Path, wrk: &Path, nginx: Option<&Path>) -> Result<String> {
    let load = machine::load();
    let (rounds, seconds) = if bench.quick { (2, 2) } else { (5, 4) };
    let mut house = House::new(program)?;
    house.start()?;
    let paths = stories(&house)?;
    let mut site = Line::new(house.site);
    let page = site.get(&paths[0])?.body;
    let packed = site.ask("GET", &paths[0], &[("Accept-Encoding", "gzip")], b"")?;
    let tag = packed.field("etag").unwrap_or_default().to_owned();

    let script = house.file("all.lua");
    std::fs::write(&script, lua(&paths))?;
    let question = |name, fields: &[&str], path: &str, file| Question {
        name,
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        path: path.to_owned(),
        file,
        script: None,
    };
    let questions = [
        question("one hot story", &[], &paths[0], true),
        question("the same, gzip", &["Accept-Encoding: gzip"], &paths[0], true),
        question(
            "the same, known already (304)",
            &["Accept-Encoding: gzip", &format!("If-None-Match: {tag}")],
            &paths[0],
            false,
        ),
        Question { script: Some(script), ..question("1,000 stories by turns", &[], &paths[0], false) },
        question("the front page", &[], "/", false),
        question("the RSS feed, 50 stories in full", &[], "/feed.rss", false),
    ];
    let files =
        nginx.map(|nginx| Nginx::start(nginx, house.file("nginx"), &page, &packed.body)).transpose()?;

    let mut table = Table::new([
        "question",
        "server",
        "bytes",
        "requests a CPU second",
        "share of nginx",
        "CPU a request",
        "requests a second",
        "p99",
    ]);
    for asked in &questions {
        let mut ours = Vec::new();
        let mut theirs: Vec<Vec<Turn>> = vec![Vec::new(); NGINX.len()];
        let pid = house.pid().ok_or_else(|| Error::other("the program has ended"))?;
        for _ in 0..rounds {
            eprintln!("{}", asked.name);
            ours.push(turn(wrk, asked, house.site, &asked.path, &[pid], seconds)?);
            if let Some(files) = files.as_ref().filter(|_| asked.file) {
                for ((port, _), turns) in files.ports.iter().zip(NGINX).zip(&mut theirs) {
                    turns.push(turn(wrk, asked, *port, "/story.html", &files.pids()?, seconds)?);
                }
            }
        }
        let fields: Vec<(&str, &str)> =
            asked.fields.iter().filter_map(|field| field.split_once(": ")).collect();
        // On a line of its own: one that was idle for a turn is closed.
        let bytes = Line::new(house.site).ask("GET", &asked.path, &fields, b"")?.body.len();
        let mut row = |server: &str, turns: &[Turn], share: String| {
            let by_cpu = median(turns.iter().map(|turn| turn.by_cpu));
            table.row([
                asked.name.to_owned(),
                server.to_owned(),
                thousands(bytes as f64),
                thousands(by_cpu),
                share,
                format!("{:.1} µs", 1e6 / by_cpu),
                thousands(median(turns.iter().map(|turn| turn.rate))),
                format!("{:.1} ms", median(turns.iter().map(|turn| turn.p99))),
            ]);
        };
        let share = |theirs: &[Turn]| {
            let ratio = median(ours.iter().zip(theirs).map(|(ours, theirs)| ours.by_cpu / theirs.by_cpu));
            format!("{:.0} %", ratio * 100.0)
        };
        let compared = files.is_some() && asked.file;
        row(
            "verbatim",
            &ours,
            if compared {
                theirs.iter().map(|turns| share(turns)).collect::<Vec<_>>().join(", ")
            } else {
                String::new()
            },
        );
        for ((name, _), turns) in NGINX.iter().zip(&theirs).filter(|_| compared) {
            row(name, turns, String::new());
        }
    }
    Ok(format!(
        "{}, load {load:.1} at the start. `cargo xtask bench serving`: release build, {STORIES} stories, wrk with {READERS} connections on \
one thread of the same machine, {seconds} s a turn, servers in turns, {rounds} times; the middle of the turns. nginx has the very bytes \
in a file (gzip: in a file beside it), without an access log, two workers. The share is of each nginx in the order of the rows.\n\n{table}",
        machine::describe()
    ))
}

/// Pushes the stories and returns their paths.
fn stories(house: &House) -> Result<Vec<String>> {
    let stories = wires::stories(1, STORIES, machine::now());
    let token = format!("Bearer {TOKEN}");
    let answer = Line::new(house.desk).ask(
        "POST",
        "/wire/agx-push",
        &[("Authorization", &token)],
        &wires::rss(&stories),
    )?;
    if answer.status != 201 {
        return Err(Error::other(format!("the push door says {}", answer.status)));
    }
    let mut site = Line::new(house.site);
    let start = Instant::now();
    let mut paths = Vec::new();
    for story in &stories {
        loop {
            let told = site.get(&format!("/api/v1/items?uri={}", percent(&story.uri())))?.json();
            if let Some(at) =
                told["items"][0]["url"].as_str().and_then(|url| Some(url[url.find("/s/")?..].to_owned()))
            {
                // A first reader, so that the page is kept.
                site.get(&at)?;
                paths.push(at);
                break;
            }
            if start.elapsed() > Duration::from_secs(120) {
                return Err(Error::other("the stories do not become live"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(paths)
}

/// A script for the load generator that asks for one path after the other.
fn lua(paths: &[String]) -> String {
    let list: String = paths.iter().map(|path| format!("'{path}',")).collect();
    format!(
        "local paths = {{{list}}}\nlocal n = 0\nrequest = function()\n n = n % #paths + 1\n return wrk.format(nil, paths[n])\nend\n"
    )
}

fn turn(wrk: &Path, asked: &Question, port: u16, path: &str, server: &[u32], seconds: u32) -> Result<Turn> {
    let cpu = || server.iter().map(|pid| Ok(Usage::of_process(*pid)?.cpu)).sum::<Result<Duration>>();
    let mut command = Command::new(wrk);
    command.args(["-t1", "-c", READERS, "--latency", &format!("-d{seconds}s")]);
    command.args(asked.fields.iter().flat_map(|field| ["-H", field]));
    if let Some(script) = &asked.script {
        command.arg("-s").arg(script);
    }
    command.arg(format!("http://127.0.0.1:{port}{path}"));
    let before = cpu()?;
    let said = super::tools::output(&mut command).map_err(Error::other)?;
    let spent = (cpu()? - before).as_secs_f64();
    let line = |begin: &str| said.lines().find_map(|line| line.trim().strip_prefix(begin)).map(str::trim);
    if let Some(bad) = line("Non-2xx or 3xx responses:").or_else(|| line("Socket errors:")) {
        return Err(Error::other(format!("{path}: {bad} bad answers")));
    }
    let requests = said
        .lines()
        .find_map(|line| line.split_once(" requests in ")?.0.trim().parse::<f64>().ok())
        .ok_or_else(|| Error::other(format!("wrk says:\n{said}")))?;
    let rate = line("Requests/sec:").and_then(|rate| rate.parse().ok()).unwrap_or(0.0);
    Ok(Turn { rate, by_cpu: requests / spent, p99: line("99%").map_or(0.0, milliseconds) })
}

/// What the load generator writes as `1.23ms`, `45.60us` or `2.00s`.
fn milliseconds(text: &str) -> f64 {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let number: f64 = text[..at].parse().unwrap_or(0.0);
    number
        * match &text[at..] {
            "us" => 1e-3,
            "s" => 1e3,
            _ => 1.0,
        }
}

/// The same files by nginx as Debian sets it up, and by nginx that keeps files open.
const NGINX: [(&str, &str); 2] = [
    ("nginx", ""),
    ("nginx, files kept open", "open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;"),
];

/// nginx, with a folder of its own.
struct Nginx {
    child: Child,
    ports: [u16; NGINX.len()],
}

impl Nginx {
    fn start(nginx: &Path, folder: PathBuf, page: &[u8], packed: &[u8]) -> Result<Self> {
        std::fs::create_dir_all(folder.join("files"))?;
        std::fs::write(folder.join("files/story.html"), page)?;
        std::fs::write(folder.join("files/story.html.gz"), packed)?;
        let ports = NGINX.map(|_| crate::crash::house::free_port());
        let mut servers = String::new();
        let mut taken = [0; NGINX.len()];
        for (((_, words), port), taken) in NGINX.iter().zip(ports).zip(&mut taken) {
            *taken = port?;
            servers.push_str(&format!(
                "server {{ listen 127.0.0.1:{taken}; root {}/files; gzip_static on; {words} }}\n",
                folder.display()
            ));
        }
        // Whoever is root would have its workers run as somebody who may not read the folder.
        let user = if is_root() { "user root;" } else { "" };
        let text = format!(
            "{user}\nworker_processes 2;\nerror_log {0}/error.log;\npid {0}/nginx.pid;\nevents {{ worker_connections 1024; }}\n\
http {{\n types {{ text/html html; }}\n charset utf-8;\n access_log off;\n sendfile on;\n tcp_nopush on;\n keepalive_requests 100000000;\n{servers}}}\n",
            folder.display()
        );
        std::fs::write(folder.join("nginx.conf"), text)?;
        let child = Command::new(nginx)
            .args(["-g", "daemon off;", "-e"])
            .arg(folder.join("error.log"))
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()?;
        let nginx = Self { child, ports: taken };
        let start = Instant::now();
        for port in nginx.ports {
            while Line::new(port).get("/story.html").is_err() {
                if start.elapsed() > Duration::from_secs(10) {
                    let said = std::fs::read_to_string(folder.join("error.log")).unwrap_or_default();
                    return Err(Error::other(format!("nginx does not answer: {said}")));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let answer = Line::new(port).get("/story.html")?;
            if answer.status != 200 || answer.body != page {
                return Err(Error::other(format!("nginx gives something else ({})", answer.status)));
            }
        }
        Ok(nginx)
    }

    /// The workers; the first process only watches them.
    fn pids(&self) -> Result<Vec<u32>> {
        let id = self.child.id();
        let text = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        Ok(text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|text| text.lines().any(|line| line.starts_with("Uid:\t0\t")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_unit() {
        let read = ["1.50ms", "250.00us", "2.00s"].map(milliseconds);
        assert!(
            read.iter().zip([1.5, 0.25, 2_000.0]).all(|(read, expect)| (read - expect).abs() < 1e-9),
            "{read:?}"
        );
    }
}
