//! Static values that a thread has computed.

/// Values of positions by their keys: for evaluations that take longer than a look into memory. A position has one place,
/// and the last one to come keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Statics {
    entries: Box<[(u64, i32)]>,
}

impl Statics {
    /// Room for 2 to this power of positions; for none at all if it is 0.
    pub fn new(bits: u32) -> Self {
        let count = if bits == 0 { 0 } else { 1 << bits };
        Self { entries: vec![(0, 0); count].into() }
    }

    pub fn clear(&mut self) {
        self.entries.fill((0, 0));
    }

    #[inline]
    pub fn is_on(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The value that is known for a key. Not to be called without room.
    #[inline]
    pub fn get(&self, key: u64) -> Option<i32> {
        let (known, value) = self.entries[self.place(key)];
        (known == key).then_some(value)
    }

    #[inline]
    pub fn set(&mut self, key: u64, value: i32) {
        let place = self.place(key);
        self.entries[place] = (key, value);
    }

    #[inline]
    fn place(&self, key: u64) -> usize {
        key as usize & (self.entries.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_keeps_its_place() {
        let mut statics = Statics::new(3);
        statics.set(0x15, 7);
        assert_eq!((statics.get(0x15), statics.get(0x1d)), (Some(7), None));
        statics.set(0x1d, -8);
        assert_eq!((statics.get(0x15), statics.get(0x1d)), (None, Some(-8)));
        statics.clear();
        assert_eq!(statics.get(0x1d), None);
        assert!(statics.is_on() && !Statics::new(0).is_on());
    }
}
