//! §4.5: the final size.

use super::Class::{Error, FinalSize};
use super::{Mutant, mutant, rules};
use crate::rfc::rules::{RFC9000, Rules};
use crate::rfc::violation::Violation;

#[rustfmt::skip] // a table
pub(super) const MUTANTS: &[Mutant] = &[
    mutant("count unsent bytes into a reset's final size", "4.5", FinalSize, "uni",
        "§4.5 a reset's final size is what was sent",
        Rules { reset_final_size: |part| part.written, ..RFC9000 }),
    mutant("reset with final size 0", "4.5", FinalSize, "uni",
        "§4.5 a reset's final size is what was sent",
        Rules { reset_final_size: |_| 0, ..RFC9000 })
        .seen(&["web-transport #306"]),
    mutant("leave the last frame's data out of the final size", "4.5", FinalSize, "uni",
        "§4.5 both ends agree on the final size",
        Rules { final_size_of_fin: |offset, _| offset, ..RFC9000 }),
    mutant("forget final size", "4.5", FinalSize, "hostile-sender",
        "§4.5 final size never changes",
        Rules { final_size_changes: |_, _| false, ..RFC9000 })
        .seen(&["zquic #109"]),
    mutant("accept a larger final size", "4.5", FinalSize, "hostile-sender",
        "§4.5 final size never changes",
        Rules { final_size_changes: |known, stated| stated < known, ..RFC9000 }),
    mutant("accept a final size below what was received", "4.5", FinalSize, "hostile-sender",
        "§4.5 final size never changes",
        Rules { final_size_is_below: |_, _| false, ..RFC9000 })
        .seen(&["xquic #629"]),
    mutant("accept data beyond final size", "4.5", FinalSize, "hostile-sender",
        "§20.1 a violation is answered with its own error",
        Rules { data_is_beyond: |_, _| false, ..RFC9000 }),
    mutant("take FIN for a byte", "4.5", FinalSize, "uni",
        "§4.5 no byte at or beyond the final size is accepted",
        Rules { side_effect: rules::fin_is_a_byte, ..RFC9000 }),
    mutant("let late data move the end", "4.5", FinalSize, "hostile-sender",
        "§4.5 final size never changes",
        Rules { side_effect: rules::data_moves_the_end, ..RFC9000 }),
    mutant("forget what was written when STOP_SENDING comes after FIN", "4.5", FinalSize, "uni",
        "§4.5 both ends agree on the final size",
        Rules { side_effect: rules::stop_empties_the_buffer, ..RFC9000 }),
    mutant("compare with the final size off by one", "4.5", FinalSize, "uni",
        "§11.1 a legal peer is never closed on",
        Rules { data_is_beyond: |known, end| end >= known, ..RFC9000 }),
    mutant("call a changed final size a state error", "20.1", Error, "hostile-sender",
        "§20.1 a violation is answered with its own error",
        Rules { changed_final_size: |_| Violation::StreamOnSendOnly, ..RFC9000 }),
];
