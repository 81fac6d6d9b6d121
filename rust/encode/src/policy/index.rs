//! The number of a move in a policy vector.

/// Place of a move in a policy vector. It has a meaning only together with the layout and the board.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ActionIndex(u32);

impl ActionIndex {
    /// Wraps a number.
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The number.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for ActionIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
