//! Sets of cells as fixed-width bit vectors over the padded grid.

use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Not};

use crate::cell::Cell;

/// Operations on a set of cells. The only implementor is [`Bits`]; the trait lets generic code name the
/// width that a board needs.
pub trait CellSet:
    Copy
    + Eq
    + std::fmt::Debug
    + std::hash::Hash
    + Send
    + Sync
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
    + BitAndAssign
    + BitOrAssign
    + BitXorAssign
    + 'static
{
    /// The set without any cell.
    const EMPTY: Self;

    /// Whether `cell` is in the set.
    fn contains(&self, cell: Cell) -> bool;
    /// Adds `cell`.
    fn insert(&mut self, cell: Cell);
    /// Removes `cell`.
    fn remove(&mut self, cell: Cell);
    /// Adds or removes `cell`.
    fn set(&mut self, cell: Cell, present: bool);
    /// Whether no cell is in the set.
    fn is_empty(&self) -> bool;
    /// Number of cells in the set.
    fn count(&self) -> u32;
    /// The cell of the lowest padded index.
    fn first(&self) -> Option<Cell>;
    /// The cells in ascending padded index.
    fn iter(&self) -> CellIter<Self>
    where
        Self: Sized;
    /// Removes and returns the cell of the lowest padded index.
    fn pop_first(&mut self) -> Option<Cell>;
    /// Every cell moved by the padded offset `step` (`1 <= |step| <= 63`); cells that leave the grid vanish, cells
    /// that land in guard positions must be masked by the caller.
    #[must_use]
    fn shifted(self, step: i32) -> Self;
    /// `width <= 32` bits from bit `start` on.
    fn extract(&self, start: u32, width: u32) -> u32;
    /// Adds the bits of `row` from bit `start` on (`row` fits in 32 bits).
    fn deposit(&mut self, start: u32, row: u32);

    /// The cells that pass a test.
    #[must_use]
    fn filtered(self, test: impl FnMut(Cell) -> bool) -> Self;

    /// The cells of `self` that are not in `other`.
    #[inline]
    #[must_use]
    fn without(self, other: Self) -> Self {
        self & !other
    }

    /// Whether the sets share a cell.
    #[inline]
    fn intersects(self, other: Self) -> bool {
        !(self & other).is_empty()
    }

    /// The set of one cell.
    #[inline]
    fn single(cell: Cell) -> Self {
        let mut set = Self::EMPTY;
        set.insert(cell);
        set
    }
}

/// A set of cells in `W` 64-bit words.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub struct Bits<const W: usize>([u64; W]);

impl<const W: usize> Bits<W> {
    /// The first `W` words of `words` as a set.
    pub(crate) const fn from_words(words: &[u64]) -> Self {
        let mut out = [0; W];
        let mut i = 0;
        while i < W {
            out[i] = words[i];
            i += 1;
        }
        Self(out)
    }
}

impl<const W: usize> std::fmt::Debug for Bits<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Cell::index)).finish()
    }
}

impl<const W: usize> CellSet for Bits<W> {
    const EMPTY: Self = Self([0; W]);

    #[inline]
    fn contains(&self, cell: Cell) -> bool {
        let index = cell.index();
        self.0.get(index >> 6).is_some_and(|word| word >> (index & 63) & 1 != 0)
    }

    #[inline]
    fn insert(&mut self, cell: Cell) {
        self.0[cell.index() >> 6] |= 1 << (cell.index() & 63);
    }

    #[inline]
    fn remove(&mut self, cell: Cell) {
        self.0[cell.index() >> 6] &= !(1 << (cell.index() & 63));
    }

    #[inline]
    fn set(&mut self, cell: Cell, present: bool) {
        let word = &mut self.0[cell.index() >> 6];
        let shift = cell.index() & 63;
        *word = *word & !(1 << shift) | u64::from(present) << shift;
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    #[inline]
    fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    #[inline]
    fn first(&self) -> Option<Cell> {
        for (i, word) in self.0.iter().enumerate() {
            if *word != 0 {
                return Some(Cell::from_index((i as u32 * 64 + word.trailing_zeros()) as u16));
            }
        }
        None
    }

    #[inline]
    fn iter(&self) -> CellIter<Self> {
        CellIter { rest: *self }
    }

    #[inline]
    fn pop_first(&mut self) -> Option<Cell> {
        for (i, word) in self.0.iter_mut().enumerate() {
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(Cell::from_index((i as u32 * 64 + bit) as u16));
            }
        }
        None
    }

    #[inline]
    fn filtered(self, mut test: impl FnMut(Cell) -> bool) -> Self {
        let mut out = [0; W];
        for (i, (word, out)) in self.0.into_iter().zip(&mut out).enumerate() {
            let (mut rest, mut passed) = (word, 0);
            while rest != 0 {
                let bit = rest.trailing_zeros();
                passed |= u64::from(test(Cell::from_index((i as u32 * 64 + bit) as u16))) << bit;
                rest &= rest - 1;
            }
            *out = passed;
        }
        Self(out)
    }

    #[inline]
    #[allow(clippy::needless_range_loop, reason = "each word takes bits of its neighbour")]
    fn shifted(self, step: i32) -> Self {
        let mut out = [0; W];
        if step > 0 {
            for i in 0..W {
                let carry = if i > 0 { self.0[i - 1] >> (64 - step) } else { 0 };
                out[i] = self.0[i] << step | carry;
            }
        } else {
            let step = -step;
            for i in 0..W {
                let carry = if i + 1 < W { self.0[i + 1] << (64 - step) } else { 0 };
                out[i] = self.0[i] >> step | carry;
            }
        }
        Self(out)
    }

    #[inline]
    fn extract(&self, start: u32, width: u32) -> u32 {
        let word = (start >> 6) as usize;
        let shift = start & 63;
        let mut bits = self.0[word] >> shift;
        if shift + width > 64 && word + 1 < W {
            bits |= self.0[word + 1] << (64 - shift);
        }
        bits as u32 & ((1 << width) - 1)
    }

    #[inline]
    fn deposit(&mut self, start: u32, row: u32) {
        let word = (start >> 6) as usize;
        let shift = start & 63;
        self.0[word] |= u64::from(row) << shift;
        if shift > 32 && word + 1 < W {
            self.0[word + 1] |= u64::from(row) >> (64 - shift);
        }
    }
}

macro_rules! bitwise {
    ($trait:ident $method:ident $assign_trait:ident $assign:ident $op:tt) => {
        impl<const W: usize> $trait for Bits<W> {
            type Output = Self;
            #[inline]
            fn $method(mut self, other: Self) -> Self {
                $assign_trait::$assign(&mut self, other);
                self
            }
        }
        impl<const W: usize> $assign_trait for Bits<W> {
            #[inline]
            fn $assign(&mut self, other: Self) {
                for (word, other) in self.0.iter_mut().zip(other.0) {
                    *word $op other;
                }
            }
        }
    };
}
bitwise!(BitAnd bitand BitAndAssign bitand_assign &=);
bitwise!(BitOr bitor BitOrAssign bitor_assign |=);
bitwise!(BitXor bitxor BitXorAssign bitxor_assign ^=);

impl<const W: usize> Not for Bits<W> {
    type Output = Self;
    #[inline]
    fn not(mut self) -> Self {
        for word in &mut self.0 {
            *word = !*word;
        }
        self
    }
}

/// Iterator over a [`CellSet`].
#[derive(Clone, Debug)]
pub struct CellIter<S> {
    rest: S,
}

impl<S: CellSet> Iterator for CellIter<S> {
    type Item = Cell;

    #[inline]
    fn next(&mut self) -> Option<Cell> {
        self.rest.pop_first()
    }
}
