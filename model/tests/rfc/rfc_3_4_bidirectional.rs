//! §3.4 Bidirectional stream states: Table 2, typed by hand, and both parts of one stream.

use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::receiving::RecvState as R;
use streamproof_model::rfc::rules::RFC9000;
use streamproof_model::rfc::sending::SendState as S;
use streamproof_model::rfc::stream::Composite as C;

use super::support::{BIDI, CODE, End, reset, stop, stream};

/// The rows in the table's order: the first that fits counts.
const TABLE_2: [(&[S], &[R], C); 10] = [
    (&[S::Ready], &[R::Recv], C::Idle),
    (&[S::Ready, S::Send, S::DataSent], &[R::Recv, R::SizeKnown], C::Open),
    (&[S::Ready, S::Send, S::DataSent], &[R::DataRecvd, R::DataRead], C::HalfClosedRemote),
    (&[S::Ready, S::Send, S::DataSent], &[R::ResetRecvd, R::ResetRead], C::HalfClosedRemote),
    (&[S::DataRecvd], &[R::Recv, R::SizeKnown], C::HalfClosedLocal),
    (&[S::ResetSent, S::ResetRecvd], &[R::Recv, R::SizeKnown], C::HalfClosedLocal),
    (&[S::ResetSent, S::ResetRecvd], &[R::DataRecvd, R::DataRead], C::Closed),
    (&[S::ResetSent, S::ResetRecvd], &[R::ResetRecvd, R::ResetRead], C::Closed),
    (&[S::DataRecvd], &[R::DataRecvd, R::DataRead], C::Closed),
    (&[S::DataRecvd], &[R::ResetRecvd, R::ResetRead], C::Closed),
];

#[test]
fn every_pair_of_states_is_in_the_row_of_table_2_that_it_has() {
    for sending in S::ALL {
        for receiving in R::ALL {
            let fits =
                |row: &&(&[S], &[R], C)| row.0.contains(&sending) && row.1.contains(&receiving);
            let row = TABLE_2.iter().find(fits).expect("a row");
            assert_eq!(C::of(sending, receiving), row.2, "{sending}, {receiving}");
        }
    }
}

fn composite(end: &End) -> C {
    end.at.streams[&BIDI].composite().expect("both parts")
}

#[test]
fn stream_is_idle_until_a_frame_of_the_peer_names_an_offset() {
    let mut end = End::sender(RFC9000);
    assert_eq!(composite(&end), C::Idle);
    end.receives([stream(BIDI, 0, 1, false)]);
    assert_eq!(composite(&end), C::Open);
}

#[test]
fn each_part_closes_its_half() {
    let mut end = End::sender(RFC9000);
    end.call(Call::Reset { stream_id: BIDI, code: CODE });
    end.sends();
    assert_eq!(composite(&end), C::HalfClosedLocal);
    end.receives([stream(BIDI, 0, 1, true)]);
    assert_eq!(composite(&end), C::Closed);
    let mut end = End::sender(RFC9000);
    end.receives([stream(BIDI, 0, 1, true)]);
    assert_eq!(composite(&end), C::HalfClosedRemote);
}

#[test]
fn frame_for_one_part_leaves_the_other_as_it_was() {
    let mut end = End::server(RFC9000, Parameters::WIDE);
    end.receives([stream(BIDI, 0, 1, false)]);
    let sending = end.at.sending(BIDI).cloned();
    end.receives([reset(BIDI, 1)]);
    assert_eq!(end.at.sending(BIDI).cloned(), sending);
    let receiving = end.at.receiving(BIDI).cloned();
    end.receives([stop(BIDI)]);
    assert_eq!(end.at.receiving(BIDI).cloned(), receiving);
    assert_eq!(end.sends(), [reset(BIDI, 0)]);
}

#[test]
fn stream_of_one_part_is_no_row_of_the_table() {
    let end = End::sender(RFC9000);
    assert_eq!(end.at.streams[&super::support::UNI].composite(), None);
}
