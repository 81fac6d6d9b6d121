//! Samples in memory.

use ringrift_nnue::FeatureSet;
use ringrift_rules::PlayerCount;

use super::batch::Tables;
use super::collect::SampleReport;
use crate::select::{Part, Split};

/// Search win shares are kept in so many parts of 1, as records have them.
pub(crate) const SHARE_PARTS: f64 = 10_000.0;

/// A position.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// Where its features are in the list of all.
    pub start: u64,
    /// Its game.
    pub game: u32,
    /// Moves before it.
    pub ply: u32,
    /// Win shares of the search that was made from it, in [`SHARE_PARTS`]; all 0 if there was none.
    pub search: [u16; 4],
    /// Number of its features.
    pub len: u16,
    /// Output bucket.
    pub bucket: u8,
    /// Seat to move.
    pub mover: u8,
}

/// A game that gave samples.
#[derive(Clone, PartialEq, Debug)]
pub struct GameSample {
    /// Its name.
    pub id: Box<str>,
    /// `f32[4] in [0, 1]`: win shares of the final ranks, by seat.
    pub shares: [f32; 4],
    /// Its number of moves.
    pub plies: u32,
}

/// Samples of one board and number of players, and what they were made from.
#[derive(Debug)]
pub struct Samples {
    pub(crate) set: FeatureSet,
    pub(crate) games: Vec<GameSample>,
    pub(crate) rows: Vec<Row>,
    /// Features of all rows as seat 0 sees them, one row after the other.
    pub(crate) features: Vec<u16>,
    pub(crate) tables: Tables,
    pub(crate) report: SampleReport,
}

impl Samples {
    pub(crate) fn new(set: FeatureSet) -> Self {
        let (games, rows, features) = Default::default();
        Self { set, games, rows, features, tables: Tables::new(set), report: SampleReport::default() }
    }

    /// What the features mean.
    pub const fn features(&self) -> FeatureSet {
        self.set
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none; [`open`](super::open()) never gives such.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The games, in the order of their rows.
    pub fn games(&self) -> &[GameSample] {
        &self.games
    }

    /// What was read, and what was left out.
    pub const fn report(&self) -> &SampleReport {
        &self.report
    }

    /// Bytes of memory.
    pub const fn bytes(&self) -> usize {
        size_of::<Row>() * self.rows.capacity() + size_of::<u16>() * self.features.capacity()
    }

    pub(crate) const fn players(&self) -> PlayerCount {
        self.set.players()
    }

    /// For each row, the index of its game.
    pub fn game_of_rows(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.rows.iter().map(|row| row.game)
    }

    /// For each row, the moves before it.
    pub fn plies(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.rows.iter().map(|row| row.ply)
    }

    /// For each row, the moves from it to the end of its game.
    pub fn plies_left(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.rows.iter().map(|row| self.games[row.game as usize].plies - row.ply)
    }

    /// For each row, the index of the seat to move.
    pub fn movers(&self) -> impl ExactSizeIterator<Item = u8> + '_ {
        self.rows.iter().map(|row| row.mover)
    }

    /// For each row, its output bucket.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = u8> + '_ {
        self.rows.iter().map(|row| row.bucket)
    }

    /// For each row, whether a search was recorded.
    pub fn has_search(&self) -> impl ExactSizeIterator<Item = bool> + '_ {
        self.rows.iter().map(|row| row.search != [0; 4])
    }

    /// Rows of each of [`Part::ALL`]: the same parts as in exports.
    pub fn split(&self, split: Split) -> [Vec<i64>; 3] {
        let parts: Vec<Part> = self.games.iter().map(|game| split.part(&game.id)).collect();
        let mut rows = [const { Vec::new() }; 3];
        for (index, row) in (0..).zip(&self.rows) {
            rows[parts[row.game as usize] as usize].push(index);
        }
        rows
    }
}
