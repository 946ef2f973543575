//! Packets by their place in a script: each takes its packet number when the scripted peer sends it, and arrives then,
//! later, or never. One that never arrives leaves a gap (§12.3, §13.1).

use super::{Puppet, PuppetError, Space};
use crate::wire::Frame;

impl Puppet {
    /// The scripted peer has sent this many packets by now, counted from the beginning of the script: each that has no
    /// packet number yet takes the next one.
    pub fn has_sent(&mut self, packets: u64) {
        while (self.places.len() as u64) < packets {
            let packet_number = self.space(Space::OneRtt).allocate();
            self.places.push(packet_number);
        }
    }

    /// The packet at `place`, from 0, arrives with these frames. Panics as [`send`](Self::send) does.
    pub fn send_at(&mut self, place: u64, frames: &[Frame]) {
        let packet_number = self.number_at(place);
        self.send_numbered(packet_number, frames);
    }

    /// The packet at `place` arrives: it acknowledges exactly these 1-RTT packets; with none, it is lost.
    ///
    /// # Errors
    ///
    /// When one of them was never received.
    pub fn acknowledge_at(
        &mut self,
        place: u64,
        packet_numbers: &[u64],
    ) -> Result<(), PuppetError> {
        let own = self.number_at(place);
        if let Some(ack) = self.acknowledgement_of(packet_numbers)? {
            self.send_numbered(own, &[ack]);
        }
        Ok(())
    }

    fn number_at(&mut self, place: u64) -> u64 {
        self.has_sent(place + 1);
        // There are that many by now.
        usize::try_from(place).ok().and_then(|place| self.places.get(place)).copied().unwrap_or(0)
    }
}
