//! A peer that sends what it is told to, right or wrong: what no quinn can be made to do by its API.
//!
//! The handshake is that of a [`Pair`]. Its 1-RTT keys are kept on the peer's side, and from there on the peer's
//! connection is no longer driven: [`Peer`] speaks in its place. No time passes, nothing is sent again, and nothing is
//! acknowledged unasked.

use super::*;
use crate::crypto::{ExportKeyingMaterialError, Keys, UnsupportedVersion};

/// The peer of the connection under test, which is the other end of the pair.
pub(super) struct Peer {
    side: Side,
    /// The handle of the connection under test.
    ch: ConnectionHandle,
    keys: Arc<Keys>,
    /// The connection ID under which the connection under test is reached.
    cid: Vec<u8>,
    /// The numbers of the packets sent, those that did not arrive included.
    sent: Vec<u32>,
    /// The numbers of the packets received that were about streams, in order.
    received: Vec<u64>,
    /// The streams that the application under test has accepted.
    pub(super) accepted: Vec<StreamId>,
}

/// The peer's packet numbers begin here, above those of its handshake.
const FIRST: u32 = 1000;

/// A header: type, connection ID, packet number.
const PN_OFFSET: usize = 9;

impl Peer {
    /// Connects a pair; `side` is that of the connection under test, `own` its configuration, `peers` that of its
    /// peer. Gives the handle of the connection under test.
    pub(super) fn connect(
        side: Side,
        mut own: TransportConfig,
        peers: TransportConfig,
    ) -> (Pair, ConnectionHandle, Self) {
        // Few packets, always the same: no keys are updated before the peer has spoken.
        own.mtu_discovery_config = None;
        let kept = Kept::default();
        let (mut client, mut server) = (client_config(), server_config());
        let (own, peers) = (Arc::new(own), Arc::new(peers));
        match side {
            Side::Client => {
                server.crypto = Arc::new(Keeping(Arc::new(server_crypto()), kept.clone()));
                (client.transport, server.transport) = (own, peers);
            }
            Side::Server => {
                client.crypto = Arc::new(Keeping(Arc::new(client_crypto()), kept.clone()));
                (client.transport, server.transport) = (peers, own);
            }
        }
        let endpoint = |server| Endpoint::new(Default::default(), server, true, Some([7; 32]));
        let mut pair = Pair::new_from_endpoint(endpoint(None), endpoint(Some(Arc::new(server))));
        let (client_ch, server_ch) = pair.connect_with(client);
        let keys = kept.lock().unwrap().take().expect("1-RTT keys");

        // A last packet of the peer's own shows the connection ID that it writes to.
        let (ch, ping) = match side {
            Side::Client => {
                pair.server_conn_mut(server_ch).ping();
                pair.drive_server();
                (client_ch, pair.client.inbound.pop_back())
            }
            Side::Server => {
                pair.client_conn_mut(client_ch).ping();
                pair.drive_client();
                (server_ch, pair.server.inbound.pop_back())
            }
        };
        let cid = ping.expect("a packet").2[1..PN_OFFSET].to_vec();
        let (sent, received, accepted) = Default::default();
        let peer = Self {
            side: !side,
            ch,
            keys,
            cid,
            sent,
            received,
            accepted,
        };
        (pair, ch, peer)
    }

    /// The next packet arrives, with these frames; gives what the connection under test sends then.
    pub(super) fn sends(&mut self, pair: &mut Pair, frames: &[u8]) -> Vec<Frame> {
        self.holds_back(1);
        self.sends_late(pair, self.sent.len() - 1, frames)
    }

    /// So many packets are sent that do not arrive, or arrive late.
    pub(super) fn holds_back(&mut self, packets: u32) {
        let next = FIRST + self.sent.len() as u32;
        self.sent.extend(next..next + packets);
    }

    /// The packet at this place among those sent, from 0, arrives with these frames.
    pub(super) fn sends_late(
        &mut self,
        pair: &mut Pair,
        place: usize,
        frames: &[u8],
    ) -> Vec<Frame> {
        let number = self.sent[place];
        let mut packet = vec![0x43]; // A short header, a packet number of four bytes.
        packet.extend(&self.cid);
        packet.extend(number.to_be_bytes());
        let header_len = packet.len();
        packet.extend(frames);
        packet.resize(packet.len() + self.keys.packet.local.tag_len(), 0);
        self.keys
            .packet
            .local
            .encrypt(number.into(), &mut packet, header_len);
        self.keys.header.local.encrypt(PN_OFFSET, &mut packet);
        let datagram = (pair.time, None, packet[..].into());
        match self.side {
            Side::Client => pair.server.inbound.push_back(datagram),
            Side::Server => pair.client.inbound.push_back(datagram),
        }
        self.receives(pair)
    }

    /// Acknowledges packets: those received that were about streams, counted from 0.
    pub(super) fn acknowledges(&mut self, pair: &mut Pair, packets: &[usize]) -> Vec<Frame> {
        self.holds_back(1);
        self.acknowledges_late(pair, self.sent.len() - 1, packets)
    }

    /// The same, in the packet at this place among those sent.
    pub(super) fn acknowledges_late(
        &mut self,
        pair: &mut Pair,
        place: usize,
        packets: &[usize],
    ) -> Vec<Frame> {
        let mut ranges = crate::range_set::ArrayRangeSet::default();
        for number in packets.iter().map(|packet| self.received[*packet]) {
            ranges.insert(number..number + 1);
        }
        if ranges.is_empty() {
            return Vec::new();
        }
        let mut ack = Vec::new();
        frame::Ack::encode(0, &ranges, None, &mut ack);
        self.sends_late(pair, place, &ack)
    }

    /// The connection under test runs, and its application accepts every stream; gives what is sent.
    pub(super) fn receives(&mut self, pair: &mut Pair) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let inbound = match self.side {
                Side::Client => {
                    pair.drive_server();
                    &mut pair.client.inbound
                }
                Side::Server => {
                    pair.drive_client();
                    &mut pair.server.inbound
                }
            };
            let datagrams: Vec<BytesMut> = inbound.drain(..).map(|(_, _, data)| data).collect();
            if datagrams.is_empty() {
                return frames;
            }
            for datagram in datagrams {
                frames.extend(self.opens(datagram));
            }
            let conn = match self.side {
                Side::Client => pair.server_conn_mut(self.ch),
                Side::Server => pair.client_conn_mut(self.ch),
            };
            for dir in [Dir::Bi, Dir::Uni] {
                self.accepted
                    .extend(std::iter::from_fn(|| conn.streams().accept(dir)));
            }
        }
    }

    /// The frames of a packet, but for padding and acknowledgements.
    fn opens(&mut self, mut packet: BytesMut) -> Vec<Frame> {
        self.keys.header.remote.decrypt(PN_OFFSET, &mut packet);
        // All of the number is there: no more than a few packets were sent.
        let length = usize::from(packet[0] & 3) + 1;
        let header = packet.split_to(PN_OFFSET + length);
        let byte = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let number = header[PN_OFFSET..].iter().fold(0, byte);
        self.keys
            .packet
            .remote
            .decrypt(number, &header, &mut packet)
            .expect("a 1-RTT packet");
        let frames = frame::Iter::new(packet.freeze())
            .unwrap()
            .map(|frame| frame.ok().unwrap());
        let frames: Vec<Frame> = frames
            .filter(|frame| !matches!(frame, Frame::Padding | Frame::Ack(_)))
            .collect();
        if frames.iter().any(is_about_streams) {
            self.received.push(number);
        }
        frames
    }
}

fn is_about_streams(frame: &Frame) -> bool {
    matches!(
        frame,
        Frame::ResetStream(_)
            | Frame::StopSending(_)
            | Frame::Stream(_)
            | Frame::MaxData(_)
            | Frame::MaxStreamData { .. }
            | Frame::MaxStreams { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StreamsBlocked { .. }
            | Frame::Close(_)
    )
}

type Kept = Arc<Mutex<Option<Arc<Keys>>>>;

/// TLS as it is, and the 1-RTT keys kept.
struct Keeping<T>(Arc<T>, Kept);

impl crypto::ClientConfig for Keeping<crypto::rustls::QuicClientConfig> {
    fn start_session(
        self: Arc<Self>,
        version: u32,
        server_name: &str,
        params: &TransportParameters,
    ) -> Result<Box<dyn crypto::Session>, ConnectError> {
        let inner = self.0.clone().start_session(version, server_name, params)?;
        Ok(Box::new(Session {
            inner,
            kept: self.1.clone(),
            written: 0,
        }))
    }
}

impl crypto::ServerConfig for Keeping<QuicServerConfig> {
    fn initial_keys(
        &self,
        version: u32,
        dst_cid: &ConnectionId,
    ) -> Result<Keys, UnsupportedVersion> {
        self.0.initial_keys(version, dst_cid)
    }

    fn retry_tag(&self, version: u32, orig_dst_cid: &ConnectionId, packet: &[u8]) -> [u8; 16] {
        self.0.retry_tag(version, orig_dst_cid, packet)
    }

    fn start_session(
        self: Arc<Self>,
        version: u32,
        params: &TransportParameters,
    ) -> Box<dyn crypto::Session> {
        let inner = self.0.clone().start_session(version, params);
        Box::new(Session {
            inner,
            kept: self.1.clone(),
            written: 0,
        })
    }
}

struct Session {
    inner: Box<dyn crypto::Session>,
    kept: Kept,
    /// How many keys were given: those of the handshake, those of 1-RTT.
    written: usize,
}

impl crypto::Session for Session {
    fn initial_keys(&self, dst_cid: &ConnectionId, side: Side) -> Keys {
        self.inner.initial_keys(dst_cid, side)
    }

    fn handshake_data(&self) -> Option<Box<dyn std::any::Any>> {
        self.inner.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn std::any::Any>> {
        self.inner.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn crypto::HeaderKey>, Box<dyn crypto::PacketKey>)> {
        self.inner.early_crypto()
    }

    fn early_data_accepted(&self) -> Option<bool> {
        self.inner.early_data_accepted()
    }

    fn is_handshaking(&self) -> bool {
        self.inner.is_handshaking()
    }

    fn read_handshake(&mut self, buf: &[u8]) -> Result<bool, TransportError> {
        self.inner.read_handshake(buf)
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        self.inner.transport_parameters()
    }

    fn write_handshake(&mut self, buf: &mut Vec<u8>) -> Option<Keys> {
        let keys = self.inner.write_handshake(buf)?;
        self.written += 1;
        if self.written < 2 {
            return Some(keys);
        }
        let keys = Arc::new(keys);
        *self.kept.lock().unwrap() = Some(keys.clone());
        let key = |is_local| {
            Box::new(Key {
                keys: keys.clone(),
                is_local,
            })
        };
        Some(Keys {
            header: crypto::KeyPair {
                local: key(true),
                remote: key(false),
            },
            packet: crypto::KeyPair {
                local: key(true),
                remote: key(false),
            },
        })
    }

    fn next_1rtt_keys(&mut self) -> Option<crypto::KeyPair<Box<dyn crypto::PacketKey>>> {
        self.inner.next_1rtt_keys()
    }

    fn is_valid_retry(&self, orig_dst_cid: &ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        self.inner.is_valid_retry(orig_dst_cid, header, payload)
    }

    fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        self.inner.export_keying_material(output, label, context)
    }
}

/// One of the keys that are kept, for the connection itself.
struct Key {
    keys: Arc<Keys>,
    is_local: bool,
}

impl Key {
    fn packet(&self) -> &dyn crypto::PacketKey {
        let pair = &self.keys.packet;
        if self.is_local {
            &*pair.local
        } else {
            &*pair.remote
        }
    }

    fn header(&self) -> &dyn crypto::HeaderKey {
        let pair = &self.keys.header;
        if self.is_local {
            &*pair.local
        } else {
            &*pair.remote
        }
    }
}

impl crypto::PacketKey for Key {
    fn encrypt(&self, packet: u64, buf: &mut [u8], header_len: usize) {
        self.packet().encrypt(packet, buf, header_len)
    }

    fn decrypt(
        &self,
        packet: u64,
        header: &[u8],
        payload: &mut BytesMut,
    ) -> Result<(), crypto::CryptoError> {
        self.packet().decrypt(packet, header, payload)
    }

    fn tag_len(&self) -> usize {
        self.packet().tag_len()
    }

    fn confidentiality_limit(&self) -> u64 {
        self.packet().confidentiality_limit()
    }

    fn integrity_limit(&self) -> u64 {
        self.packet().integrity_limit()
    }
}

impl crypto::HeaderKey for Key {
    fn decrypt(&self, pn_offset: usize, packet: &mut [u8]) {
        self.header().decrypt(pn_offset, packet)
    }

    fn encrypt(&self, pn_offset: usize, packet: &mut [u8]) {
        self.header().encrypt(pn_offset, packet)
    }

    fn sample_size(&self) -> usize {
        self.header().sample_size()
    }
}
