//! What an encoder makes of positions, and the rows themselves, written where the caller wants them.

use std::sync::Arc;

use rayon::prelude::*;
use ringrift_encode::{
    ActionIndex, EncodeError, FeatureVersion, GLOBALS, GlobalsOptions, HistoryMode, PlaneGrid, PolicyLayout,
    Rr1Encoder, Rr1Layout, Rr1Policy, Symmetry, UpstreamEncoder,
};
use ringrift_rules::{AnyPosition, BoardKind, Move, PlayerCount};

/// Positions in the order of play, or each for itself.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    /// None is the past of another.
    Alone,
    /// Each is the past of those after it.
    Line,
}

/// Planes, globals and policy indices of positions.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Plan {
    pub board: BoardKind,
    pub players: PlayerCount,
    /// Earlier positions in each row.
    pub earlier: usize,
    pub family: Family,
}

/// Whose encoding it is.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Family {
    Upstream { encoder: UpstreamEncoder, mode: HistoryMode, version: FeatureVersion, policy: PolicyLayout },
    Rr1,
}

impl Plan {
    pub fn rr1(&self) -> Rr1Layout {
        Rr1Layout::new(self.board, self.players, self.earlier)
    }

    pub fn side(&self) -> usize {
        self.board.spec().size.into()
    }

    pub fn planes(&self) -> usize {
        match self.family {
            Family::Upstream { encoder, .. } => encoder.planes() * (self.earlier + 1),
            Family::Rr1 => self.rr1().planes(),
        }
    }

    pub fn globals(&self) -> usize {
        match self.family {
            Family::Upstream { .. } => GLOBALS,
            Family::Rr1 => self.rr1().globals(),
        }
    }

    pub fn policy_size(&self) -> u32 {
        match self.family {
            Family::Upstream { policy, .. } => policy.size(self.board),
            Family::Rr1 => self.rr1().policy_size(),
        }
    }

    /// The index of a legal move; -1 where the layout has none.
    pub fn index(&self, position: &AnyPosition, mv: Move) -> i64 {
        let index = match self.family {
            Family::Upstream { policy, .. } => policy.index(position, mv),
            Family::Rr1 => Rr1Policy::of(self.board).index(position, mv),
        };
        index.map_or(-1, |index| index.get().into())
    }

    /// The legal moves that an index stands for.
    pub fn moves_at(&self, position: &AnyPosition, index: u32) -> Vec<Move> {
        let mut legal = Vec::new();
        position.legal_moves(&mut legal);
        match self.family {
            Family::Upstream { .. } => legal.retain(|&mv| self.index(position, mv) == i64::from(index)),
            Family::Rr1 => {
                let found = Rr1Policy::of(self.board).move_at(position, &legal, ActionIndex::new(index));
                legal = found.into_iter().collect();
            }
        }
        legal
    }

    /// For each symmetry and each element of a plane, the element that comes there; -1 for none.
    pub fn plane_table(&self) -> Vec<i32> {
        let grid = match self.family {
            Family::Upstream { .. } => PlaneGrid::Upstream,
            Family::Rr1 => PlaneGrid::Rr1,
        };
        // The numbers of elements, from 1, are exact as floats; 0 is what corners of hex boards get.
        let numbers: Vec<f32> = (1..=self.side() * self.side()).map(|number| number as f32).collect();
        let mut turned = vec![0.0; numbers.len()];
        let mut table = Vec::with_capacity(numbers.len() * usize::from(Symmetry::count(self.board)));
        for symmetry in Symmetry::all(self.board) {
            symmetry.planes(grid, &numbers, &mut turned).expect("both hold one plane of the board");
            table.extend(turned.iter().map(|&number| number as i32 - 1));
        }
        table
    }

    /// For each symmetry and each policy index, the index of the image; -1 where the index alone does not tell it.
    pub fn policy_table(&self) -> Vec<i32> {
        let size = self.policy_size();
        let mut table = Vec::with_capacity(size as usize * usize::from(Symmetry::count(self.board)));
        for symmetry in Symmetry::all(self.board) {
            match self.family {
                Family::Upstream { policy, .. } => table.extend((0..size).map(|index| {
                    symmetry.action(policy, ActionIndex::new(index)).map_or(-1, |image| image.get() as i32)
                })),
                Family::Rr1 => {
                    let begin = table.len();
                    table.extend(symmetry.rr1_actions().iter().map(|&image| image as i32));
                    if symmetry != Symmetry::identity(self.board) {
                        // The image of the lowest cell of a region need not be the lowest cell of its image.
                        let regions = Rr1Policy::of(self.board).blocks().find(|block| block.0 == REGIONS);
                        let (_, first, len) = regions.expect("the policy has a block for regions");
                        table[begin + first as usize..][..len as usize].fill(-1);
                    }
                }
            }
        }
        table
    }
}

/// The block of `rr1` whose indices depend on more than a cell.
const REGIONS: &str = "choose_territory_option";

/// Planes and globals of one piece of work, and where they go.
struct Piece<'a, T> {
    positions: &'a [Arc<AnyPosition>],
    planes: &'a mut [T],
    globals: &'a mut [f32],
}

/// Positions that one thread takes at a time, where each stands for itself.
const ALONE_LEN: usize = 64;

impl Plan {
    /// Writes the rows of positions as `f32`; `lines` tells where each line of play ends. Everything is written.
    pub fn write_floats(
        &self,
        positions: &[Arc<AnyPosition>],
        order: Order,
        ends: &[usize],
        planes: &mut [f32],
        globals: &mut [f32],
        is_parallel: bool,
    ) -> Result<(), EncodeError> {
        let pieces = self.pieces(positions, order, ends, planes, globals);
        run(pieces, is_parallel, |piece| match self.family {
            Family::Upstream { encoder, mode, version, .. } => {
                self.write_upstream(encoder, mode, version, order, piece)
            }
            Family::Rr1 => self.write_rr1(order, piece, Rr1Encoder::encode),
        })
    }

    /// Writes the rows of positions as bits, by `rr1`.
    pub fn write_bits(
        &self,
        positions: &[Arc<AnyPosition>],
        order: Order,
        ends: &[usize],
        planes: &mut [u8],
        globals: &mut [f32],
        is_parallel: bool,
    ) -> Result<(), EncodeError> {
        let pieces = self.pieces(positions, order, ends, planes, globals);
        run(pieces, is_parallel, |piece| self.write_rr1(order, piece, Rr1Encoder::encode_packed))
    }

    fn pieces<'a, T>(
        &self,
        positions: &'a [Arc<AnyPosition>],
        order: Order,
        ends: &[usize],
        planes: &'a mut [T],
        globals: &'a mut [f32],
    ) -> Vec<Piece<'a, T>> {
        let row_len = planes.len() / positions.len().max(1);
        let lens: Vec<usize> = match order {
            Order::Alone => positions.chunks(ALONE_LEN).map(<[_]>::len).collect(),
            Order::Line => {
                let begins = std::iter::once(&0).chain(ends);
                begins.zip(ends).map(|(begin, end)| end - begin).collect()
            }
        };
        let (mut positions, mut planes, mut globals) = (positions, planes, globals);
        let piece = |len: usize| {
            let (head, tail) = positions.split_at(len);
            positions = tail;
            Piece {
                positions: head,
                planes: planes.split_off_mut(..len * row_len).expect("there is a row for each position"),
                globals: globals.split_off_mut(..len * self.globals()).expect("there is a row for each position"),
            }
        };
        lens.into_iter().map(piece).collect()
    }

    fn write_upstream(
        &self,
        encoder: UpstreamEncoder,
        mode: HistoryMode,
        version: FeatureVersion,
        order: Order,
        piece: Piece<'_, f32>,
    ) -> Result<(), EncodeError> {
        let frame_len = encoder.frame_len(self.board);
        let row_len = frame_len * (self.earlier + 1);
        let Piece { positions, planes, globals } = piece;
        let rows = planes.chunks_exact_mut(row_len).zip(globals.chunks_exact_mut(GLOBALS));
        let mut before: Option<&[f32]> = None;
        for (position, (row, globals)) in positions.iter().zip(rows) {
            let (frame, earlier) = row.split_at_mut(frame_len);
            encoder.encode(position, frame)?;
            match (mode, before) {
                (HistoryMode::Repeat, _) => {
                    earlier.chunks_exact_mut(frame_len).for_each(|to| to.copy_from_slice(frame));
                }
                // What was current is the newest of the earlier frames now, and so on.
                (HistoryMode::Recorded, Some(before)) => earlier.copy_from_slice(&before[..row_len - frame_len]),
                _ => earlier.fill(0.0),
            }
            let options = GlobalsOptions { version, recorded_moves: position.plies() };
            encoder.encode_globals(position, options, globals)?;
            before = if order == Order::Line { Some(row) } else { None };
        }
        Ok(())
    }

    fn write_rr1<T>(
        &self,
        order: Order,
        piece: Piece<'_, T>,
        encode: impl Fn(&Rr1Encoder, &AnyPosition, &mut [T], &mut [f32]) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut encoder = Rr1Encoder::new(self.rr1());
        let Piece { positions, planes, globals } = piece;
        let row_len = (planes.len() / positions.len().max(1)).max(1);
        let rows = planes.chunks_exact_mut(row_len).zip(globals.chunks_exact_mut(self.globals()));
        for (position, (row, globals)) in positions.iter().zip(rows) {
            encode(&encoder, position, row, globals)?;
            if order == Order::Line {
                encoder.remember(position)?;
            }
        }
        Ok(())
    }
}

fn run<'a, T: Send>(
    pieces: Vec<Piece<'a, T>>,
    is_parallel: bool,
    write: impl Fn(Piece<'a, T>) -> Result<(), EncodeError> + Send + Sync,
) -> Result<(), EncodeError> {
    if is_parallel { pieces.into_par_iter().try_for_each(write) } else { pieces.into_iter().try_for_each(write) }
}
