//! Upstream's feature vectors, equal to the last bit, their oddities included: its networks were trained on them.

use ringrift_rules::{Board, BoardKind, BoardShape, Cell, CellSet as _, Coord, PlayerId, Position};

use super::error::UpstreamError;

/// A version of upstream's feature vector.
///
/// `features: f32[D], seen by one player p`: planes of side x side cells, then globals. The cell at `(x, y)` has the index
/// `y * side + x` on square boards and `(y + radius) * side + x + radius` on hex boards. Seats are numbered from p on: slot
/// `(q - p) mod n` of seat q. Whose turn it is cannot be seen.
///
/// | planes | version | content |
/// |---|---|---|
/// | 0 to 3 | all | slot of every ring of a stack, buried ones too: 1 |
/// | 4 to 7 | all | slot of the controller: min(height / 5, 1) |
/// | 8 to 11 | all | 0 (meant for territory) |
/// | 12 to 15 | 3 | markers by slot: 1 |
/// | 16 to 19 | 3 | slot of the controller: min(cap height / 5, 1) |
/// | 20 to 23 | 3 | own markers: min(length / 5, 1) of their line along (1, 0), (0, 1), (1, 1), (1, -1); on hex boards 1 / 5 |
/// | 24 | 3 | own stacks beside foreign ones with a cap that is higher by d or equal: the largest min((d + 1) / 5, 1); on hex boards 0 |
/// | 25 | 3 | own stacks beside foreign ones with a cap that is lower by d or equal: likewise |
///
/// | globals | version | content |
/// |---|---|---|
/// | 0 to 3 | 2, 3 | rings in hand by slot / (18, 12, 9 for 2, 3, 4 players on every board) |
/// | 4 to 11 | 2, 3 | 1, then 0 (meant for the phase) |
/// | 12 to 15 | 2, 3 | min(eliminated rings / 5, 1) by slot |
/// | 16 to 19 | 2, 3 | min(territory / (2 v), 1) by slot; v = 3, 2, 1 for 2, 3, 4 players |
/// | 20 to 23 | 3 | min(max(territory / v, eliminated rings / 12), 1) by slot |
/// | 24 / 25 | 3 | stacks / markers on the board, / (side * side) |
/// | 26 | 3 | 0 (meant for the turn) |
/// | 27 to 30 | 3 | share of all rings in hand, by slot; 0 if there are none |
/// | 31 | 3 | 0 |
///
/// Source: nnue.md section 1; version 2 from upstream's history.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum UpstreamFeatures {
    /// 12 planes.
    V1,
    /// 12 planes and 20 globals.
    V2,
    /// 26 planes and 32 globals.
    V3,
}

/// Planes that all versions have.
const COMMON_PLANES: usize = 12;

impl UpstreamFeatures {
    /// All versions, oldest first.
    pub const ALL: [Self; 3] = [Self::V1, Self::V2, Self::V3];

    /// The number in files.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    /// The version of a number.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            3 => Some(Self::V3),
            _ => None,
        }
    }

    /// Number of planes.
    pub const fn planes(self) -> usize {
        match self {
            Self::V1 | Self::V2 => COMMON_PLANES,
            Self::V3 => 26,
        }
    }

    /// Number of globals.
    pub const fn globals(self) -> usize {
        match self {
            Self::V1 => 0,
            Self::V2 => 20,
            Self::V3 => 32,
        }
    }

    /// Elements of a vector for the board.
    pub const fn len(self, board: BoardKind) -> usize {
        let side = board.spec().size as usize;
        self.planes() * side * side + self.globals()
    }

    /// The board and version whose vectors have so many elements; no two have equally many.
    pub fn of_len(len: usize) -> Option<(BoardKind, Self)> {
        let mut all = BoardKind::ALL.into_iter().flat_map(|board| Self::ALL.map(|version| (board, version)));
        all.find(|(board, version)| version.len(*board) == len)
    }

    /// Writes the vector of a position as `perspective` sees it. Every element is written; nothing is allocated.
    ///
    /// # Errors
    /// `features` does not have [`UpstreamFeatures::len`] elements, or the game has no such player.
    pub fn write<B: Board>(
        self,
        position: &Position<B>,
        perspective: PlayerId,
        features: &mut [f32],
    ) -> Result<(), UpstreamError> {
        let (expected, got) = (self.len(B::KIND), features.len());
        if expected != got {
            return Err(UpstreamError::BufferLength { expected, got });
        }
        let players = position.players().get();
        if perspective.index() >= players {
            return Err(UpstreamError::NoSuchSeat { seat: perspective.number(), players });
        }
        features.fill(0.0);
        let view = View { position, perspective };
        let cells = usize::from(B::SPEC.size).pow(2);
        let (planes, globals) = features.split_at_mut(self.planes() * cells);
        view.write_common(planes);
        if self == Self::V3 {
            view.write_markers(planes);
            view.write_caps(planes);
        }
        if self != Self::V1 {
            view.write_globals(globals);
        }
        if self == Self::V3 {
            view.write_more_globals(globals);
        }
        Ok(())
    }
}

/// A position seen by a player.
struct View<'a, B: Board> {
    position: &'a Position<B>,
    perspective: PlayerId,
}

/// Rounded once, as upstream's numbers are when they are put into its arrays.
fn part(value: u32, of: f64) -> f32 {
    (f64::from(value) / of).min(1.0) as f32
}

impl<B: Board> View<'_, B> {
    const SIDE: usize = B::SPEC.size as usize;
    const CELLS: usize = Self::SIDE * Self::SIDE;

    fn slot(&self, seat: PlayerId) -> usize {
        let players = self.position.players().get();
        (seat.index() + players - self.perspective.index()) % players
    }

    fn at(plane: usize, cell: Cell) -> usize {
        let coord = B::geometry().coord(cell);
        let shift = match B::SPEC.shape {
            BoardShape::Square => 0,
            BoardShape::Hex => (i32::from(B::SPEC.size) - 1) / 2,
        };
        plane * Self::CELLS + (coord.y + shift) as usize * Self::SIDE + (coord.x + shift) as usize
    }

    fn write_common(&self, planes: &mut [f32]) {
        for cell in self.position.stack_cells().iter() {
            for owner in self.position.rings_down(cell) {
                planes[Self::at(self.slot(owner), cell)] = 1.0;
            }
            if let Some(stack) = self.position.stack(cell) {
                planes[Self::at(4 + self.slot(stack.owner()), cell)] = part(stack.height(), 5.0);
            }
        }
    }

    fn write_markers(&self, planes: &mut [f32]) {
        for seat in self.position.players().seats() {
            for cell in self.position.markers_of(seat).iter() {
                planes[Self::at(COMMON_PLANES + self.slot(seat), cell)] = 1.0;
            }
        }
        for cell in self.position.markers_of(self.perspective).iter() {
            for (i, step) in [(1, 0), (0, 1), (1, 1), (1, -1)].into_iter().enumerate() {
                planes[Self::at(20 + i, cell)] = part(self.marker_line(cell, step), 5.0);
            }
        }
    }

    /// Length of the line of own markers through `cell`, up to 5 of them on each side. Upstream does not find the
    /// neighbours of a hex cell.
    fn marker_line(&self, cell: Cell, (dx, dy): (i32, i32)) -> u32 {
        if B::SPEC.shape == BoardShape::Hex {
            return 1;
        }
        let own = self.position.markers_of(self.perspective);
        let from = B::geometry().coord(cell);
        let run = |sign: i32| {
            let steps = (1..=5).map(|step| Coord { x: from.x + sign * step * dx, y: from.y + sign * step * dy });
            let is_own = |coord: &Coord| B::geometry().cell(*coord).is_some_and(|cell| own.contains(cell));
            steps.take_while(is_own).count() as u32
        };
        1 + run(1) + run(-1)
    }

    fn write_caps(&self, planes: &mut [f32]) {
        for cell in self.position.stack_cells().iter() {
            let Some(stack) = self.position.stack(cell) else { continue };
            planes[Self::at(16 + self.slot(stack.owner()), cell)] = part(stack.cap_height(), 5.0);
            if stack.owner() == self.perspective && B::SPEC.shape == BoardShape::Square {
                let (mut above, mut below) = (0.0_f32, 0.0_f32);
                for cap in self.foreign_caps(cell) {
                    let own = stack.cap_height();
                    if cap >= own {
                        above = above.max(part(cap - own + 1, 5.0));
                    }
                    if cap <= own {
                        below = below.max(part(own - cap + 1, 5.0));
                    }
                }
                planes[Self::at(24, cell)] = above;
                planes[Self::at(25, cell)] = below;
            }
        }
    }

    /// Cap heights of the foreign stacks on the eight cells around `cell`.
    fn foreign_caps(&self, cell: Cell) -> impl Iterator<Item = u32> {
        let at = B::geometry().coord(cell);
        let around = (-1..=1).flat_map(move |dx| (-1..=1).map(move |dy| Coord { x: at.x + dx, y: at.y + dy }));
        let stacks = around.filter_map(|coord| self.position.stack(B::geometry().cell(coord)?));
        stacks.filter(|stack| stack.owner() != self.perspective).map(ringrift_rules::Stack::cap_height)
    }

    fn write_globals(&self, globals: &mut [f32]) {
        let (rings, territory) = self.scales();
        globals[4] = 1.0;
        for seat in self.position.players().seats() {
            let slot = self.slot(seat);
            globals[slot] = (f64::from(self.position.hand(seat)) / rings) as f32;
            globals[12 + slot] = part(self.position.eliminated(seat).into(), 5.0);
            globals[16 + slot] = part(self.position.territory(seat).into(), 2.0 * territory);
        }
    }

    fn write_more_globals(&self, globals: &mut [f32]) {
        let (_, territory) = self.scales();
        let seats = self.position.players().seats();
        let hands: u32 = seats.clone().map(|seat| u32::from(self.position.hand(seat))).sum();
        for seat in seats {
            let slot = self.slot(seat);
            let progress = (f64::from(self.position.territory(seat)) / territory)
                .max(f64::from(self.position.eliminated(seat)) / 12.0);
            globals[20 + slot] = progress.min(1.0) as f32;
            if hands > 0 {
                globals[27 + slot] = (f64::from(self.position.hand(seat)) / f64::from(hands)) as f32;
            }
        }
        globals[24] = (f64::from(self.position.stack_cells().count()) / Self::CELLS as f64) as f32;
        globals[25] = (f64::from(self.position.marker_cells().count()) / Self::CELLS as f64) as f32;
    }

    /// What upstream takes for the rings of a hand and the territory that wins, by the number of players.
    fn scales(&self) -> (f64, f64) {
        match self.position.players().get() {
            2 => (18.0, 3.0),
            3 => (12.0, 2.0),
            _ => (9.0, 1.0),
        }
    }
}
