//! The transposition table: what was found out about positions that are reached again.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a stored value says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    /// The value is at least this.
    Lower,
    /// The value is at most this.
    Upper,
    /// The value is this.
    Exact,
}

/// What is stored of a position.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Value in hundredths for the side to move, results counted in plies from the position.
    pub value: i32,
    /// Depth that was searched.
    pub depth: u8,
    pub bound: Bound,
    /// Index of the best move among the legal moves, if one is known.
    pub best: Option<u16>,
}

const NO_MOVE: u16 = u16::MAX;

impl Entry {
    fn pack(self, age: u8) -> u64 {
        u64::from(self.value as u32)
            | u64::from(self.best.unwrap_or(NO_MOVE)) << 32
            | u64::from(self.depth) << 48
            | (self.bound as u64) << 56
            | u64::from(age) << 58
    }

    fn unpack(data: u64) -> Self {
        let best = (data >> 32) as u16;
        Self {
            value: data as u32 as i32,
            depth: (data >> 48) as u8,
            bound: match data >> 56 & 3 {
                0 => Bound::Lower,
                1 => Bound::Upper,
                _ => Bound::Exact,
            },
            best: (best != NO_MOVE).then_some(best),
        }
    }
}

const AGES: u8 = 64;
const WAYS: usize = 4;

/// One stored position: its key crossed with the data, and the data. A torn pair of a racing thread fits no key.
#[derive(Debug, Default)]
struct Slot {
    check: AtomicU64,
    data: AtomicU64,
}

/// A table of fixed size, shared by the threads of a search. Source of the lock-free slots: Hyatt and Mann 2002.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Box<[Slot]>,
    age: u8,
}

impl Table {
    /// A table with `2^bits` entries, at least one bucket of them.
    pub fn new(bits: u32) -> Self {
        Self { slots: (0..(1usize << bits).max(WAYS)).map(|_| Slot::default()).collect(), age: 0 }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.age = 0;
        for slot in &mut self.slots {
            *slot = Slot::default();
        }
    }

    /// Marks what is stored as older than what comes.
    pub fn next_search(&mut self) {
        self.age = (self.age + 1) % AGES;
    }

    #[inline]
    fn bucket(&self, key: u64) -> &[Slot] {
        let buckets = self.slots.len() / WAYS;
        let first = (key as usize & (buckets - 1)) * WAYS;
        &self.slots[first..first + WAYS]
    }

    /// What is known of the position with this key.
    #[inline]
    pub fn probe(&self, key: u64) -> Option<Entry> {
        self.bucket(key).iter().find_map(|slot| {
            let data = slot.data.load(Ordering::Relaxed);
            (slot.check.load(Ordering::Relaxed) == key ^ data && data != 0).then(|| Entry::unpack(data))
        })
    }

    /// Stores an entry, in place of one of the same position, or of the one that is worth least: old, then shallow.
    #[inline]
    pub fn store(&self, key: u64, mut entry: Entry) {
        let mut place = None;
        let mut least = i32::MAX;
        for slot in self.bucket(key) {
            let data = slot.data.load(Ordering::Relaxed);
            if slot.check.load(Ordering::Relaxed) == key ^ data && data != 0 {
                let known = Entry::unpack(data);
                entry.best = entry.best.or(known.best);
                place = Some(slot);
                break;
            }
            let old = (self.age + AGES - (data >> 58) as u8) % AGES;
            let worth = if data == 0 { i32::MIN } else { i32::from((data >> 48) as u8) - 4 * i32::from(old) };
            if worth < least {
                (place, least) = (Some(slot), worth);
            }
        }
        if let Some(slot) = place {
            let data = entry.pack(self.age);
            slot.check.store(key ^ data, Ordering::Relaxed);
            slot.data.store(data, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_stored() {
        let table = Table::new(10);
        for (i, bound) in [Bound::Lower, Bound::Upper, Bound::Exact].into_iter().enumerate() {
            for best in [None, Some(0), Some(9000)] {
                let entry = Entry { value: -9_999_123 + i as i32, depth: 63, bound, best };
                let key = 0x1234_5678_9abc_def0 + i as u64;
                assert_eq!(table.probe(key + 77), None);
                table.store(key, entry);
                assert_eq!(table.probe(key), Some(Entry { best, ..entry }));
                table.store(key, Entry { best: Some(3), ..entry });
                table.store(key, Entry { best: None, ..entry });
                assert_eq!(table.probe(key).and_then(|entry| entry.best), Some(3), "a known move is kept");
                table.store(key, Entry { best: Some(u16::MAX - 1), ..entry });
            }
        }
    }

    #[test]
    fn old_and_shallow_entries_give_way() {
        let mut table = Table::new(2);
        let entry = |depth| Entry { value: 1, depth, bound: Bound::Exact, best: None };
        for key in 1..=4 {
            table.store(key, entry(key as u8));
        }
        table.store(5, entry(9));
        assert_eq!((table.probe(1), table.probe(2)), (None, Some(entry(2))));
        table.next_search();
        table.store(2, entry(2));
        table.store(6, entry(1));
        assert!(table.probe(3).is_none() && table.probe(2).is_some() && table.probe(6).is_some());
        table.clear();
        assert!((1..7).all(|key| table.probe(key).is_none()));
    }
}
