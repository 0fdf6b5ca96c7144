//! HTTP/1.1 over a socket, as little of it as is needed: a client, and one feed that is polled.

use std::io::{BufRead, BufReader, Error, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an answer may take; a machine under load is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    fields: Fields,
}

impl Answer {
    /// The value of a field of the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Asks one server many things, on one connection as long as it holds.
pub(crate) struct Line {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

impl Line {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// A GET. Tried once more on a new connection, because a server may close one that was idle.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        let reused = self.stream.is_some();
        match self.ask("GET", path, &[], b"") {
            Err(_) if reused => self.ask("GET", path, &[], b""),
            answer => answer,
        }
    }

    /// One request, sent once.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(self.port)?),
        };
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", self.port);
        if method != "GET" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        fields.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str("\r\n");
        let request = [head.as_bytes(), body].concat();
        // Whoever refuses may answer before the end of the request: the answer counts.
        let sent = stream.get_mut().write_all(&request);
        let (first, fields) = head_of(&mut stream).map_err(|error| sent.err().unwrap_or(error))?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| Error::other(format!("no status in {first:?}")))?;
        let body = body_of(&mut stream, &fields, status)?;
        if !field(&fields, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.stream = Some(stream);
        }
        Ok(Answer { status, body, fields })
    }
}

fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

type Fields = Vec<(String, String)>;

fn head_of(reader: &mut impl BufRead) -> Result<(String, Fields)> {
    let mut next = || -> Result<String> {
        let mut line = String::new();
        match reader.read_line(&mut line)? {
            0 => Err(Error::other("the connection ended")),
            _ => Ok(line.trim_end().to_owned()),
        }
    };
    let first = next()?;
    let mut fields = Vec::new();
    loop {
        let line = next()?;
        if line.is_empty() {
            return Ok((first, fields));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| Error::other("a field without a colon"))?;
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn field<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn body_of(reader: &mut BufReader<TcpStream>, fields: &Fields, status: u16) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    if status == 304 {
        return Ok(body);
    }
    if field(fields, "transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(Error::other)?;
            let start = body.len();
            body.resize(start + size, 0);
            reader.read_exact(&mut body[start..])?;
            reader.read_line(&mut String::new())?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    let length = field(fields, "content-length").and_then(|length| length.parse().ok());
    body.resize(length.ok_or_else(|| Error::other("no length"))?, 0);
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// For a query.
pub(crate) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// Takes calls at an address: each connection as long as it holds, each body as it came, and answers that it has it.
pub(crate) fn receive(port: u16, heard: impl Fn(Vec<u8>) + Send + Sync + 'static) -> Result<()> {
    let (listener, heard) = (TcpListener::bind(("127.0.0.1", port))?, Arc::new(heard));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || -> Result<()> {
                stream.set_nodelay(true)?;
                let mut stream = BufReader::new(stream);
                loop {
                    let (_, fields) = head_of(&mut stream)?;
                    let body = body_of(&mut stream, &fields, 200)?;
                    heard(body);
                    stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")?;
                }
            });
        }
    });
    Ok(())
}

/// What an agency's server offers: a body under a tag that counts up.
#[derive(Debug, Default)]
struct Shelf {
    tag: u64,
    body: Vec<u8>,
    /// The highest tag that the poller has shown us: it has the body that had it.
    shown: u64,
}

/// A server that is polled. A poller that shows a tag says "I have that body": this is its acknowledgement.
#[derive(Clone, Debug)]
pub(crate) struct Polled {
    pub(crate) port: u16,
    shelf: Arc<Mutex<Shelf>>,
    stop: Arc<AtomicBool>,
}

impl Polled {
    pub(crate) fn start(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let polled = Self { port, shelf: Arc::default(), stop: Arc::default() };
        let serving = polled.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.stop.load(Ordering::SeqCst) {
                    return;
                }
                let serving = serving.clone();
                std::thread::spawn(move || drop(serving.serve(stream)));
            }
        });
        Ok(polled)
    }

    fn serve(&self, mut stream: TcpStream) -> Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let (_, fields) = head_of(&mut BufReader::new(stream.try_clone()?))?;
        let shown = field(&fields, "if-none-match")
            .and_then(|tag| tag.trim_matches('"').strip_prefix("body-")?.parse().ok());
        let (tag, body) = {
            let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.shown = shelf.shown.max(shown.unwrap_or(0));
            (shelf.tag, shelf.body.clone())
        };
        let same = shown == Some(tag);
        let (status, body) = if same { ("304 Not Modified", vec![]) } else { ("200 OK", body) };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/rss+xml\r\nETag: \"body-{tag}\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), &body].concat())
    }

    /// Offers another body and returns its tag.
    pub(crate) fn offer(&self, body: Vec<u8>) -> u64 {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.tag += 1;
        shelf.body = body;
        shelf.tag
    }

    /// The tag that the poller has shown last.
    pub(crate) fn shown(&self) -> u64 {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner).shown
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        // The last but the serving thread's own.
        if Arc::strong_count(&self.stop) <= 2 {
            self.stop.store(true, Ordering::SeqCst);
            let _ = TcpStream::connect(("127.0.0.1", self.port));
        }
    }
}
