//! The known deviations of a system, with their errors as one line.

use super::Bad;
use crate::deviations::Known;
use crate::sut::Sut;

pub(super) fn known(sut: &dyn Sut) -> Result<Known, Bad> {
    Known::of(sut.name()).map_err(|error| Bad(error.to_string()))
}
