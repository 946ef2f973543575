//! What the manager costs over bare quinn, on loopback, in two processes: `make deep-benches`.
//!
//! Bare and managed take turns, round by round; a table of medians and ratios comes out. Each process has one
//! thread, so that the time of one shows in the other's waiting. With `--update FILE` the table is written into
//! the file, between its marks.

mod client;
mod kind;
mod server;
mod tls;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use client::{Sample, Scenario};
use kind::Kind;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How many streams the server lets live at once: quinn keeps tables of that size, and with the idle streams'
/// limit every look at a stream would miss the processor's caches.
const LOADED: u32 = 1_000;
const IDLE: u32 = 200_000;

/// Rounds of each scenario and kind.
const ROUNDS: usize = 11;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--serve", kind, streams] => server::run(kind.parse()?, streams.parse()?),
        ["--idle", kind, address, certificate, streams] => {
            let certificate = tls::unhex(certificate)?;
            client::idle(kind.parse()?, address.parse()?, &certificate, streams.parse()?)
        }
        // One load on one kind, to look at with a profiler.
        ["--only", kind, address, certificate, number] => {
            let scenario = client::SCENARIOS.get(number.parse::<usize>()?).ok_or("no such load")?;
            let certificate = tls::unhex(certificate)?;
            let (kind, address) = (kind.parse()?, address.parse()?);
            for _ in 0..ROUNDS {
                let sample = client::run(scenario, kind, address, &certificate, false)?;
                println!("{:.0} {}", sample.rate, scenario.unit);
            }
            Ok(())
        }
        // `cargo bench` passes flags of its own.
        other => {
            let update = other.iter().position(|argument| *argument == "--update");
            let file = update.and_then(|place| other.get(place + 1)).copied();
            compare(file, other.contains(&"--quick"))
        }
    }
}

/// A server in a process of its own.
struct Server {
    child: Child,
    address: SocketAddr,
    certificate: Vec<u8>,
}

impl Server {
    fn pair(streams: u32) -> Result<[Self; 2]> {
        Ok([Self::start(Kind::Bare, streams)?, Self::start(Kind::Managed, streams)?])
    }

    fn start(kind: Kind, streams: u32) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command
            .args(["--serve", kind.name(), &streams.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let (address, certificate) = line.trim().split_once(' ').ok_or("no address")?;
        let (address, certificate) = (address.parse()?, tls::unhex(certificate)?);
        Ok(Self { child, address, certificate })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn compare(update: Option<&str>, quick: bool) -> Result<()> {
    let rounds = if quick { 1 } else { ROUNDS };
    let servers = Server::pair(LOADED)?;
    let mut rows = Vec::new();
    for scenario in client::SCENARIOS {
        let mut samples: [Vec<Sample>; 2] = Default::default();
        for round in 0..rounds {
            // Who goes first alternates, too.
            for turn in 0..2 {
                let which = (round + turn) % 2;
                let Server { address, certificate, .. } = &servers[which];
                let kind = Kind::ALL[which];
                samples[which].push(client::run(scenario, kind, *address, certificate, quick)?);
            }
            eprint!("\r{}: round {} of {rounds}   ", scenario.name, round + 1);
        }
        eprintln!();
        rows.extend(rows_of(scenario, &samples));
    }
    drop(servers);
    let servers = Server::pair(IDLE)?;
    for streams in if quick { vec![1_000] } else { vec![10_000, 100_000] } {
        let mut bytes = [0.0; 2];
        for (kind, server) in Kind::ALL.into_iter().zip(&servers) {
            bytes[kind as usize] = idle_bytes(kind, server, streams)?;
        }
        let [bare, managed] = bytes;
        rows.push(format!(
            "| {streams} idle streams | bytes each, client | {bare:.0} | {managed:.0} | {:+.0} bytes |",
            managed - bare
        ));
    }
    let head = "| load | figure | bare quinn | manager | difference |\n|---|---|---|---|---|";
    let table = format!("{head}\n{}\n", rows.join("\n"));
    print!("{table}");
    match update {
        Some(file) => kind::update(file, &table),
        None => Ok(()),
    }
}

fn rows_of(scenario: &Scenario, samples: &[Vec<Sample>; 2]) -> Vec<String> {
    let median = |which: usize, of: fn(&Sample) -> f64| {
        let mut values: Vec<f64> = samples[which].iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let row = |figure: &str, of: fn(&Sample) -> f64| {
        let (bare, managed) = (median(0, of), median(1, of));
        let difference = (managed / bare - 1.0) * 100.0;
        format!("| {} | {figure} | {bare:.0} | {managed:.0} | {difference:+.1} % |", scenario.name)
    };
    let mut rows = vec![row(scenario.unit, |sample| sample.rate)];
    if scenario.has_latency {
        rows.push(row("p50, µs", |sample| sample.p50.as_secs_f64() * 1e6));
        rows.push(row("p99, µs", |sample| sample.p99.as_secs_f64() * 1e6));
    }
    rows
}

/// The memory that each of so many idle streams costs a fresh client process: the median of three.
fn idle_bytes(kind: Kind, server: &Server, streams: usize) -> Result<f64> {
    let mut figures = Vec::new();
    for _ in 0..3 {
        let mut command = Command::new(std::env::current_exe()?);
        let output = command
            .args(["--idle", kind.name(), &server.address.to_string()])
            .args([&tls::hex(&server.certificate), &streams.to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        figures.push(String::from_utf8(output.stdout)?.trim().parse::<f64>()?);
        // The server takes leave of the streams.
        std::thread::sleep(Duration::from_millis(300));
    }
    figures.sort_by(f64::total_cmp);
    Ok(figures[1])
}
