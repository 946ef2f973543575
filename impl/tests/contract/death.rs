//! The ways in which a connection ends under its streams.
//!
//! Deliberately not here: an idle timeout and a stateless reset, which the arena has not.

use bytes::Bytes;
use quinn::ConnectionError;
use streamproof_harness::wire::Frame;

use crate::support::{Stage, code};

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Death {
    ClosedByPeer,
    ClosedByPeersTransport,
    PeerBrokeARule,
    ClosedByUs,
    DriverDropped,
}

impl Death {
    pub(crate) const ALL: [Self; 5] = [
        Self::ClosedByPeer,
        Self::ClosedByPeersTransport,
        Self::PeerBrokeARule,
        Self::ClosedByUs,
        Self::DriverDropped,
    ];

    /// Ends the connection this way, and returns the cause.
    pub(crate) fn strike(self, stage: &mut Stage) -> ConnectionError {
        let close = |frame_type| Frame::ConnectionClose {
            error_code: 9,
            frame_type,
            reason: Bytes::from_static(b"bye"),
        };
        println!("death: {self:?}");
        match self {
            Self::ClosedByPeer => stage.deliver(&[close(None)]),
            Self::ClosedByPeersTransport => stage.deliver(&[close(Some(0))]),
            Self::PeerBrokeARule => {
                // No frame has this type.
                stage.arena.deliver_payload(b"\x21");
            }
            Self::ClosedByUs => stage.manager.close(code(9), b"bye"),
            Self::DriverDropped => stage.arena.world.abort(&stage.driver),
        }
        stage.settle();
        let cause = stage.arena.close_reason().expect("a dead connection");
        let is_expected = match self {
            Self::ClosedByPeer => matches!(&cause, ConnectionError::ApplicationClosed(close)
                if close.error_code == code(9)),
            Self::ClosedByPeersTransport => matches!(cause, ConnectionError::ConnectionClosed(_)),
            Self::PeerBrokeARule => matches!(cause, ConnectionError::TransportError(_)),
            Self::ClosedByUs | Self::DriverDropped => cause == ConnectionError::LocallyClosed,
        };
        assert!(is_expected, "{cause}");
        cause
    }
}
