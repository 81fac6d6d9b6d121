//! Seats, player counts and per-player data.

use std::ops::{Index, IndexMut};

/// A seat, counted from 0. Files and texts count from 1: see [`PlayerId::number`].
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlayerId(u8);

impl PlayerId {
    /// The four seats in order; a game of `n` players uses the first `n`.
    pub const ALL: [Self; 4] = [Self(0), Self(1), Self(2), Self(3)];

    /// The seat of a zero-based index, if it is below 4.
    pub const fn try_from_index(index: usize) -> Option<Self> {
        if index < 4 { Some(Self(index as u8)) } else { None }
    }

    /// The seat of a player number `1..=4` as files write it.
    pub const fn try_from_number(number: u64) -> Option<Self> {
        if number >= 1 && number <= 4 { Some(Self(number as u8 - 1)) } else { None }
    }

    /// Seat from two bits.
    #[inline]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self((bits & 3) as u8)
    }

    /// Zero-based index.
    #[inline]
    pub const fn index(self) -> usize {
        (self.0 & 3) as usize
    }

    /// Player number as files write it, from 1.
    pub const fn number(self) -> u8 {
        self.0 + 1
    }
}

impl std::fmt::Display for PlayerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// Number of seats in a game.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PlayerCount {
    /// Two players.
    Two = 2,
    /// Three players.
    Three = 3,
    /// Four players.
    Four = 4,
}

impl PlayerCount {
    /// All supported counts.
    pub const ALL: [Self; 3] = [Self::Two, Self::Three, Self::Four];

    /// The count as a number, `2..=4`.
    #[inline]
    pub const fn get(self) -> usize {
        self as usize
    }

    /// Position in [`PlayerCount::ALL`].
    #[inline]
    pub const fn table_index(self) -> usize {
        self as usize - 2
    }

    /// The seats of such a game, in turn order.
    #[inline]
    pub fn seats(self) -> impl DoubleEndedIterator<Item = PlayerId> + ExactSizeIterator + Clone {
        PlayerId::ALL[..self.get()].iter().copied()
    }
}

impl TryFrom<u64> for PlayerCount {
    type Error = UnknownPlayerCount;

    fn try_from(count: u64) -> Result<Self, UnknownPlayerCount> {
        match count {
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            4 => Ok(Self::Four),
            _ => Err(UnknownPlayerCount(count)),
        }
    }
}

/// A number of players that the rules do not know.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} players are not possible\nhint: RingRift is played by 2, 3 or 4 players")]
pub struct UnknownPlayerCount(pub u64);

/// One `T` per seat; seats beyond the player count hold the default.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ByPlayer<T>([T; 4]);

impl<T> ByPlayer<T> {
    /// Wraps one value per seat.
    pub const fn new(values: [T; 4]) -> Self {
        Self(values)
    }

    /// The values of the first `count` seats.
    pub fn of(&self, count: PlayerCount) -> &[T] {
        &self.0[..count.get()]
    }
}

impl<T> Index<PlayerId> for ByPlayer<T> {
    type Output = T;
    #[inline]
    fn index(&self, player: PlayerId) -> &T {
        &self.0[player.index()]
    }
}

impl<T> IndexMut<PlayerId> for ByPlayer<T> {
    #[inline]
    fn index_mut(&mut self, player: PlayerId) -> &mut T {
        &mut self.0[player.index()]
    }
}
