//! The explorer as browsers, other pages and careless clients meet it, over real sockets.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use streamproof_model::check::explorer::serve;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::Preset;

fn world() -> StreamsWorld {
    StreamsWorld::new(Preset::find("uni-plain").expect("a preset"))
}

/// An explorer of this test's own.
fn explorer() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let any = "127.0.0.1:0".parse().expect("an address");
        serve(world(), any, |addr| tell.send(addr).expect("a test that waits"))
    });
    told.recv_timeout(Duration::from_secs(20)).expect("an explorer that is ready")
}

/// What comes back for these bytes.
fn answer(explorer: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(explorer).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8(answer).expect("text")
}

fn ask(explorer: SocketAddr, first: &str, fields: &str) -> String {
    answer(explorer, &format!("{first} HTTP/1.1\r\nHost: {explorer}\r\n{fields}\r\n"))
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("nothing came back")
}

#[test]
fn pages_states_and_pictures_are_served() {
    let explorer = explorer();
    for path in ["/", "/app.js", "/app.css", "/knockout-3.5.0.js"] {
        let answer = ask(explorer, &format!("GET {path}"), "");
        assert_eq!(status(&answer), "200", "{path}");
        assert!(answer.len() > 1000, "{path}");
    }
    assert!(ask(explorer, "GET /.status", "").contains("\"unique_state_count\""));
    let first = ask(explorer, "GET /.states/", "");
    assert!(first.contains("<svg") && first.contains("fingerprint"), "{first}");
    assert_eq!(status(&ask(explorer, "GET /.states/0/999999", "")), "404");
    assert_eq!(status(&ask(explorer, "GET /secret", "")), "404");
}

#[test]
fn another_page_does_not_start_the_search_and_our_own_does() {
    let explorer = explorer();
    let is_done = || ask(explorer, "GET /.status", "").contains("\"done\":true");
    let run = "POST /.runtocompletion";
    for origin in ["Origin: http://evil.example\r\n", "Origin: null\r\n"] {
        assert_eq!(status(&ask(explorer, run, origin)), "403");
    }
    let foreign = format!("{run} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(status(&answer(explorer, &foreign)), "403");
    assert_eq!(status(&answer(explorer, "GET / HTTP/1.0\r\n\r\n")), "400");
    std::thread::sleep(Duration::from_millis(300));
    assert!(!is_done());
    let own = format!("Origin: http://{explorer}\r\nContent-Length: 0\r\n");
    assert_eq!(status(&ask(explorer, run, &own)), "200");
    let comes = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        is_done()
    });
    assert!(comes, "the search never ended");
}

#[test]
fn no_request_and_no_client_ends_it() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        report(panic);
    }));
    let explorer = explorer();
    for length in ["18446744073709551615", "99999999999", "-1", "1"] {
        let fields = format!("Content-Length: {length}\r\n");
        assert_eq!(status(&ask(explorer, "POST /.runtocompletion", &fields)), "413");
    }
    let chunked = "Transfer-Encoding: chunked\r\n";
    assert_eq!(status(&ask(explorer, "POST /.runtocompletion", chunked)), "413");
    // A head that never ends.
    let long = format!("X: {}\r\n", "x".repeat(20_000));
    assert_eq!(status(&ask(explorer, "GET /", &long)), "413");
    assert_eq!(status(&answer(explorer, "nonsense\r\n\r\n")), "400");
    assert_eq!(status(&answer(explorer, "\u{0}\r\n\r\n\r\n")), "400");
    // Clients that go away: before they have asked, in the middle of it, and before they are answered.
    let whole = format!("GET /app.js HTTP/1.1\r\nHost: {explorer}\r\n\r\n");
    for (bytes, times) in [("", 5), ("GET / HT", 5), (&*whole, 40)] {
        for _ in 0..times {
            let mut stream = TcpStream::connect(explorer).expect("a connection");
            stream.write_all(bytes.as_bytes()).expect("a request");
            stream.shutdown(Shutdown::Both).expect("an end");
        }
    }
    // One that says nothing more keeps nobody waiting.
    let mut slow = TcpStream::connect(explorer).expect("a connection");
    slow.write_all(b"GET / HTTP/1.1\r\n").expect("half a request");
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(status(&ask(explorer, "GET /", "")), "200");
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "panics are for faults of ours");
}

#[test]
fn addresses_that_others_come_to_or_have_are_refused() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:3000"] {
        let refused = serve(world(), addr.parse().expect("an address"), |_| {}).unwrap_err();
        assert!(refused.to_string().contains("loopback"), "{addr}: {refused}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    assert!(serve(world(), taken.local_addr().expect("an address"), |_| {}).is_err());
}
