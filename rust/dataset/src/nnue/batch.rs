//! Batches of samples: the features of every seat, turned and mirrored, with their targets.
//!
//! Rows keep the features that seat 0 sees. What another seat sees, and what a symmetry makes of it, is a permutation of
//! the indices, so that a batch is made by looking up each feature once per seat.

use rayon::prelude::*;
use ringrift_encode::Symmetry;
use ringrift_nnue::FeatureSet;
use ringrift_rules::PlayerCount;

use super::samples::{Row, Samples};

/// Rows that a thread takes at a time.
const PIECE: usize = 256;

/// Where features go, for each symmetry and each seat that looks.
#[derive(Debug)]
pub(crate) struct Tables {
    seats: usize,
    /// By symmetry, then seat.
    tables: Vec<Vec<u16>>,
}

impl Tables {
    pub fn new(set: FeatureSet) -> Self {
        let players = set.players();
        let seats: Vec<Vec<u16>> = players.seats().map(|seat| set.seen_from(seat)).collect();
        let mut tables = Vec::new();
        for symmetry in Symmetry::all(set.board()) {
            let turned = set.permutation(symmetry);
            let then = |table: &Vec<u16>| table.iter().map(|&feature| turned[usize::from(feature)]).collect();
            tables.extend(seats.iter().map(then));
        }
        Self { seats: players.get(), tables }
    }

    fn symmetries(&self) -> usize {
        self.tables.len() / self.seats
    }

    /// The tables of all seats.
    fn of(&self, symmetry: u8) -> &[Vec<u16>] {
        &self.tables[usize::from(symmetry) * self.seats..][..self.seats]
    }
}

/// Rows for a network to learn from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Batch {
    /// `i32[rows * seats + 1]`: the features of row `r` as seat `s` sees them begin at `offsets[r * seats + s]`.
    pub offsets: Vec<i32>,
    /// `u16[...]`: the features, in the order of `offsets`; in no order within a list.
    pub features: Vec<u16>,
    /// `u8[rows]`: output buckets.
    pub buckets: Vec<u8>,
    /// `f32[rows, seats] in [0, 1]`: win shares to learn, by seat.
    pub targets: Vec<f32>,
}

/// Why there is no such batch.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A row that is not there.
    #[error("row {row} at {index}\nhint: rows count from 0 to {last}")]
    Row {
        /// Its place in the request.
        index: usize,
        /// The row.
        row: i64,
        /// The last row.
        last: usize,
    },
    /// A symmetry that the board does not have.
    #[error("symmetry {symmetry} at {index}\nhint: they count from 0 to {last}")]
    Symmetry {
        /// Its place in the request.
        index: usize,
        /// The symmetry.
        symmetry: u8,
        /// The last one.
        last: usize,
    },
    /// Not one symmetry for each row.
    #[error("{got} symmetries for {rows} rows\nhint: give one for each row, or none")]
    Symmetries {
        /// Number of symmetries.
        got: usize,
        /// Number of rows.
        rows: usize,
    },
    /// A share that is none.
    #[error("value_lambda is {0}\nhint: it is the share of the result in the targets, from 0 to 1")]
    Lambda(f32),
    /// Too many features for 32-bit offsets.
    #[error("{0} rows have more features than a batch can have\nhint: ask for fewer rows")]
    TooLong(usize),
}

/// The outputs of a piece of a batch.
struct Piece<'a> {
    rows: &'a [i64],
    symmetries: Option<&'a [u8]>,
    features: &'a mut [u16],
    buckets: &'a mut [u8],
    targets: &'a mut [f32],
}

impl Samples {
    /// The batch of these rows, each turned by its symmetry (`Symmetry` of `ringrift-encode`), with targets
    /// `value_lambda * result + (1 - value_lambda) * search`, or the result where no search was recorded.
    ///
    /// `is_parallel` works on the rayon pool of the caller, else on this thread alone.
    ///
    /// # Errors
    /// [`BatchError`] names the first fault.
    pub fn batch(
        &self,
        rows: &[i64],
        symmetries: Option<&[u8]>,
        value_lambda: f32,
        is_parallel: bool,
    ) -> Result<Batch, BatchError> {
        let seats = self.players().get();
        check_lambda(value_lambda)?;
        if let Some(symmetries) = symmetries {
            self.check_symmetries(symmetries, rows.len())?;
        }
        let mut offsets = Vec::with_capacity(rows.len() * seats + 1);
        offsets.push(0);
        let mut end = 0_usize;
        for (index, &row) in rows.iter().enumerate() {
            let len = usize::from(self.row(index, row)?.len);
            for _ in 0..seats {
                end += len;
                offsets.push(end as i32);
            }
        }
        if i32::try_from(end).is_err() {
            return Err(BatchError::TooLong(rows.len()));
        }
        let mut batch = Batch {
            offsets,
            features: vec![0; end],
            buckets: vec![0; rows.len()],
            targets: vec![0.0; rows.len() * seats],
        };
        let mut features = &mut batch.features[..];
        let outputs = batch.buckets.chunks_mut(PIECE).zip(batch.targets.chunks_mut(PIECE * seats));
        let mut pieces = Vec::with_capacity(rows.len().div_ceil(PIECE));
        for ((number, rows), (buckets, targets)) in rows.chunks(PIECE).enumerate().zip(outputs) {
            let first = number * PIECE;
            let [begin, end] = [first, first + rows.len()].map(|row| batch.offsets[row * seats] as usize);
            let (own, others) = std::mem::take(&mut features).split_at_mut(end - begin);
            features = others;
            let symmetries = symmetries.map(|all| &all[first..first + rows.len()]);
            pieces.push(Piece { rows, symmetries, features: own, buckets, targets });
        }
        let fill = |piece| self.fill(piece, value_lambda);
        if is_parallel {
            pieces.into_par_iter().for_each(fill);
        } else {
            pieces.into_iter().for_each(fill);
        }
        Ok(batch)
    }

    /// `f32[rows, seats]`: the targets that [`Samples::batch`] gives these rows.
    ///
    /// # Errors
    /// [`BatchError`].
    pub fn targets(&self, rows: &[i64], value_lambda: f32) -> Result<Vec<f32>, BatchError> {
        check_lambda(value_lambda)?;
        let seats = self.players().get();
        let mut targets = vec![0.0; rows.len() * seats];
        for ((index, &row), target) in rows.iter().enumerate().zip(targets.chunks_exact_mut(seats)) {
            self.target(self.row(index, row)?, value_lambda, target);
        }
        Ok(targets)
    }

    fn row(&self, index: usize, row: i64) -> Result<&Row, BatchError> {
        let found = usize::try_from(row).ok().and_then(|row| self.rows.get(row));
        found.ok_or(BatchError::Row { index, row, last: self.rows.len().saturating_sub(1) })
    }

    fn check_symmetries(&self, symmetries: &[u8], rows: usize) -> Result<(), BatchError> {
        if symmetries.len() != rows {
            return Err(BatchError::Symmetries { got: symmetries.len(), rows });
        }
        let count = self.tables.symmetries();
        match symmetries.iter().position(|&symmetry| usize::from(symmetry) >= count) {
            Some(index) => Err(BatchError::Symmetry { index, symmetry: symmetries[index], last: count - 1 }),
            None => Ok(()),
        }
    }

    fn fill(&self, piece: Piece<'_>, value_lambda: f32) {
        let seats = self.players().get();
        let mut features = piece.features;
        for (i, &row) in piece.rows.iter().enumerate() {
            let row = &self.rows[row as usize];
            let own = &self.features[row.start as usize..][..usize::from(row.len)];
            for table in self.tables.of(piece.symmetries.map_or(0, |symmetries| symmetries[i])) {
                let (to, others) = std::mem::take(&mut features).split_at_mut(own.len());
                features = others;
                for (to, &feature) in to.iter_mut().zip(own) {
                    *to = table[usize::from(feature)];
                }
            }
            piece.buckets[i] = row.bucket;
            self.target(row, value_lambda, &mut piece.targets[i * seats..][..seats]);
        }
    }

    fn target(&self, row: &Row, value_lambda: f32, target: &mut [f32]) {
        let results = &self.games[row.game as usize].shares;
        let sum: f32 = row.search.iter().map(|&share| f32::from(share)).sum();
        let lambda = if sum > 0.0 { value_lambda } else { 1.0 };
        // Shares are rounded, so that their sum is only about 1.
        let sum = sum.max(1.0);
        for ((to, result), &share) in target.iter_mut().zip(results).zip(&row.search) {
            *to = lambda * result + (1.0 - lambda) * (f32::from(share) / sum);
        }
    }

    /// `f32[rows, seats]`: win shares of the searches, NaN where none was recorded.
    pub fn search_values(&self) -> Vec<f32> {
        let players: PlayerCount = self.players();
        let mut values = vec![f32::NAN; self.rows.len() * players.get()];
        for (row, values) in self.rows.iter().zip(values.chunks_exact_mut(players.get())) {
            if row.search != [0; 4] {
                self.target(row, 0.0, values);
            }
        }
        values
    }
}

fn check_lambda(value_lambda: f32) -> Result<(), BatchError> {
    if (0.0..=1.0).contains(&value_lambda) { Ok(()) } else { Err(BatchError::Lambda(value_lambda)) }
}
