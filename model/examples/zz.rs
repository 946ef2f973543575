use streamproof_model::check::search::{Options, run};
use streamproof_model::packed::reduce::Reductions;
use streamproof_model::world::presets::{PRESETS, Preset, Tier};
use streamproof_model::world::system::World;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let threads: usize = args[0].parse().unwrap();
    for p in PRESETS.iter().filter(|p| {
        args[1..].iter().any(|n| n == p.name) || (args.len() == 1 && p.tier == Tier::Quick)
    }) {
        let mut p: Preset = *p;
        if let Ok(n) = std::env::var("INF") {
            p.in_flight = n.parse().unwrap();
        }
        if let Ok(n) = std::env::var("LEN") {
            p.length = n.parse().unwrap();
        }
        if let Ok(n) = std::env::var("OPENED") {
            p.opened = n.parse().unwrap();
        }
        let mut w = World::new(p);
        let mut r = Reductions::NONE;
        if let Ok(s) = std::env::var("MONO") {
            w = w.monotone();
            r.dead = s.contains('d');
            r.ample = s.contains('a');
            r.symmetry = s.contains('s');
        }
        let o = run(
            w,
            &Options {
                threads,
                reductions: r,
                expected: std::env::var("EXP").map_or(0, |n| n.parse().unwrap()),
                ..Options::default()
            },
            &mut |p| eprint!("\r{} {} {:?}   ", p.states, p.levels, p.elapsed),
        )
        .unwrap();
        eprintln!();
        let bad: Vec<_> = w_props(&w)
            .into_iter()
            .zip(&o.hits)
            .filter(|(p, h)| p.1 == h.is_some())
            .map(|(p, _)| p.0)
            .collect();
        println!(
            "{:26} {} {} levels {} {:?} {:.0} k/s {:.1} B/state term {} {:?} {:?}",
            p.name,
            o.states,
            o.edges,
            o.levels,
            o.took,
            o.states as f64 / o.took.as_secs_f64() / 1e3,
            o.memory as f64 / o.states as f64,
            o.terminals,
            o.cut,
            bad
        );
    }
}
fn w_props(w: &World) -> Vec<(&'static str, bool)> {
    use stateright::{Expectation, Model};
    w.properties().iter().map(|p| (p.name, p.expectation == Expectation::Always)).collect()
}
