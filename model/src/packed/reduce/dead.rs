//! Dead values: what a part of a stream remembers and will never be asked for again.

use std::sync::Arc;

use rangemap::RangeSet;

use super::Lemmas;
use crate::rfc::delivery::Delivery;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::receiving::{ReceivingPart, RecvState};
use crate::rfc::sending::SendingPart;
use crate::rfc::stream::Stream;

/// The endpoint with one content for each value that is dead.
pub(super) fn normal(mut end: Endpoint, lemmas: &Lemmas) -> Endpoint {
    let peer = end.peer;
    let side = end.side;
    for (id, stream) in &mut end.streams {
        let first_limit = peer.on_stream(side.peer(), *id);
        let mut normal = Stream::clone(stream);
        if let Some(part) = &mut normal.sending {
            sending(part, first_limit);
        }
        if let Some(part) = &mut normal.receiving {
            receiving(part);
            if (lemmas.forget_received)(part) {
                part.received = RangeSet::new();
            }
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
        part.fin = Delivery::Acked;
    }
    if known && sent > 0 {
        part.sent = std::iter::once(0..sent).collect();
    }
}

fn receiving(part: &mut ReceivingPart) {
    if let Some(size) = part.final_size {
        part.named = size;
    }
    match part.state {
        RecvState::Recv => {}
        // What arrived before a reset may still be read (§3.2), so it is not dead yet.
        RecvState::SizeKnown
        | RecvState::DataRecvd
        | RecvState::DataRead
        | RecvState::ResetRecvd => {
            part.credit.delivery = Delivery::Acked;
        }
        RecvState::ResetRead => {
            part.credit.delivery = Delivery::Acked;
            part.received = RangeSet::new();
        }
    }
}
