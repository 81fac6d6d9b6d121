//! What max-n has found out about positions that are reached again.

use std::sync::atomic::{AtomicU64, Ordering};

use super::node::{ONE, Shares};

/// What is known of a position: its exact shares at a depth, and the best move.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub shares: Shares,
    pub depth: u8,
    /// Index of the best move among the legal moves.
    pub best: u16,
}

/// Set in the second word of every slot that is in use.
const IN_USE: u64 = 1 << 63;

impl Known {
    /// Two words; the last share is what the others leave of the sum.
    fn pack(self) -> [u64; 2] {
        let [first, second, third, _] = self.shares.map(u64::from);
        [first | second << 32, third | u64::from(self.depth) << 32 | u64::from(self.best) << 40 | IN_USE]
    }

    fn unpack([low, high]: [u64; 2]) -> Self {
        let [first, second, third] = [low as u32, (low >> 32) as u32, high as u32];
        let last = ONE.wrapping_sub(first.wrapping_add(second).wrapping_add(third));
        Self { shares: [first, second, third, last], depth: (high >> 32) as u8, best: (high >> 40) as u16 }
    }
}

/// One stored position: its key crossed with the data, and the data. A torn slot of racing threads fits no key.
#[derive(Debug, Default)]
struct Slot {
    check: AtomicU64,
    data: [AtomicU64; 2],
}

/// A table of fixed size, shared by the threads of a search; the last entry of a place stays.
#[derive(Debug)]
pub(super) struct Table(Box<[Slot]>);

impl Table {
    /// A table with `2^bits` entries.
    pub fn new(bits: u32) -> Self {
        Self((0..1usize << bits).map(|_| Slot::default()).collect())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.fill_with(Slot::default);
    }

    fn slot(&self, key: u64) -> &Slot {
        &self.0[key as usize & (self.0.len() - 1)]
    }

    /// What is known of the position with this key.
    pub fn probe(&self, key: u64) -> Option<Known> {
        let slot = self.slot(key);
        let data = [&slot.data[0], &slot.data[1]].map(|word| word.load(Ordering::Relaxed));
        let fits = slot.check.load(Ordering::Relaxed) == key ^ data[0] ^ data[1] && data[1] & IN_USE != 0;
        fits.then(|| Known::unpack(data))
    }

    /// Stores what is known of a position.
    pub fn store(&self, key: u64, known: Known) {
        let (slot, data) = (self.slot(key), known.pack());
        slot.check.store(key ^ data[0] ^ data[1], Ordering::Relaxed);
        for (word, data) in slot.data.iter().zip(data) {
            word.store(data, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_until_others_take_their_place() {
        let mut table = Table::new(3);
        for shares in [[ONE, 0, 0, 0], [0, 0, 0, ONE], [5, ONE - 12, 3, 4], [1, 2, ONE - 3, 0]] {
            for (depth, best) in [(0, 0), (64, 9_000), (u8::MAX, u16::MAX - 1)] {
                let known = Known { shares, depth, best };
                for key in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
                    table.store(key, known);
                    assert_eq!(table.probe(key), Some(known));
                    assert_eq!(table.probe(key ^ 8), None);
                }
            }
        }
        table.clear();
        assert_eq!(table.probe(1), None);
    }
}
