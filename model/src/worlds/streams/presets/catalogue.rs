//! Every preset. They divide the space instead of multiplying it: each has one subject and leaves the
//! others as narrow as its subject permits.

mod larger;

use crate::judging::way::Way;
use crate::rfc::identity::{Direction, Side};
use crate::rfc::parameters::Parameters;
use crate::worlds::Tier;

use larger::LARGER;

use super::{Calls, Handshake, Hostility, NetworkFaults, Preset, Sends};

const ALL_CALLS: Calls = Calls {
    reset: true,
    abort_reading: true,
    drop: true,
    late: true,
    open: 0,
    close: false,
    resize_window: &[],
    resize_streams: &[],
};
const NO_CALLS: Calls =
    Calls { reset: false, abort_reading: false, drop: false, late: false, ..ALL_CALLS };
const CLEAR: NetworkFaults = NetworkFaults { loses: false, duplicates: false, keeps: false };
const LOSSY: NetworkFaults = NetworkFaults { loses: true, duplicates: false, keeps: false };

const UNI: &[Direction] = &[Direction::Unidirectional];
const BIDI: &[Direction] = &[Direction::Bidirectional];
const BOTH: &[Direction] = &[Direction::Bidirectional, Direction::Unidirectional];

const BASE: Preset = Preset {
    name: "",
    about: "",
    abstraction: "",
    tier: Tier::Quick,
    opener: Side::Client,
    directions: UNI,
    opened: 1,
    parameters: [Parameters::WIDE; 2],
    hostile: None,
    hostility: Hostility::StreamLife,
    handshakes: &[],
    length: 2,
    unit: 1,
    in_flight: 2,
    sends: Sends::AtOnce,
    calls: ALL_CALLS,
    network_faults: CLEAR,
    way: Way::PERMITTED,
    twin: false,
};

/// The bounds of the presets that have a twin in Promela: no observer, and one frame in a packet.
const TWIN: Preset = Preset { twin: true, ..BASE };

/// The bounds of the presets about credit: 4 bytes a write, windows of two writes. (quinn tells of a raised
/// limit from an eighth of the window on, so the smallest window in which that is not zero is 8.)
const CREDIT: Preset = Preset { unit: 4, calls: NO_CALLS, ..BASE };

const NARROW_STREAM: Parameters = Parameters {
    max_stream_data_bidi_local: 8,
    max_stream_data_bidi_remote: 8,
    max_stream_data_uni: 8,
    ..Parameters::WIDE
};
/// Which limit is whose shows only where they differ.
const TWO_WAYS: Parameters = Parameters {
    max_stream_data_bidi_local: 4,
    max_stream_data_bidi_remote: 8,
    ..Parameters::WIDE
};
const NARROW_CONNECTION: Parameters = Parameters { max_data: 8, ..Parameters::WIDE };
const ONE_STREAM: Parameters =
    Parameters { max_streams_bidi: 1, max_streams_uni: 1, ..Parameters::WIDE };
const TWO_STREAMS: Parameters =
    Parameters { max_streams_bidi: 2, max_streams_uni: 2, ..Parameters::WIDE };
const NARROW: Parameters = Parameters {
    max_data: 8,
    max_stream_data_bidi_local: 8,
    max_stream_data_bidi_remote: 8,
    max_stream_data_uni: 8,
    max_streams_bidi: 1,
    max_streams_uni: 1,
};
/// Limits of which an eighth is more than one stream, and more than one write.
const SLACK: Parameters = Parameters {
    max_data: 64,
    max_streams_bidi: 16,
    max_streams_uni: 16,
    ..Parameters::WIDE.with_stream_limit(128)
};
/// What a client remembers in the presets about 0-RTT: one stream, two writes.
const REMEMBERED: Parameters = Parameters { max_data: 8, ..ONE_STREAM.with_stream_limit(8) };
const RAISED: Parameters = Parameters { max_data: 16, ..TWO_STREAMS.with_stream_limit(16) };
const LOWERED: [Parameters; 3] = [
    Parameters { max_data: 7, ..REMEMBERED },
    REMEMBERED.with_stream_limit(7),
    Parameters { max_streams_uni: 0, ..REMEMBERED },
];

/// Every preset, in the order in which they are checked and listed.
pub const PRESETS: &[Preset] = &{
    let mut all = [BASE; QUICK.len() + LARGER.len()];
    let mut place = 0;
    while place < all.len() {
        all[place] = match place < QUICK.len() {
            true => QUICK[place],
            false => LARGER[place - QUICK.len()],
        };
        place += 1;
    }
    all
};

/// What is checked in every run of the tests, but for the twins.
const QUICK: &[Preset] = &[
    Preset {
        name: "uni-plain",
        about: "one stream written, ended and read, packets in any order: what every stack can be asked",
        abstraction: "nothing is given up and nothing is lost: uni and uni-lossy have that",
        calls: NO_CALLS,
        ..BASE
    },
    Preset {
        name: "uni",
        about: "two bytes, every call but drops, packets in any order",
        abstraction: "no loss and no copies: uni-lossy and uni-double have them, on one byte",
        calls: Calls { drop: false, ..ALL_CALLS },
        ..BASE
    },
    Preset {
        name: "uni-lossy",
        about: "one byte, every call but drops; any packet may be lost",
        abstraction: "one byte: what is lost is repaired alike wherever it \
                      stands; orders of arrival are in uni",
        length: 1,
        calls: Calls { drop: false, late: false, ..ALL_CALLS },
        network_faults: LOSSY,
        ..BASE
    },
    Preset {
        name: "uni-double",
        about: "one byte, every call but drops; every frame may arrive again and again; the server \
                sends",
        abstraction: "one byte and no loss: a copy is a copy wherever it stands, and a lost one is \
                      none",
        opener: Side::Server,
        length: 1,
        calls: Calls { drop: false, late: false, ..ALL_CALLS },
        network_faults: NetworkFaults { duplicates: true, ..CLEAR },
        ..BASE
    },
    Preset {
        name: "uni-drop",
        about: "one byte; handles are dropped at any moment; packets are lost; the server sends",
        abstraction: "neither reset nor abort: nobody is left to call after a drop, and before it \
                      they are in uni",
        opener: Side::Server,
        length: 1,
        calls: Calls { drop: true, ..NO_CALLS },
        network_faults: LOSSY,
        ..BASE
    },
    Preset {
        name: "uni-free",
        about: "two bytes; endpoints send any permitted frame at any time (checked, not replayed)",
        abstraction: "no drops and no late calls: a drop sends what a reset or an abort sends, and a \
                      late call changes no state",
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        network_faults: LOSSY,
        sends: Sends::Freely,
        ..BASE
    },
    Preset {
        name: "bidi",
        about: "a bidirectional stream without data: ends, resets and aborts on both sides",
        abstraction: "no data and a clear network: the parts share nothing but their ID and the \
                      stream's end; each alone is in uni and its kin",
        directions: BIDI,
        length: 0,
        in_flight: 1,
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        ..BASE
    },
    Preset {
        name: "bidi-data",
        about: "a bidirectional stream: one byte each way; the server opens",
        abstraction: "no resets and no aborts: they are in bidi",
        opener: Side::Server,
        directions: BIDI,
        length: 1,
        in_flight: 1,
        calls: NO_CALLS,
        ..BASE
    },
    Preset {
        name: "credit-stream",
        about: "three writes on a stream whose limit is two; every call but drops",
        abstraction: "one stream and a wide connection: what the two limits do to each other is in \
                      credit-connection",
        parameters: [NARROW_STREAM; 2],
        length: 12,
        calls: Calls { reset: true, abort_reading: true, ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "credit-stream-lossy",
        about: "the same, and any packet may be lost, MAX_STREAM_DATA and STREAM_DATA_BLOCKED too; \
                the server sends",
        abstraction: "neither reset nor abort: after either, limits do not matter any more",
        parameters: [NARROW_STREAM; 2],
        opener: Side::Server,
        length: 16,
        unit: 8,
        in_flight: 1,
        network_faults: LOSSY,
        ..CREDIT
    },
    Preset {
        name: "credit-connection",
        about: "two streams that share a connection's limit of one write; every call but drops",
        abstraction: "two streams, one write each: a third would only be another that holds credit, and \
                      several writes on one are in credit-connection-lossy",
        parameters: [NARROW_CONNECTION; 2],
        opened: 2,
        length: 8,
        unit: 8,
        in_flight: 1,
        calls: Calls { abort_reading: true, ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "credit-connection-lossy",
        about: "one stream under a connection's limit; any packet may be lost, MAX_DATA and \
                DATA_BLOCKED too",
        abstraction: "one stream and no aborts: how streams share the limit is in credit-connection",
        parameters: [NARROW_CONNECTION; 2],
        opener: Side::Server,
        length: 16,
        unit: 8,
        in_flight: 1,
        network_faults: LOSSY,
        ..CREDIT
    },
    Preset {
        name: "credit-bidi",
        about: "a bidirectional stream, one write each way; the opener takes a half, its peer all of it",
        abstraction: "neither loss nor reset nor abort: how a limit is raised does not depend on the \
                      direction",
        parameters: [TWO_WAYS, NARROW_STREAM],
        directions: BIDI,
        length: 8,
        unit: 8,
        in_flight: 1,
        ..CREDIT
    },
    Preset {
        name: "credit-resize",
        about: "a connection's window grows from two writes to four, or shrinks to one, at any moment",
        abstraction: "one stream, one change: every other change begins where this one ends",
        parameters: [NARROW_CONNECTION; 2],
        length: 16,
        in_flight: 1,
        calls: Calls { resize_window: &[4, 16], ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "limits-uni",
        about: "unidirectional streams without data, two at a time, three in all",
        abstraction: "no data: credit and limits on streams do not depend on each other",
        parameters: [TWO_STREAMS; 2],
        opened: 0,
        length: 0,
        in_flight: 1,
        calls: Calls { open: 2, abort_reading: true, ..NO_CALLS },
        ..BASE
    },
    Preset {
        name: "limits-bidi",
        about: "bidirectional streams without data, one at a time, two in all; the server opens",
        abstraction: "no data, no aborts; both parts must be over before the next may come",
        parameters: [ONE_STREAM; 2],
        opener: Side::Server,
        directions: BIDI,
        opened: 0,
        length: 0,
        in_flight: 1,
        calls: Calls { open: 2, ..NO_CALLS },
        ..BASE
    },
    Preset {
        name: "limits-lossy",
        about: "unidirectional streams without data, one at a time; any packet may be lost, \
                MAX_STREAMS and STREAMS_BLOCKED too",
        abstraction: "no resets: how a stream ends does not matter to the limit",
        parameters: [ONE_STREAM; 2],
        opened: 0,
        length: 0,
        in_flight: 1,
        calls: Calls { open: 2, ..NO_CALLS },
        network_faults: LOSSY,
        ..BASE
    },
    Preset {
        name: "limits-cancel",
        about: "unidirectional streams of one byte, one at a time, two in all; their reader may abort",
        abstraction: "a clear network, and no resets but those that answer: a lost packet is in \
                      limits-lossy, a reset in limits-bidi-full",
        parameters: [ONE_STREAM; 2],
        opened: 0,
        length: 1,
        in_flight: 1,
        calls: Calls { open: 2, abort_reading: true, ..NO_CALLS },
        ..BASE
    },
    Preset {
        name: "limits-resize",
        about: "the limit on streams is raised from one to two at any moment",
        abstraction: "one change; the streams carry nothing",
        parameters: [ONE_STREAM; 2],
        opened: 0,
        length: 0,
        in_flight: 1,
        calls: Calls { open: 3, resize_streams: &[2], ..NO_CALLS },
        ..BASE
    },
    Preset {
        name: "close",
        about: "either application closes the connection at any moment",
        abstraction: "one byte, no resets: what a close does to a part does not depend on why the part \
                      stands where it does",
        opened: 0,
        length: 1,
        calls: Calls { close: true, late: true, open: 1, ..NO_CALLS },
        ..BASE
    },
    Preset {
        name: "zero-rtt",
        about: "a client sends under remembered limits; the server accepts with the same or higher ones, \
                or rejects",
        abstraction: "what arrives before the handshake is over arrives after it: nothing can come back \
                      to the client before",
        parameters: [Parameters::WIDE, REMEMBERED],
        opened: 0,
        length: 16,
        unit: 8,
        in_flight: 1,
        calls: Calls { open: 1, ..NO_CALLS },
        handshakes: &[
            Handshake { accepted: true, parameters: REMEMBERED },
            Handshake { accepted: true, parameters: RAISED },
            Handshake { accepted: false, parameters: REMEMBERED },
        ],
        ..CREDIT
    },
    Preset {
        name: "hostile-sender",
        about: "a receiver against a peer that sends any frame of a stream's life with any field",
        abstraction: "no network: a hostile peer is one; sizes up to two reach below, at and beyond a \
                      final size, and leave a gap",
        hostile: Some(Side::Client),
        length: 1,
        ..BASE
    },
    Preset {
        name: "hostile-receiver",
        about: "a sender against a peer that sends any frame of a stream's life with any field",
        abstraction: "no network: a hostile peer is one; it acknowledges only what was sent, as \
                      anything else is no stream matter",
        opener: Side::Server,
        hostile: Some(Side::Client),
        ..BASE
    },
    Preset {
        name: "hostile-credit",
        about: "a receiver with narrow limits against a peer that sends around them",
        abstraction: "two streams, sizes at, below and above each limit, and around 2^62",
        parameters: [
            NARROW_CONNECTION,
            Parameters { max_data: 12, ..TWO_STREAMS.with_stream_limit(8) },
        ],
        hostile: Some(Side::Client),
        hostility: Hostility::Credit,
        length: 8,
        calls: NO_CALLS,
        ..CREDIT
    },
    Preset {
        name: "hostile-credit-connection",
        about: "the same with a connection's limit below two frames; nobody reads",
        abstraction: "as hostile-credit; what is read is given back there",
        parameters: [
            NARROW_CONNECTION,
            Parameters { max_data: 8, ..TWO_STREAMS.with_stream_limit(8) },
        ],
        hostile: Some(Side::Client),
        hostility: Hostility::Credit,
        length: 8,
        calls: NO_CALLS,
        ..CREDIT
    },
    Preset {
        name: "hostile-slack-uni",
        about: "a receiver against a peer that goes beyond a limit, and not beyond the one that is still to be advertised",
        abstraction: "one stream is read to its end, which is too little for a new limit; then one frame beyond it",
        opened: 0,
        parameters: [Parameters::WIDE, SLACK],
        hostile: Some(Side::Client),
        hostility: Hostility::Slack,
        length: 4,
        ..CREDIT
    },
    Preset {
        name: "hostile-slack-bidi",
        about: "the same with bidirectional streams, which are over when both directions are",
        abstraction: "one stream ends both ways, which is too little for a new limit; then one frame beyond it",
        directions: BIDI,
        opened: 0,
        parameters: [Parameters::WIDE, SLACK],
        hostile: Some(Side::Client),
        hostility: Hostility::Slack,
        length: 0,
        ..CREDIT
    },
    Preset {
        name: "hostile-frames-uni",
        about: "every frame for every kind of unidirectional stream, against an endpoint that opens streams itself",
        abstraction: "fields only where a boundary is (2^60, 2^62-1): what the others do is in the other \
                      presets",
        opener: Side::Server,
        directions: UNI,
        opened: 0,
        parameters: [NARROW; 2],
        hostile: Some(Side::Client),
        hostility: Hostility::EveryFrame,
        length: 0,
        calls: Calls { open: 1, ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "hostile-frames-bidi",
        about: "every frame for every kind of bidirectional stream, against an endpoint that opens none",
        abstraction: "fields only where a boundary is (2^60, 2^62-1): what the others do is in the other \
                      presets",
        opener: Side::Client,
        directions: BIDI,
        opened: 0,
        parameters: [NARROW; 2],
        hostile: Some(Side::Client),
        hostility: Hostility::EveryFrame,
        length: 0,
        calls: NO_CALLS,
        ..CREDIT
    },
    Preset {
        name: "hostile-frames-bidi-ours",
        about: "every frame for the bidirectional streams that the endpoint under attack opens",
        abstraction: "fields only where a boundary is (2^60, 2^62-1): what the others do is in the other \
                      presets",
        opener: Side::Server,
        directions: BIDI,
        opened: 0,
        parameters: [NARROW; 2],
        hostile: Some(Side::Client),
        hostility: Hostility::EveryFrame,
        length: 0,
        calls: Calls { open: 1, ..NO_CALLS },
        ..CREDIT
    },
    Preset {
        name: "hostile-zero-rtt",
        about: "a client in 0-RTT against a server that accepts it and lowers a limit",
        abstraction: "one limit at a time",
        parameters: [Parameters::WIDE, REMEMBERED],
        opened: 0,
        hostile: Some(Side::Server),
        hostility: Hostility::Handshake,
        handshakes: &[
            Handshake { accepted: true, parameters: LOWERED[0] },
            Handshake { accepted: true, parameters: LOWERED[1] },
            Handshake { accepted: true, parameters: LOWERED[2] },
        ],
        length: 8,
        unit: 8,
        in_flight: 1,
        calls: Calls { open: 1, ..NO_CALLS },
        ..CREDIT
    },
];
