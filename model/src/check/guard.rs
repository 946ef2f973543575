//! What stands before Stateright's server, which takes every request of everybody and ends at the first that it does
//! not like.
//!
//! A request is read here, up to [`MOST`] bytes and for [`PATIENCE`] at most. It has to name this machine (`Host`), so
//! that no page can come in under a name of its own, and must not come from another page (`Origin`). What is asked on is
//! written anew, without a body; the answer is read to its end before the client gets it. So Stateright's server
//! sees one well-behaved client, whatever happens here.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a request: a path of some thousand steps.
const MOST: usize = 16 * 1024;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// Clients at a time.
const CLIENTS: usize = 32;
/// How long Stateright's server may take for an answer, and how many bytes it may have.
const ANSWER: (Duration, u64) = (Duration::from_secs(60), 1 << 28);

/// The pages and files of the Explorer.
const FILES: [&str; 5] = ["/", "/app.css", "/app.js", "/knockout-3.5.0.js", "/.status"];
/// Followed by the numbers of actions, with slashes.
const STATES: &str = "/.states";
/// Begins the search.
const RUN: &str = "/.runtocompletion";

/// Who answers to which names, and whom it asks.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// `host:port`, as clients may call us.
    names: Vec<String>,
    /// Stateright's server.
    explorer: SocketAddr,
    /// As many references as clients, and one.
    clients: Arc<()>,
}

/// What Stateright's server is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Wanted {
    method: &'static str,
    path: String,
}

/// Why it is not asked: a status and its words.
type Refusal = (u16, &'static str);
const MALFORMED: Refusal = (400, "Bad Request");
const FOREIGN: Refusal = (403, "Forbidden");
const UNKNOWN: Refusal = (404, "Not Found");
const SLOW: Refusal = (408, "Request Timeout");
const LARGE: Refusal = (413, "Content Too Large");
const GONE: Refusal = (502, "Bad Gateway");
const BUSY: Refusal = (503, "Service Unavailable");

impl Guard {
    /// One that listens on `own` and asks `explorer`.
    pub(super) fn new(own: SocketAddr, explorer: SocketAddr) -> Self {
        let port = own.port();
        let mut names = vec![own.to_string(), format!("localhost:{port}")];
        if port == 80 {
            let plain = names.iter().filter_map(|name| Some(name.strip_suffix(":80")?.to_owned()));
            names.extend(plain.collect::<Vec<_>>());
        }
        Self { names, explorer, clients: Arc::new(()) }
    }

    /// Answers whoever comes, for ever.
    pub(super) fn stand(&self, listener: &TcpListener) -> ! {
        loop {
            match listener.accept() {
                Ok((client, _)) => {
                    let guard = self.clone();
                    // Without a thread for it, the client finds its connection closed.
                    let _ = thread::Builder::new().spawn(move || guard.meet(&client));
                }
                // Too many open files, or a client that is gone already.
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Answers one client. One that goes away is none of our business.
    fn meet(&self, client: &TcpStream) {
        let answer = match Arc::strong_count(&self.clients) > CLIENTS + 1 {
            true => Err(BUSY),
            false => read_head(client)
                .and_then(|head| self.wanted(&head))
                .and_then(|wanted| self.ask(&wanted).map_err(|_| GONE)),
        };
        let bytes = answer.unwrap_or_else(|(status, words)| {
            format!(
                "HTTP/1.0 {status} {words}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{words}",
                words.len()
            )
            .into_bytes()
        });
        let _ = send(client, &bytes);
    }

    /// What is asked for, if by somebody who may.
    fn wanted(&self, head: &str) -> Result<Wanted, Refusal> {
        let (first, fields) = head.split_once("\r\n").ok_or(MALFORMED)?;
        let mut hosts = 0;
        for line in fields.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(MALFORMED)?;
            let value = value.trim().to_ascii_lowercase();
            match &*name.to_ascii_lowercase() {
                "host" if self.is_own(&value) => hosts += 1,
                "origin" if value.strip_prefix("http://").is_some_and(|from| self.is_own(from)) => {
                }
                "host" | "origin" => return Err(FOREIGN),
                "content-length" if value != "0" => return Err(LARGE),
                "transfer-encoding" => return Err(LARGE),
                _ => {}
            }
        }
        if hosts != 1 {
            return Err(MALFORMED);
        }
        let [method, path, version] = first.split(' ').collect::<Vec<_>>()[..] else {
            return Err(MALFORMED);
        };
        if !version.starts_with("HTTP/1.") {
            return Err(MALFORMED);
        }
        let method = match method {
            "GET" if FILES.contains(&path) || is_path(path) => "GET",
            "POST" if path == RUN => "POST",
            _ => return Err(UNKNOWN),
        };
        Ok(Wanted { method, path: path.to_owned() })
    }

    fn is_own(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }

    /// Stateright's answer, from its status line to its last byte.
    fn ask(&self, wanted: &Wanted) -> io::Result<Vec<u8>> {
        let Wanted { method, path } = wanted;
        let (patience, most) = ANSWER;
        let mut explorer = TcpStream::connect(self.explorer)?;
        explorer.set_read_timeout(Some(patience))?;
        let host = self.explorer;
        // HTTP/1.0: the answer comes in one piece and ends with the connection.
        write!(
            explorer,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        explorer.take(most).read_to_end(&mut answer)?;
        match answer.starts_with(b"HTTP/1.") {
            true => Ok(answer),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// A path of actions, by their numbers.
fn is_path(path: &str) -> bool {
    let numbers = path.strip_prefix(STATES);
    numbers.is_some_and(|rest| rest.bytes().all(|byte| byte == b'/' || byte.is_ascii_digit()))
}

/// A request up to the empty line after its head.
fn read_head(mut client: &TcpStream) -> Result<String, Refusal> {
    let begin = Instant::now();
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let left = PATIENCE.checked_sub(begin.elapsed()).filter(|left| !left.is_zero());
        let left = left.ok_or(SLOW)?;
        client.set_read_timeout(Some(left)).map_err(|_| SLOW)?;
        match client.read(&mut buffer) {
            Ok(0) => return Err(MALFORMED),
            Ok(some) => head.extend_from_slice(&buffer[..some]),
            Err(_) => return Err(SLOW),
        }
        if head.len() > MOST {
            return Err(LARGE);
        }
    }
    let head = String::from_utf8(head).map_err(|_| MALFORMED)?;
    head.split_once("\r\n\r\n").map(|(head, _)| format!("{head}\r\n")).ok_or(MALFORMED)
}

/// Sends the answer and reads on for a moment: a connection that is closed over unread bytes loses the answer.
fn send(mut client: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    client.set_write_timeout(Some(PATIENCE))?;
    client.write_all(bytes)?;
    client.shutdown(Shutdown::Write)?;
    let (begin, moment) = (Instant::now(), Duration::from_millis(500));
    client.set_read_timeout(Some(moment))?;
    while begin.elapsed() < moment && client.read(&mut [0; 1024])? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(head: &str) -> Result<Wanted, Refusal> {
        let own = "127.0.0.1:3000".parse().expect("an address");
        Guard::new(own, own).wanted(&head.replace('\n', "\r\n"))
    }

    #[test]
    fn only_this_machine_and_its_own_page_may_ask() {
        let get = |fields: &str| wanted(&format!("GET /.status HTTP/1.1\n{fields}"));
        assert!(get("Host: 127.0.0.1:3000\n").is_ok() && get("host: LocalHost:3000\n").is_ok());
        assert!(get("Host: localhost:3000\nOrigin: http://localhost:3000\n").is_ok());
        for fields in [
            "Host: evil.example:3000\n",
            "Host: 127.0.0.1\n",
            "Host: localhost:3000\nOrigin: http://evil.example\n",
            "Host: localhost:3000\nOrigin: https://localhost:3000\n",
            "Host: localhost:3000\nOrigin: null\n",
        ] {
            assert_eq!(get(fields), Err(FOREIGN), "{fields}");
        }
        for fields in ["", "Host: localhost:3000\nHost: localhost:3000\n", "nonsense\n"] {
            assert_eq!(get(fields), Err(MALFORMED), "{fields}");
        }
    }

    #[test]
    fn nothing_but_the_explorers_own_paths_is_asked_on_and_never_a_body() {
        let ask = |first: &str, more: &str| {
            wanted(&format!("{first} HTTP/1.1\nHost: localhost:3000\n{more}"))
        };
        for path in ["/", "/app.js", "/.states", "/.states/0/3/", "/.status"] {
            assert!(ask(&format!("GET {path}"), "").is_ok(), "{path}");
            assert_eq!(ask(&format!("POST {path}"), ""), Err(UNKNOWN), "{path}");
        }
        assert!(ask("POST /.runtocompletion", "Content-Length: 0\n").is_ok());
        for other in ["GET /.runtocompletion", "GET /../x", "GET /.states/a", "PUT /", "GET *"] {
            assert_eq!(ask(other, ""), Err(UNKNOWN), "{other}");
        }
        for body in ["Content-Length: 18446744073709551615\n", "Transfer-Encoding: chunked\n"] {
            assert_eq!(ask("POST /.runtocompletion", body), Err(LARGE), "{body}");
        }
        assert_eq!(wanted("GET /"), Err(MALFORMED));
        assert_eq!(wanted("GET / HTTP/2\nHost: localhost:3000\n"), Err(MALFORMED));
    }
}
