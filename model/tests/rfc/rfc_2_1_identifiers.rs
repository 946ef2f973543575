//! §2.1 Stream types and identifiers.

use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::identity::{Direction, Side, StreamId, StreamRole};
use streamproof_model::rfc::parameters::Parameters;

use super::support::{End, shows, stream};

#[test]
fn low_bits_of_an_identifier_are_those_of_table_1() {
    use Direction::{Bidirectional as Bidi, Unidirectional as Uni};
    let table = [
        (Side::Client, Bidi, 0),
        (Side::Server, Bidi, 1),
        (Side::Client, Uni, 2),
        (Side::Server, Uni, 3),
    ];
    for (initiator, direction, bits) in table {
        let id = StreamId::new(initiator, direction, 7);
        assert_eq!(id.value(), 7 << 2 | bits);
        assert_eq!((id.initiator(), id.direction(), id.ordinal()), (initiator, direction, 7));
    }
}

#[test]
fn one_way_stream_is_sent_on_by_its_initiator_alone() {
    let id = StreamId::new(Side::Server, Direction::Unidirectional, 0);
    assert_eq!(
        [id.role(Side::Server), id.role(Side::Client)],
        [StreamRole::SendOnly, StreamRole::ReceiveOnly]
    );
    let id = StreamId::new(Side::Server, Direction::Bidirectional, 0);
    assert_eq!([id.role(Side::Server), id.role(Side::Client)], [StreamRole::Both; 2]);
}

#[test]
fn streams_of_a_type_are_opened_in_order() {
    shows(
        |rules| {
            let mut end = End::client(rules, Parameters::WIDE);
            let direction = Direction::Unidirectional;
            for ordinal in 0..3 {
                let stream_id = StreamId::new(Side::Client, direction, ordinal);
                assert_eq!(end.call(Call::Open { direction }), Answer::Opened { stream_id });
            }
        },
        |rules| rules.next_ordinal = |_, _| 1,
    );
}

#[test]
fn stream_opens_all_of_its_type_with_lower_numbers() {
    shows(
        |rules| {
            let mut end = End::server(rules, Parameters::WIDE);
            let third = StreamId::new(Side::Client, Direction::Unidirectional, 2);
            end.receives([stream(third, 0, 1, false)]);
            let opened: Vec<_> = end.at.streams.keys().copied().collect();
            let lower =
                [0, 1, 2].map(|n| StreamId::new(Side::Client, Direction::Unidirectional, n));
            assert_eq!(opened, lower);
        },
        |rules| rules.first_opened = |_, ordinal| ordinal,
    );
}
