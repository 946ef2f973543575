//! Dead values: what a part of a stream remembers and will never be asked for again.

use std::sync::Arc;

use rangemap::RangeSet;

use crate::rfc::carriage::Carriage;
use crate::rfc::choices::Choice;
use crate::rfc::endpoint::{Endpoint, Stream};
use crate::rfc::receiving::{ReceivingPart, RecvState};
use crate::rfc::sending::SendingPart;
use crate::world::system::World;

/// The endpoint with one content for each value that is dead.
pub(super) fn normal(world: &World, mut end: Endpoint) -> Endpoint {
    let peer = end.peer;
    let side = end.side;
    let completes = world.preset.choices.data_completes_after_reset != Choice::Never;
    for (id, stream) in &mut end.streams {
        let first_limit = peer.on_stream(side.peer(), *id);
        let mut normal = Stream::clone(stream);
        if let Some(part) = &mut normal.sending {
            sending(part, first_limit);
        }
        if let Some(part) = &mut normal.receiving {
            receiving(part, completes);
        }
        if normal != **stream {
            *stream = Arc::new(normal);
        }
    }
    end
}

fn sending(part: &mut SendingPart, first_limit: u64) {
    let sent = part.largest_sent();
    let over = part.ended || part.reset.is_some() || part.state.is_terminal();
    // Nothing more will be written, so the limit is dead; unless it was broken, which is to be seen.
    if over && sent <= part.credit.limit {
        part.credit.limit = first_limit.max(sent).min(part.credit.limit);
        part.credit.blocked = None;
    }
    let known = part.reset.is_some_and(|reset| reset.final_size.is_some());
    if part.reset.is_some() {
        // What of the data is acknowledged is dead: only the reset is waited for.
        part.acked = RangeSet::new();
        part.lost = RangeSet::new();
        part.fin = Carriage::Acked;
    }
    if known && sent > 0 {
        part.sent = std::iter::once(0..sent).collect();
    }
}

fn receiving(part: &mut ReceivingPart, completes: bool) {
    if let Some(size) = part.final_size {
        part.named = size;
    }
    match part.state {
        RecvState::Recv => {}
        RecvState::SizeKnown | RecvState::DataRecvd | RecvState::DataRead => {
            part.credit.carriage = Carriage::Acked;
        }
        RecvState::ResetRecvd | RecvState::ResetRead => {
            part.credit.carriage = Carriage::Acked;
            let late = part.state == RecvState::ResetRecvd && completes && part.stop.is_none();
            if !late {
                part.received = RangeSet::new();
            }
        }
    }
}
