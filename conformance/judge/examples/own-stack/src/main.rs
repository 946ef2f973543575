//! Prints what the suite says of the stack.

use own_stack::{OwnStack, run};
use streamproof_conformance::suite::SuiteError;

fn main() -> Result<(), SuiteError> {
    let report = run()?;
    println!("{report}");
    for deviant in &report.deviants {
        println!("{}", deviant.draw(&OwnStack)?);
    }
    Ok(())
}
