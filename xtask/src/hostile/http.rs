//! HTTP over a socket, byte by byte: what a well-behaved client would not let us send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// What came back.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// 0 if the connection was closed without an answer.
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The value of a header field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let of = |line: &'_ str| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head
            .lines()
            .skip(1)
            .find(|line| of(line))
            .and_then(|line| line.split_once(':'))
            .map(|(_, v)| v.trim())
    }
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A proper request on a connection of its own.
pub(super) fn ask(
    port: u16,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer, String> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: 127.0.0.1:{port}\r\n"));
    }
    if !body.is_empty() || method != "GET" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    fields.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    send(port, &[head.as_bytes(), body].concat(), false)
}

/// These bytes and word that nothing more will come, and what comes back.
pub(super) fn ended(port: u16, bytes: &[u8]) -> Result<Answer, String> {
    send(port, bytes, true)
}

fn send(port: u16, bytes: &[u8], end: bool) -> Result<Answer, String> {
    let failed = |fault: std::io::Error| format!("asking port {port}: {fault}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(failed)?;
    // Whoever refuses a request may answer before its end.
    let _ = stream.write_all(bytes);
    if end {
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
    let mut came = Vec::new();
    let mut part = [0; 16 << 10];
    while let Ok(read @ 1..) = stream.read(&mut part) {
        came.extend_from_slice(&part[..read]);
    }
    Ok(parse(&came))
}

fn parse(came: &[u8]) -> Answer {
    let Some(end) = came.windows(4).position(|four| four == b"\r\n\r\n") else { return Answer::default() };
    let head = String::from_utf8_lossy(&came[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut answer = Answer { status, head, body: came[end + 4..].to_vec() };
    if answer.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        answer.body = unchunked(&answer.body);
    }
    answer
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size =
            std::str::from_utf8(&rest[..line]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size @ 1..) = size else { break };
        rest = &rest[line + 2..];
        out.extend_from_slice(&rest[..size.min(rest.len())]);
        rest = rest.get(size + 2..).unwrap_or_default();
    }
    out
}

/// Percent-encodes all but letters and digits.
pub(super) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
