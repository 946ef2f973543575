//! Values of parts for another process: its numbers are others, their contents are the same.

use serde::{Deserialize, Serialize};

use super::state::{Network, PackedState, ones};
use super::store::{Full, decode};
use super::world::PackedWorld;

/// Which part of a state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Table {
    /// A client.
    Client,
    /// A server.
    Server,
    /// The observer's notes.
    Notes,
    /// A kind of packets: a bit of the network.
    Packet,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Notes, Self::Packet];
}

/// What a number means in the world that it comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Definition {
    /// A number of what.
    pub table: Table,
    /// The number there.
    pub number: u32,
    /// The value.
    pub content: Vec<u8>,
}

/// A definition that is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Undefined {
    /// There is no room for the value.
    #[error(transparent)]
    Full(#[from] Full),
    /// The bytes are no such value.
    #[error("{table:?} {number} cannot be read: it was written by another version or is damaged")]
    Unreadable {
        /// Of what.
        table: Table,
        /// Its number where it comes from.
        number: u32,
    },
}

impl PackedWorld {
    /// What the numbers of a state are numbers of.
    pub fn numbers(&self, state: &PackedState) -> impl Iterator<Item = (Table, u32)> + use<> {
        Self::numbers_of(state)
    }

    /// The same of any world's state.
    pub fn numbers_of(state: &PackedState) -> impl Iterator<Item = (Table, u32)> + use<> {
        let ends = [(Table::Client, state.ends[0]), (Table::Server, state.ends[1])];
        let packets = ones(state.network.bits()).map(|bit| (Table::Packet, bit));
        ends.into_iter().chain([(Table::Notes, state.notes)]).chain(packets)
    }

    /// How many numbers a table has.
    pub fn table_len(&self, table: Table) -> usize {
        self.sizes()[table as usize]
    }

    /// What a number means.
    pub fn definition(&self, table: Table, number: u32) -> Definition {
        let content = match table {
            Table::Client => self.ends[0].content(number),
            Table::Server => self.ends[1].content(number),
            Table::Notes => self.notes.content(number),
            Table::Packet => self.packets.content(number),
        };
        Definition { table, number, content }
    }

    /// The number that another world's number has here.
    ///
    /// # Errors
    ///
    /// [`Undefined`] if there is no room for the value, or if it is none.
    pub fn define(&mut self, definition: &Definition) -> Result<u32, Undefined> {
        let Definition { table, number, content } = definition;
        let unreadable = || Undefined::Unreadable { table: *table, number: *number };
        let here = match table {
            Table::Client | Table::Server => {
                let end = decode(content).ok_or_else(unreadable)?;
                self.end(*table as usize, end)?
            }
            Table::Notes => self.notes.number_of_content(content).ok_or_else(unreadable)??,
            Table::Packet => {
                let packet = decode(content).ok_or_else(unreadable)?;
                self.packet(&packet)?
            }
        };
        Ok(here)
    }

    /// The state that another world's state is here; `here` says what each of its numbers is.
    pub fn translate(state: &PackedState, here: impl Fn(Table, u32) -> u32) -> PackedState {
        let bits =
            ones(state.network.bits()).fold(0, |bits, bit| bits | 1 << here(Table::Packet, bit));
        PackedState {
            ends: [here(Table::Client, state.ends[0]), here(Table::Server, state.ends[1])],
            notes: here(Table::Notes, state.notes),
            network: Network::of(bits),
        }
    }
}
