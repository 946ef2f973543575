//! Two puppets opposite each other: the handshake, packets that only they can read, and a key update.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use streamproof_harness::Side;
use streamproof_harness::puppet::protection::Flight;
use streamproof_harness::puppet::{Protection, ProtectionError, Puppet, PuppetConfig};
use streamproof_harness::wire::packet::{Context, Header, Packet, PacketError};
use streamproof_harness::wire::parameters::TransportParameters;
use streamproof_harness::wire::{ConnectionId, Frame};

use crate::TlsConfig;
use crate::connection::Tls;
use crate::protection::Keyring as _;

fn puppet(side: Side, protection: Box<dyn Protection>) -> Puppet {
    Puppet::new(PuppetConfig {
        side,
        parameters: TransportParameters { initial_max_data: 77, ..Default::default() },
        first_destination: ConnectionId::from_u64(7),
        holds_back: false,
        protection: Some(protection),
        tap: None,
        log: false,
    })
}

/// Both send what they have until neither has anything, as the network does that loses nothing.
fn exchange(client: &mut Puppet, server: &mut Puppet) -> Vec<Bytes> {
    let mut sent = Vec::new();
    loop {
        let (up, down) = (client.take_outgoing(), server.take_outgoing());
        if up.is_empty() && down.is_empty() {
            return sent;
        }
        sent.extend(up.iter().chain(&down).cloned());
        up.into_iter().for_each(|datagram| server.receive(datagram));
        down.into_iter().for_each(|datagram| client.receive(datagram));
    }
}

fn pair() -> (Puppet, Puppet) {
    let tls = TlsConfig::new(&[b"test"]).expect("TLS");
    let [mut client, mut server] =
        [Side::Client, Side::Server].map(|side| puppet(side, tls.protection(side)));
    exchange(&mut client, &mut server);
    (client, server)
}

#[test]
fn handshake_is_confirmed_on_both_sides_and_tells_the_parameters() {
    let (client, server) = pair();
    for puppet in [&client, &server] {
        assert!(puppet.is_handshake_confirmed(), "{:?}", puppet.complaints());
        assert_eq!(puppet.peer_parameters().map(|known| known.initial_max_data), Some(77));
        assert_eq!(puppet.complaints(), []);
    }
}

#[test]
fn frames_arrive_and_nobody_else_can_read_them() {
    let (mut client, mut server) = pair();
    drop(server.take_received());
    let data = Bytes::from_static(b"not for everybody");
    let stream = Frame::Stream { stream_id: 0, offset: 0, fin: true, data: data.clone() };
    let number = client.send(std::slice::from_ref(&stream));
    let sent = exchange(&mut client, &mut server);
    assert!(sent.iter().all(|datagram| !datagram.windows(data.len()).any(|part| part == data)));
    let received = server.take_received();
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].packet_number, &received[0].frames), (number, &vec![stream]));
}

#[test]
fn packet_that_was_changed_does_not_open() {
    let (mut client, mut server) = pair();
    drop(server.take_received());
    client.send(&[Frame::Ping, Frame::Ping]);
    let mut datagram = client.take_outgoing().remove(0).to_vec();
    *datagram.last_mut().expect("a tag") ^= 1;
    server.receive(datagram.into());
    assert_eq!(server.take_received(), []);
    assert_eq!(server.complaints().len(), 1, "and it is told");
}

/// One connection's TLS, of which the test keeps a copy.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Tls>>);

impl Shared {
    fn tls(&self) -> MutexGuard<'_, Tls> {
        self.0.lock().expect("nobody has panicked")
    }
}

impl Protection for Shared {
    fn begin(
        &mut self,
        destination: ConnectionId,
        parameters: Vec<u8>,
    ) -> Result<Flight, ProtectionError> {
        self.tls().begin(destination, parameters)
    }

    fn has_begun(&self) -> bool {
        self.tls().has_begun()
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Flight, ProtectionError> {
        Protection::read(&mut *self.tls(), bytes)
    }

    fn peer_parameters(&self) -> Option<Bytes> {
        self.tls().peer_parameters()
    }

    fn is_complete(&self) -> bool {
        self.tls().is_complete()
    }

    fn seal(&self, header: &Header, payload: &[u8], datagram: &mut Vec<u8>) {
        self.tls().seal(header, payload, datagram);
    }

    fn open_next(
        &mut self,
        rest: &mut Bytes,
        context: &Context,
    ) -> Option<Result<Packet, PacketError>> {
        self.tls().open_next(rest, context)
    }
}

#[test]
fn key_update_of_the_peer_is_followed() {
    let tls = TlsConfig::new(&[b"test"]).expect("TLS");
    let kept = Shared(Arc::new(Mutex::new(Tls::new(tls.clone(), Side::Client))));
    let mut client = puppet(Side::Client, Box::new(kept.clone()));
    let mut server = puppet(Side::Server, tls.protection(Side::Server));
    exchange(&mut client, &mut server);
    drop((client.take_received(), server.take_received()));
    kept.tls().update();
    client.send(&[Frame::Ping]);
    exchange(&mut client, &mut server);
    assert_eq!(server.take_received().len(), 1, "{:?}", server.complaints());
    server.send(&[Frame::Ping]);
    exchange(&mut client, &mut server);
    assert_eq!(client.take_received().len(), 1, "{:?}", client.complaints());
}
