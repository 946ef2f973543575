//! §13.3 Retransmission of information: what is sent again after a loss, and what is not.

use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::delivery::Delivery;
use streamproof_model::rfc::frame::{Frame, FrameType};
use streamproof_model::rfc::identity::Direction;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::rules::{RFC9000, Rules};

use super::support::{BIDI, CODE, End, UNI, reset, shows, stop, stream};

const NARROW: Parameters =
    Parameters { max_data: 4, max_streams_uni: 1, ..Parameters::WIDE.with_stream_limit(4) };

/// What is lost goes out again, the same; with frames of that type not repeated, it does not.
fn is_repeated(end: impl Fn(Rules) -> End, never: fn(&mut Rules)) {
    shows(
        |rules| {
            let mut end = end(rules);
            let sent = end.sends();
            assert!(!sent.is_empty());
            end.loses();
            assert_eq!(end.sends(), sent);
        },
        never,
    );
}

#[test]
fn lost_data_and_its_end_are_sent_again() {
    let writer = |rules| {
        let mut end = End::sender(rules);
        end.call(Call::Write { stream_id: UNI, length: 3 });
        end.call(Call::End { stream_id: UNI });
        end
    };
    is_repeated(writer, |rules| rules.is_sent_again = |frame| frame != FrameType::Stream);
}

#[test]
fn lost_reset_stream_is_sent_again_unchanged() {
    let resetter = |rules| {
        let mut end = End::sender(rules);
        end.call(Call::Write { stream_id: UNI, length: 3 });
        end.call(Call::Reset { stream_id: UNI, code: CODE });
        end
    };
    is_repeated(resetter, |rules| rules.is_sent_again = |frame| frame != FrameType::ResetStream);
    let mut end = resetter(RFC9000);
    assert_eq!(end.sends(), [reset(UNI, 0)]);
}

#[test]
fn lost_stop_sending_is_sent_again_until_it_is_needless() {
    let stopper = |rules| {
        let mut end = End::server(rules, Parameters::WIDE);
        end.receives([stream(UNI, 0, 1, false)]);
        end.call(Call::AbortReading { stream_id: UNI, code: CODE });
        end
    };
    is_repeated(stopper, |rules| rules.is_sent_again = |frame| frame != FrameType::StopSending);
    let mut end = stopper(RFC9000);
    assert_eq!(end.sends(), [stop(UNI)]);
    end.loses();
    end.receives([stream(UNI, 1, 0, true)]);
    assert_eq!(end.sends(), [], "everything has arrived");
}

#[test]
fn lost_limits_are_sent_again() {
    let reader = |rules| {
        let mut end = End::server(rules, NARROW);
        end.receives([stream(UNI, 0, 2, false)]);
        end.call(Call::Read { stream_id: UNI });
        end
    };
    is_repeated(reader, |rules| rules.is_sent_again = |frame| frame != FrameType::MaxData);
    is_repeated(reader, |rules| rules.is_sent_again = |frame| frame != FrameType::MaxStreamData);
    let over = |rules| {
        let mut end = End::server(rules, NARROW);
        end.receives([stream(UNI, 0, 0, true)]);
        end.call(Call::Read { stream_id: UNI });
        end
    };
    is_repeated(over, |rules| rules.is_sent_again = |frame| frame != FrameType::MaxStreams);
}

#[test]
fn lost_limit_is_sent_again_with_its_latest_value() {
    let mut end = End::server(RFC9000, NARROW);
    for (offset, limit) in [(0, 6), (2, 8)] {
        end.receives([stream(UNI, offset, 2, false)]);
        end.call(Call::Read { stream_id: UNI });
        assert!(end.sends().contains(&Frame::MaxData { maximum_data: limit }));
    }
    end.loses();
    let again = end.sends();
    assert!(again.contains(&Frame::MaxData { maximum_data: 8 }), "{again:?}");
    assert!(!again.contains(&Frame::MaxData { maximum_data: 6 }), "{again:?}");
}

#[test]
fn lost_news_of_being_blocked_is_sent_again_while_blocked() {
    let mut tight = NARROW;
    tight.max_data = 2;
    let blocked = |parameters: Parameters| {
        move |rules| {
            let mut end = End::client(rules, parameters);
            end.call(Call::Open { direction: Direction::Unidirectional });
            end.call(Call::Write { stream_id: UNI, length: 4 });
            let sent = end.sends();
            end.is_acknowledged(&sent[..1]);
            end.call(Call::Write { stream_id: UNI, length: 1 });
            end
        }
    };
    is_repeated(blocked(tight), |rules| {
        rules.is_sent_again = |frame| frame != FrameType::DataBlocked
    });
    let wide = Parameters { max_data: 9, ..NARROW };
    is_repeated(blocked(wide), |rules| {
        rules.is_sent_again = |frame| frame != FrameType::StreamDataBlocked
    });
    let opener = |rules| {
        let mut end = End::client(rules, NARROW);
        end.call(Call::Open { direction: Direction::Unidirectional });
        end.call(Call::Open { direction: Direction::Unidirectional });
        end
    };
    is_repeated(opener, |rules| rules.is_sent_again = |frame| frame != FrameType::StreamsBlocked);
    // Not once the limit is raised.
    let mut end = opener(RFC9000);
    end.sends();
    end.loses();
    end.receives([Frame::MaxStreams { direction: Direction::Unidirectional, maximum_streams: 2 }]);
    assert_eq!(end.sends(), []);
}

#[test]
fn what_was_acknowledged_is_not_sent_again() {
    let mut end = End::sender(RFC9000);
    end.call(Call::Write { stream_id: UNI, length: 2 });
    let first = end.sends();
    end.call(Call::Write { stream_id: UNI, length: 2 });
    let second = end.sends();
    end.is_acknowledged(&first);
    end.loses();
    assert_eq!(end.sends(), second);
}

#[test]
fn data_is_not_sent_again_after_a_reset() {
    let mut end = End::sender(RFC9000);
    end.call(Call::Write { stream_id: BIDI, length: 2 });
    end.sends();
    end.call(Call::Reset { stream_id: BIDI, code: CODE });
    end.sends();
    end.loses();
    assert_eq!(end.sends(), [reset(BIDI, 2)]);
}

#[test]
fn information_is_owed_until_it_is_in_flight_and_again_once_it_is_lost() {
    let owed = [Delivery::Due, Delivery::Lost];
    for delivery in [Delivery::Due, Delivery::InFlight, Delivery::Lost, Delivery::Acked] {
        assert_eq!(delivery.is_owed(), owed.contains(&delivery));
    }
}
