//! A file of items, published: this program, and WordPress with its own feed reader and its own function that publishes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::machine::{self, Usage};
use super::report::Table;
use super::{Bench, flow, tools, wires};

pub(super) fn run(bench: &Bench<'_>) -> Result<String, String> {
    let count = if bench.quick { 100 } else { 1_000 };
    let load = machine::load();
    let wire = wires::rss(&wires::stories(1, count, machine::now()));
    let mut table = Table::new(["program", "to the last one live", "CPU an item", "how"]);
    let (wall, cpu) =
        flow::one_file(&bench.program()?, count).map_err(|fault| format!("our own run: {fault}"))?;
    table.row([
        "verbatim".into(),
        format!("{wall:.2} s"),
        format!("{cpu:.2} ms"),
        "renamed into the watched folder; archived, gated, recorded with a sync of the disk".into(),
    ]);
    match wordpress(bench, &wire, count) {
        Ok(done) => table.row([
            format!("WordPress {}", done.version),
            format!("{:.2} s", done.wall),
            format!("{:.2} ms (PHP {:.2}, MariaDB {:.2})", (done.php + done.database) * 1e3 / count as f64, done.php * 1e3 / count as f64, done.database * 1e3 / count as f64),
            "its SimplePie and `wp_insert_post` in one process of PHP without a web server; MariaDB as it comes, with a sync at each commit".into(),
        ]),
        Err(fault) => bench.tools.skip(format!("WordPress: {fault}")),
    }
    Ok(format!(
        "{}, load {load:.1} at the start. `cargo xtask bench publishing`: one RSS file of {count} items of about 3 KB.\n\n{table}",
        machine::describe()
    ))
}

struct Done {
    wall: f64,
    php: f64,
    database: f64,
    version: String,
}

fn wordpress(bench: &Bench<'_>, wire: &[u8], count: u64) -> Result<Done, String> {
    if !Path::new("/usr/share/wordpress/wp-settings.php").exists()
        || !Path::new("/usr/sbin/mariadbd").exists()
    {
        bench.tools.apt(&[
            "wordpress",
            "mariadb-server-core",
            "mariadb-client",
            "php-cli",
            "php-fpm",
            "php-mysql",
            "php-xml",
            "php-mbstring",
            "nginx-light",
        ])?;
    }
    let folder = bench.tools.folder().join("wordpress");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|fault| format!("making {}: {fault}", folder.display()))?;
    let database = Database::start(&folder)?;
    let file = folder.join("feed.xml");
    std::fs::write(&file, wire).map_err(|fault| format!("writing {}: {fault}", file.display()))?;
    let php = |words: &[&str]| {
        let mut php = Command::new("php");
        php.args(["-d", "memory_limit=1G", "-d", "display_errors=stderr", "-d", "error_reporting=1"]);
        php.arg(bench.root.join("bench/peers/wordpress.php")).args(words);
        php.env("WORDPRESS_SOCKET", &database.socket);
        tools::output(&mut php)
    };
    php(&["install"])?;
    let before = database.cpu()?;
    let said = php(&["import", &file.display().to_string()])?;
    let spent = database.cpu()? - before;
    let last = said.lines().last().unwrap_or_default();
    let said: serde_json::Value =
        serde_json::from_str(last).map_err(|fault| format!("it says {last:?}: {fault}"))?;
    let number = |name: &str| said[name].as_f64().unwrap_or(0.0);
    // A fresh installation greets the world with one of its own.
    if number("live") < count as f64 {
        return Err(format!("only {} of {count} items are live", number("live")));
    }
    Ok(Done {
        wall: number("wall"),
        php: number("cpu"),
        database: spent.as_secs_f64(),
        version: said["version"].as_str().unwrap_or_default().to_owned(),
    })
}

/// MariaDB with a folder of its own, for nobody but this run.
struct Database {
    child: Child,
    socket: PathBuf,
}

impl Database {
    fn start(folder: &Path) -> Result<Self, String> {
        let data = folder.join("data");
        // The path of a socket must be short.
        let socket = std::env::temp_dir().join(format!("verbatim-bench-{}.sock", std::process::id()));
        let user = std::env::var("USER").unwrap_or_else(|_| "root".into());
        tools::run(
            Command::new("mariadb-install-db")
                .arg("--no-defaults")
                .arg(format!("--datadir={}", data.display()))
                .arg(format!("--user={user}"))
                .args(["--auth-root-authentication-method=normal", "--skip-test-db"]),
        )?;
        let child = Command::new("/usr/sbin/mariadbd")
            .arg("--no-defaults")
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", socket.display()))
            .arg(format!("--user={user}"))
            .args(["--skip-networking", "--innodb-buffer-pool-size=512M", "--character-set-server=utf8mb4"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|fault| format!("starting MariaDB: {fault}"))?;
        let database = Self { child, socket };
        let start = Instant::now();
        loop {
            let asked = database.ask("CREATE DATABASE IF NOT EXISTS wordpress");
            match asked {
                Ok(()) => return Ok(database),
                Err(fault) if start.elapsed() > Duration::from_secs(60) => return Err(fault),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    fn ask(&self, sql: &str) -> Result<(), String> {
        let socket = format!("--socket={}", self.socket.display());
        tools::run(Command::new("mariadb").args(["--no-defaults", &socket, "--user=root", "-e", sql]))
    }

    fn cpu(&self) -> Result<Duration, String> {
        Usage::of_process(self.child.id()).map(|usage| usage.cpu).map_err(|fault| fault.to_string())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}
