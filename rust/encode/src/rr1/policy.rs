//! The policy of `rr1`: one index for each legal move.

use std::sync::OnceLock;

use ringrift_rules::{
    AnyPosition, Board, BoardKind, Cell, CellSet as _, LineSpan, LineWindow, Move, PlayerId, Position, RecoveryMode,
    RegionBorder, with_position,
};

use super::lanes::{Lanes, direction};
use crate::policy::ActionIndex;

/// How `rr1` numbers the moves of a board: no two legal moves of a position share an index.
///
/// `policy: f32[size], by the player to move`. Cells count by dense index ([`ringrift_rules::Geometry::dense`]), directions
/// by axis ([`ringrift_rules::BoardShape::axes`]), forwards before backwards. Middles are the cells and the gaps between
/// neighbouring cells of each straight line of the board; a run of cells is named by the one in its middle, and runs of
/// one kind that can be told apart have different middles. Blocks, in order:
///
/// | block | square8 | square19 | hex8 | hexagonal | index in the block |
/// |---|---:|---:|---:|---:|---|
/// | `place_ring` | 192 | 1083 | 183 | 1407 | 3 cell + count - 1 |
/// | `move` | 1456 | 21432 | 1104 | 25968 | the steps from a cell, by direction, by distance, that stay on the board: `move_stack`, and captures to the landing cell |
/// | `recovery_slide` | 840 | 5328 | 624 | 5328 | 2 step to the neighbour + 1 for the free option of a line |
/// | `process_line` | 466 | 2776 | 339 | 2739 | middle of the line |
/// | `choose_line_option all` | 466 | 2776 | 339 | 2739 | middle of the line |
/// | `choose_line_option part` | 466 | 2776 | 339 | 2739 | middle of the collapsing part |
/// | `eliminate_rings_from_stack` | 64 | 361 | 61 | 469 | cell |
/// | `forced_elimination` | 64 | 361 | 61 | 469 | cell |
/// | `choose_territory_option` | 256 | 1444 | 244 | 1876 | 4 lowest cell + seat of the border, counted from the player to move; 0 without border |
/// | others | 9 | 9 | 9 | 9 | `skip_placement`, `no_placement_action`, `swap_sides`, `skip_capture`, `no_movement_action`, `skip_recovery`, `no_line_action`, `skip_territory_processing`, `no_territory_action` |
/// | size | 4279 | 38346 | 3303 | 43743 | |
///
/// A region has an index for its lowest cell. [`Rr1Policy::move_at`] takes those of its other cells for the same move,
/// since symmetries turn the one into the other.
#[derive(Debug)]
pub struct Rr1Policy {
    lanes: Lanes,
    starts: [u32; BLOCKS + 1],
}

const BLOCKS: usize = 10;
const PLACE: usize = 0;
const MOVE: usize = 1;
const RECOVERY: usize = 2;
const PROCESS_LINE: usize = 3;
const LINE_ALL: usize = 4;
const LINE_PART: usize = 5;
const ELIMINATE: usize = 6;
const FORCED: usize = 7;
const TERRITORY: usize = 8;
const OTHERS: usize = 9;

const NAMES: [&str; BLOCKS] = [
    "place_ring",
    "move",
    "recovery_slide",
    "process_line",
    "choose_line_option all",
    "choose_line_option part",
    "eliminate_rings_from_stack",
    "forced_elimination",
    "choose_territory_option",
    "others",
];

/// Seats that a region's border can have.
const BORDERS: u32 = 4;

impl Rr1Policy {
    /// The policy of a board.
    pub fn of(board: BoardKind) -> &'static Self {
        static POLICIES: [OnceLock<Rr1Policy>; 4] = [const { OnceLock::new() }; 4];
        POLICIES[board as usize].get_or_init(|| Self::new(board))
    }

    fn new(board: BoardKind) -> Self {
        let lanes = Lanes::new(board);
        let cells = u32::from(board.spec().cells);
        let middles = lanes.middles();
        let lens = [
            3 * cells,
            lanes.steps(),
            2 * lanes.neighbours(),
            middles,
            middles,
            middles,
            cells,
            cells,
            BORDERS * cells,
            9,
        ];
        let mut starts = [0; BLOCKS + 1];
        for (block, len) in lens.into_iter().enumerate() {
            starts[block + 1] = starts[block] + len;
        }
        Self { lanes, starts }
    }

    /// The board.
    pub fn board(&self) -> BoardKind {
        self.lanes.geometry().kind()
    }

    /// Number of indices.
    pub fn size(&self) -> u32 {
        self.starts[BLOCKS]
    }

    /// Name, first index and number of indices of each block.
    pub fn blocks(&self) -> impl Iterator<Item = (&'static str, u32, u32)> {
        NAMES.iter().zip(self.starts.windows(2)).map(|(&name, ends)| (name, ends[0], ends[1] - ends[0]))
    }

    /// The index of a legal move of the position, which is on the board of the policy; none for a move that no position
    /// of this board has.
    pub fn index(&self, position: &AnyPosition, mv: Move) -> Option<ActionIndex> {
        with_position!(position, position => self.index_on(position, mv))
    }

    /// [`Rr1Policy::index`] on a known board.
    #[inline]
    pub fn index_on<B: Board>(&self, position: &Position<B>, mv: Move) -> Option<ActionIndex> {
        if B::KIND != self.board() {
            return None;
        }
        let dense = |cell: Cell| B::MASK.contains(cell).then(|| B::geometry().dense(cell) as u32);
        let (block, at) = match mv {
            Move::PlaceRing { to, count } => {
                (PLACE, 3 * dense(to)? + u32::from(count).checked_sub(1).filter(|&count| count < 3)?)
            }
            Move::MoveStack { from, to }
            | Move::OvertakingCapture { from, to, .. }
            | Move::ContinueCaptureSegment { from, to, .. } => {
                let (direction, distance) = self.step::<B>(from, to)?;
                (MOVE, self.lanes.ray(from, direction).first_step + distance - 1)
            }
            Move::RecoverySlide { from, to, mode } => {
                let (direction, _) = self.step::<B>(from, to).filter(|&(_, distance)| distance == 1)?;
                let free = u32::from(mode == RecoveryMode::LineSegment);
                (RECOVERY, 2 * self.lanes.ray(from, direction).neighbour + free)
            }
            Move::ProcessLine { line } => (PROCESS_LINE, self.middle::<B>(line, 0, line.len())?),
            Move::ChooseLineOption { line, window } if window == LineWindow::ALL => {
                (LINE_ALL, self.middle::<B>(line, 0, line.len())?)
            }
            Move::ChooseLineOption { line, window } => {
                let len = B::SPEC.line_length(position.players());
                (LINE_PART, self.middle::<B>(line, window.start()?, len)?)
            }
            Move::EliminateRingsFromStack { from, .. } => (ELIMINATE, dense(from)?),
            Move::ForcedElimination { from } => (FORCED, dense(from)?),
            Move::ChooseTerritoryOption { region } => {
                (TERRITORY, BORDERS * dense(region.start())? + border_seat(position, region.border()))
            }
            Move::SkipPlacement => (OTHERS, 0),
            Move::NoPlacementAction => (OTHERS, 1),
            Move::SwapSides => (OTHERS, 2),
            Move::SkipCapture => (OTHERS, 3),
            Move::NoMovementAction => (OTHERS, 4),
            Move::SkipRecovery => (OTHERS, 5),
            Move::NoLineAction => (OTHERS, 6),
            Move::SkipTerritoryProcessing => (OTHERS, 7),
            Move::NoTerritoryAction => (OTHERS, 8),
        };
        Some(ActionIndex::new(self.starts[block] + at))
    }

    #[inline]
    fn step<B: Board>(&self, from: Cell, to: Cell) -> Option<(usize, u32)> {
        if B::MASK.contains(from) && B::MASK.contains(to) { self.lanes.step(from, to) } else { None }
    }

    /// Middle of `len` cells of a line from offset `start` on.
    #[inline]
    fn middle<B: Board>(&self, line: LineSpan, start: u32, len: u32) -> Option<u32> {
        let step = *B::AXIS_STEPS.get(line.axis())?;
        let first = line.first().offset(step, start);
        let last = first.offset(step, len - 1);
        (B::MASK.contains(first) && B::MASK.contains(last)).then(|| self.lanes.middle(first, last, line.axis()))
    }

    /// The one of the legal moves `legal` of the position that the index stands for.
    pub fn move_at(&self, position: &AnyPosition, legal: &[Move], index: ActionIndex) -> Option<Move> {
        with_position!(position, position => self.move_at_on(position, legal, index))
    }

    /// [`Rr1Policy::move_at`] on a known board.
    pub fn move_at_on<B: Board>(&self, position: &Position<B>, legal: &[Move], index: ActionIndex) -> Option<Move> {
        let exact = legal.iter().copied().find(|&mv| self.index_on(position, mv) == Some(index));
        exact.or_else(|| self.region_with(position, legal, index))
    }

    /// The region that has the index's cell and border.
    fn region_with<B: Board>(&self, position: &Position<B>, legal: &[Move], index: ActionIndex) -> Option<Move> {
        let at = index.get().checked_sub(self.starts[TERRITORY]).filter(|_| index.get() < self.starts[OTHERS])?;
        let cell = B::geometry().cell_at_dense((at / BORDERS) as usize)?;
        legal.iter().copied().find(|&mv| {
            matches!(mv, Move::ChooseTerritoryOption { region }
                if border_seat(position, region.border()) == at % BORDERS && position.region_cells(region).contains(cell))
        })
    }

    /// For each index, the index that the move has on the turned or mirrored board: `images` tells by dense index where
    /// cells go, and `directions` where directions go. The index of a region becomes that of the cell that its lowest
    /// one becomes.
    pub(crate) fn permutation(&self, images: &[Cell], directions: &[usize]) -> Vec<u32> {
        let (lanes, geometry) = (&self.lanes, self.lanes.geometry());
        let mut mapped: Vec<u32> = (0..self.size()).collect();
        let mut map = |block: usize, from: u32, to: u32, len: u32| {
            for at in 0..len {
                mapped[(self.starts[block] + from + at) as usize] = self.starts[block] + to + at;
            }
        };
        for (cell, &image) in geometry.cells().zip(images) {
            let (from, to) = (geometry.dense(cell) as u32, geometry.dense(image) as u32);
            map(PLACE, 3 * from, 3 * to, 3);
            map(ELIMINATE, from, to, 1);
            map(FORCED, from, to, 1);
            map(TERRITORY, BORDERS * from, BORDERS * to, BORDERS);
            for (along, &image_along) in directions.iter().enumerate() {
                let (ray, image_ray) = (lanes.ray(cell, along), lanes.ray(image, image_along));
                map(MOVE, ray.first_step, image_ray.first_step, ray.reach);
                if ray.reach > 0 {
                    map(RECOVERY, 2 * ray.neighbour, 2 * image_ray.neighbour, 2);
                }
            }
            for axis in 0..lanes.axes() {
                let image_axis = directions[direction(axis, true)] / 2;
                let next = lanes.walk(cell, direction(axis, true), 1);
                for other in [Some(cell), next].into_iter().flatten() {
                    let from = lanes.middle(cell, other, axis);
                    let to = lanes.middle(image, images[geometry.dense(other)], image_axis);
                    for block in [PROCESS_LINE, LINE_ALL, LINE_PART] {
                        map(block, from, to, 1);
                    }
                }
            }
        }
        mapped
    }
}

/// Seat of the markers around a region, counted from the player to move. A region without border exists only where no
/// marker is, so that its number is free.
fn border_seat<B: Board>(position: &Position<B>, border: RegionBorder) -> u32 {
    match border {
        RegionBorder::Markers(owner) => relative(owner, position.to_move(), position.players().get()),
        RegionBorder::None => 0,
    }
}

/// Seat counted from `first` in turn order.
#[inline]
pub(super) fn relative(seat: PlayerId, first: PlayerId, players: usize) -> u32 {
    ((seat.index() + players - first.index()) % players) as u32
}
