//! The known deviations of a system, with their errors as one line.

use crate::commands::UsageError;
use streamproof_conformance::deviations::Known;
use streamproof_conformance::sut::Sut;

pub(in crate::commands) fn known(sut: &dyn Sut) -> Result<Known, UsageError> {
    Known::of(sut).map_err(|error| UsageError(error.to_string()))
}
