//! The presets of the full tier, which take minutes, the twins of `specs/streams.pml`, and what is checked only
//! where it is named.

use crate::rfc::identity::Side;
use crate::rfc::parameters::Parameters;
use crate::worlds::Tier;

use super::{
    ALL_CALLS, BASE, BIDI, BOTH, CREDIT, Calls, Handshake, Hostility, LOSSY, NARROW,
    NARROW_CONNECTION, NARROW_STREAM, NO_CALLS, ONE_STREAM, Preset, RAISED, REMEMBERED, Sends,
    TWIN, TWO_STREAMS,
};

/// After the quick ones.
pub(super) const LARGER: &[Preset] = &[
    Preset {
        name: "credit-connection-full",
        tier: Tier::Full,
        about: "two streams that share a connection's limit of one write; every call but drops",
        abstraction: "two streams, one write each: a third would only be another that holds credit, and \
                      several writes on one are in credit-connection-lossy",
        parameters: [NARROW_CONNECTION; 2],
        opened: 2,
        length: 8,
        unit: 8,
        in_flight: 1,
        calls: Calls { reset: true, abort_reading: true, open: 0, ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "limits-uni-full",
        tier: Tier::Full,
        about: "unidirectional streams without data, two at a time, three in all",
        abstraction: "no data: credit and limits on streams do not depend on each other",
        parameters: [TWO_STREAMS; 2],
        opened: 0,
        length: 0,
        in_flight: 1,
        calls: Calls { open: 3, reset: true, abort_reading: true, ..NO_CALLS },
        ..BASE
    },
    Preset {
        name: "zero-rtt-full",
        tier: Tier::Full,
        about: "a client sends under remembered limits; the server accepts with the same or higher ones, \
                or rejects",
        abstraction: "what arrives before the handshake is over arrives after it: nothing can come back \
                      to the client before",
        parameters: [Parameters::WIDE, REMEMBERED],
        opened: 0,
        length: 16,
        unit: 8,
        in_flight: 1,
        calls: Calls { open: 2, ..NO_CALLS },
        handshakes: &[
            Handshake { accepted: true, parameters: REMEMBERED },
            Handshake { accepted: true, parameters: RAISED },
            Handshake { accepted: false, parameters: REMEMBERED },
        ],
        ..CREDIT
    },
    Preset {
        name: "hostile-credit-full",
        tier: Tier::Full,
        about: "a receiver with narrow limits against a peer that sends around them",
        abstraction: "two streams, sizes at, below and above each limit, and around 2^62",
        parameters: [
            NARROW_CONNECTION,
            Parameters { max_data: 12, ..TWO_STREAMS.with_stream_limit(8) },
        ],
        hostile: Some(Side::Client),
        hostility: Hostility::Credit,
        length: 8,
        calls: Calls { abort_reading: true, ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "hostile-frames-full",
        tier: Tier::Full,
        about: "every frame for every kind of stream, against an endpoint that opens streams itself",
        abstraction: "fields only where a boundary is (2^60, 2^62-1): what the others do is in the other \
                      presets",
        opener: Side::Server,
        directions: BOTH,
        opened: 0,
        parameters: [NARROW; 2],
        hostile: Some(Side::Client),
        hostility: Hostility::EveryFrame,
        length: 0,
        calls: Calls { open: 1, ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "credit-stream-lossy-full",
        tier: Tier::Full,
        about: "the same, and any packet may be lost, MAX_STREAM_DATA and STREAM_DATA_BLOCKED too; \
                the server sends",
        abstraction: "neither reset nor abort: after either, limits do not matter any more",
        parameters: [NARROW_STREAM; 2],
        opener: Side::Server,
        length: 12,
        in_flight: 1,
        network_faults: LOSSY,
        ..CREDIT
    },
    Preset {
        name: "credit-connection-lossy-full",
        tier: Tier::Full,
        about: "one stream under a connection's limit; any packet may be lost, MAX_DATA and \
                DATA_BLOCKED too",
        abstraction: "one stream and no aborts: how streams share the limit is in credit-connection",
        parameters: [NARROW_CONNECTION; 2],
        opener: Side::Server,
        length: 12,
        in_flight: 1,
        network_faults: LOSSY,
        ..CREDIT
    },
    Preset {
        name: "limits-bidi-full",
        tier: Tier::Full,
        about: "bidirectional streams without data, one at a time, two in all; the server opens",
        abstraction: "no data, no aborts; both parts must be over before the next may come",
        parameters: [ONE_STREAM; 2],
        opener: Side::Server,
        directions: BIDI,
        opened: 0,
        length: 0,
        in_flight: 1,
        calls: Calls { open: 2, reset: true, ..NO_CALLS },
        ..BASE
    },
    Preset {
        name: "uni-free-full",
        tier: Tier::Full,
        about: "three bytes; endpoints send any permitted frame at any time",
        abstraction: "as uni-free",
        length: 3,
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..BASE
    },
    Preset {
        name: "uni-crowded-full",
        tier: Tier::Full,
        about: "two bytes; any permitted frame at any time, three packets in flight",
        abstraction: "as uni-free",
        in_flight: 3,
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..BASE
    },
    Preset {
        name: "credit-free-full",
        tier: Tier::Full,
        about: "a stream with a limit of two writes; limits are raised and told of at any time",
        abstraction: "neither reset nor abort: after either, limits do not matter any more",
        parameters: [NARROW_STREAM; 2],
        length: 12,
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..CREDIT
    },
    Preset {
        name: "uni-drop-full",
        tier: Tier::Full,
        about: "two bytes; handles are dropped, and any permitted frame is sent at any time",
        abstraction: "as uni-free",
        calls: Calls { late: false, ..ALL_CALLS },
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..BASE
    },
    Preset {
        name: "crowd-full",
        tier: Tier::Full,
        about: "four bytes, reset, aborted and lost; any permitted frame at any time, four packets in flight",
        abstraction: "the naive world at its largest: no observer, one stream, nothing reduced",
        length: 4,
        in_flight: 4,
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..TWIN
    },
    Preset {
        name: "pair-wide-full",
        tier: Tier::Full,
        about: "two streams of one byte under wide limits; any permitted frame at any time",
        abstraction: "no observer, neither reset nor abort: what reductions make of streams that share nothing",
        opened: 2,
        length: 1,
        calls: NO_CALLS,
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..TWIN
    },
    Preset {
        name: "pair-narrow-full",
        tier: Tier::Full,
        about: "two streams of one byte under a connection's limit of one; any permitted frame at any time",
        abstraction: "as pair-wide-full, with a limit that both share",
        parameters: [Parameters { max_data: 1, ..Parameters::WIDE }; 2],
        opened: 2,
        length: 1,
        calls: NO_CALLS,
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..TWIN
    },
    // The twins: specs/streams.pml describes the same worlds in Promela, and has as many states.
    Preset {
        name: "twin-stream",
        about: "two bytes, reset, aborted and lost; endpoints send any permitted frame at any time",
        abstraction: "uni-free without its observer: a state is the endpoints and the network",
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..TWIN
    },
    Preset {
        name: "twin-crowd",
        tier: Tier::Full,
        about: "as twin-stream, with five packets in flight",
        abstraction: "as twin-stream",
        in_flight: 5,
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..TWIN
    },
    Preset {
        name: "twin-credit",
        about: "two streams share a connection's limit of one byte; any packet may be lost",
        abstraction: "no resets and no aborts: they are in twin-window; limits of streams, too",
        parameters: [Parameters { max_data: 1, ..Parameters::WIDE }; 2],
        opened: 2,
        length: 1,
        in_flight: 1,
        calls: NO_CALLS,
        network_faults: LOSSY,
        ..TWIN
    },
    Preset {
        name: "twin-window",
        about: "three bytes on a stream with a limit of one, two for the connection; every call but drops",
        abstraction: "no loss: what is lost is in twin-credit",
        parameters: [Parameters { max_data: 2, max_stream_data_uni: 1, ..Parameters::WIDE }; 2],
        length: 3,
        calls: Calls { reset: true, abort_reading: true, ..NO_CALLS },
        ..TWIN
    },
    Preset {
        name: "twin-limits",
        about: "three streams without data, two at a time; any packet may be lost",
        abstraction: "no data: credit and limits on streams do not depend on each other",
        parameters: [TWO_STREAMS; 2],
        opened: 0,
        length: 0,
        in_flight: 1,
        calls: Calls { open: 3, ..NO_CALLS },
        network_faults: LOSSY,
        ..TWIN
    },
    Preset {
        name: "credit-stream-outdated",
        tier: Tier::Named,
        about: "four writes on a stream whose limit is two: limits overtake each other while there is more to \
                write; what the zoo's toy needs, as no other preset has a sender that meets a limit below its own",
        abstraction: "as credit-stream, and neither reset nor abort",
        parameters: [NARROW_STREAM; 2],
        length: 16,
        ..CREDIT
    },
];
