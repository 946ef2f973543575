//! `streamproof trace export`: a trace as something that others can run or read without this program.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::commands::judge::systems::{SutArg, choosing};
use crate::commands::{UsageError, Verdict, files, of_schema, out};
use streamproof_conformance::export::{self, ExportError, Style, Written};
use streamproof_stacks::Stack;

/// Make a trace into a capture or a test.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof trace export trace.ndjson --pcap trace.pcapng
  streamproof trace export trace.ndjson --rust tests/trace.rs --known
  streamproof trace export trace.ndjson --upstream quinn-proto/src/tests/stop_after_reset.rs")]
pub(in crate::commands) struct ExportArgs {
    /// The trace file; `-` is standard input.
    file: PathBuf,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = "quinn")]
    sut: SutArg,
    /// Override one of the stack's declared choices or departures (as for `judge run`).
    #[arg(long, value_name = "CHOICE=WAY")]
    choice: Vec<String>,
    /// Show this deviation, by its id; the first that the trace shows, if none is named.
    #[arg(long, value_name = "ID")]
    breach: Option<String>,
    /// Write a Rust test of quinn-proto that depends on published crates only: it fails as long as the
    /// deviation is there.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["pcap", "upstream"])]
    rust: Option<PathBuf>,
    /// Write a test in the style of the stack's own, as its maintainers would commit it: for quinn, one for
    /// src/tests of quinn-proto. It fails as long as the deviation is there. Where it needs a module that
    /// speaks for the peer, that is written beside it (not with `-`).
    #[arg(long, value_name = "FILE")]
    upstream: Option<PathBuf>,
    /// The deviation is known and left: the Rust test passes as long as it is there, and says when it is gone.
    #[arg(long, requires = "rust")]
    known: bool,
    /// Write the packets of a replay with TLS as pcapng, with the secrets in it: Wireshark decrypts it.
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Print JSON: what was written.
    #[arg(long)]
    json: bool,
}

pub(in crate::commands) fn run(args: &ExportArgs) -> Result<Verdict, UsageError> {
    let files = args.rust.iter().chain(&args.upstream).chain(&args.pcap);
    out::give_way(files.map(PathBuf::as_path), args.json)?;
    let name = args.file.display();
    let bad = |error: ExportError| UsageError(format!("{name}: {error}"));
    let trace = files::read_trace(&args.file)?;
    let sut = choosing(args.sut.sut()?, &args.choice)?;
    let breach = args.breach.as_deref();
    let test = |style: Style| -> Result<Written, UsageError> {
        let own_test = Stack::find(sut.name()).and_then(|stack| stack.own_test);
        let own_test = own_test.ok_or(ExportError::NoOwnTest(sut.name())).map_err(bad)?;
        export::own_test(&*sut, &trace, breach, style, own_test).map_err(bad)
    };
    if let Some(path) = &args.rust {
        files::write(path, &test(Style::Published { known: args.known })?.test)?;
        if !args.json {
            outln!("test     {}", path.display());
        }
    }
    let mut support = None;
    if let Some(path) = &args.upstream {
        let written = test(Style::Upstream)?;
        files::write(path, &written.test)?;
        if let Some(module) = written.support.filter(|_| path.as_os_str() != "-") {
            let beside = path.with_file_name(module.file);
            files::write(&beside, module.text)?;
            support = Some(beside);
        }
        if !args.json {
            outln!("upstream {}", path.display());
            if let Some(support) = &support {
                outln!("beside   {}", support.display());
            }
        }
    }
    let mut peer = None;
    if let Some(path) = &args.pcap {
        let captured = export::pcap(&*sut, &trace, breach).map_err(bad)?;
        files::write_bytes(path, &captured.file)?;
        peer = Some(captured.peer.to_string());
        if !args.json {
            outln!("peer     {}", captured.peer);
            outln!("packets  {}", path.display());
            outln!("look     tshark -r {} -Y quic", path.display());
        }
    }
    if args.json {
        let written = json!({
            "sut": sut.name(),
            "rust": args.rust,
            "upstream": args.upstream,
            "support": support,
            "pcap": args.pcap,
            "peer": peer,
        });
        outln!("{:#}", of_schema("trace-export", written));
    }
    Ok(Verdict::Holds)
}
