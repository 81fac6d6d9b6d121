//! Moves: one variant per canonical move kind.

use crate::{cell::Cell, player::PlayerId};

/// One recorded move of the player to move. Source: rules.md section 13.
///
/// A move carries what tells it apart from the other legal moves of the same position; everything that follows
/// from the position (which rings, which region cells, which stack pays a recovery) is looked up when it is made.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Move {
    /// Put `count` rings on `to`.
    PlaceRing {
        /// Cell without marker or collapse.
        to: Cell,
        /// `1..=3` on an empty cell, 1 on a stack.
        count: u8,
    },
    /// Decline to place although rings are in hand.
    SkipPlacement,
    /// Nothing can be placed.
    NoPlacementAction,
    /// Pie rule: player 2 takes player 1's seat.
    SwapSides,
    /// Move a stack along a clear ray.
    MoveStack {
        /// Origin.
        from: Cell,
        /// Landing cell.
        to: Cell,
    },
    /// First capture of a turn.
    OvertakingCapture {
        /// Origin.
        from: Cell,
        /// Captured stack.
        over: Cell,
        /// Landing cell.
        to: Cell,
    },
    /// Further capture by the stack that has just captured.
    ContinueCaptureSegment {
        /// Origin.
        from: Cell,
        /// Captured stack.
        over: Cell,
        /// Landing cell.
        to: Cell,
    },
    /// Decline the capture after a movement.
    SkipCapture,
    /// Nothing can move.
    NoMovementAction,
    /// A player without stacks slides a marker.
    RecoverySlide {
        /// Marker.
        from: Cell,
        /// Neighbouring cell.
        to: Cell,
        /// What the slide does.
        mode: RecoveryMode,
    },
    /// Decline to recover.
    SkipRecovery,
    /// Collapse a whole line.
    ProcessLine {
        /// The line.
        line: LineSpan,
    },
    /// Collapse a whole line, or one window of the required length of a longer one.
    ChooseLineOption {
        /// The line.
        line: LineSpan,
        /// Which cells collapse.
        window: LineWindow,
    },
    /// No line is left.
    NoLineAction,
    /// Pay for a line or a region.
    EliminateRingsFromStack {
        /// The stack that pays.
        from: Cell,
        /// What is paid for, and so how much.
        context: EliminationContext,
    },
    /// Collapse a disconnected region and its border.
    ChooseTerritoryOption {
        /// The region.
        region: RegionId,
    },
    /// Decline further regions.
    SkipTerritoryProcessing,
    /// No region can be processed.
    NoTerritoryAction,
    /// Give up a cap because nothing else was possible.
    ForcedElimination {
        /// The stack that loses its cap.
        from: Cell,
    },
}

/// What a recovery slide does. Source: RR-CANON-R110..R115, rules.md section 8.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RecoveryMode {
    /// Completes a line; all its cells collapse, and a buried ring pays.
    LineAll,
    /// Completes an overlong line; its first cells collapse for free.
    LineSegment,
    /// Any slide, when no line can be completed; a buried ring pays.
    Fallback,
    /// The marker strikes a neighbouring stack's top ring; a buried ring pays.
    StackStrike,
}

/// A maximal run of one player's markers along one axis.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineSpan {
    pub(crate) first: Cell,
    pub(crate) axis: u8,
    pub(crate) len: u8,
}

impl LineSpan {
    /// Number of markers.
    #[inline]
    pub const fn len(self) -> u32 {
        self.len as u32
    }

    /// Never true: a line has at least three cells.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// First cell in axis order.
    pub const fn first(self) -> Cell {
        self.first
    }

    /// Index of the axis in [`crate::BoardShape::axes`].
    pub const fn axis(self) -> usize {
        self.axis as usize
    }
}

/// Which part of a line collapses.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineWindow(u8);

impl LineWindow {
    /// The whole line; costs one ring.
    pub const ALL: Self = Self(u8::MAX);

    /// The window of the required length that starts at this offset; free.
    pub const fn starting_at(offset: u32) -> Self {
        Self(offset as u8)
    }

    /// Offset of the window, or none for the whole line.
    pub const fn start(self) -> Option<u32> {
        if self.0 == u8::MAX { None } else { Some(self.0 as u32) }
    }
}

/// What an elimination pays for. Source: RR-CANON-R114, R122, R145.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EliminationContext {
    /// A line: one ring from the top.
    Line,
    /// A region: the whole cap.
    Territory,
    /// A region after a recovery slide: the lowest own ring.
    Recovery,
}

impl EliminationContext {
    /// Canonical spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Territory => "territory",
            Self::Recovery => "recovery",
        }
    }
}

/// Names a disconnected region of a position: its lowest cell and the colour whose markers border it.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RegionId {
    pub(crate) start: Cell,
    pub(crate) border: RegionBorder,
}

impl RegionId {
    /// The region's cell of the lowest padded index.
    pub const fn start(self) -> Cell {
        self.start
    }

    /// What separates the region from the rest of the board.
    pub const fn border(self) -> RegionBorder {
        self.border
    }
}

/// What separates a region from the rest of the board, besides collapsed cells and edges.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegionBorder {
    /// Markers of one player.
    Markers(PlayerId),
    /// Nothing else.
    None,
}

/// Kinds of moves, in their canonical spelling.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "the names are those of the variants of `Move`")]
pub enum MoveKind {
    PlaceRing,
    SkipPlacement,
    NoPlacementAction,
    SwapSides,
    MoveStack,
    OvertakingCapture,
    ContinueCaptureSegment,
    SkipCapture,
    NoMovementAction,
    RecoverySlide,
    SkipRecovery,
    ProcessLine,
    ChooseLineOption,
    NoLineAction,
    EliminateRingsFromStack,
    ChooseTerritoryOption,
    SkipTerritoryProcessing,
    NoTerritoryAction,
    ForcedElimination,
}

impl MoveKind {
    /// All kinds.
    pub const ALL: [Self; 19] = [
        Self::PlaceRing,
        Self::SkipPlacement,
        Self::NoPlacementAction,
        Self::SwapSides,
        Self::MoveStack,
        Self::OvertakingCapture,
        Self::ContinueCaptureSegment,
        Self::SkipCapture,
        Self::NoMovementAction,
        Self::RecoverySlide,
        Self::SkipRecovery,
        Self::ProcessLine,
        Self::ChooseLineOption,
        Self::NoLineAction,
        Self::EliminateRingsFromStack,
        Self::ChooseTerritoryOption,
        Self::SkipTerritoryProcessing,
        Self::NoTerritoryAction,
        Self::ForcedElimination,
    ];

    /// Canonical spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlaceRing => "place_ring",
            Self::SkipPlacement => "skip_placement",
            Self::NoPlacementAction => "no_placement_action",
            Self::SwapSides => "swap_sides",
            Self::MoveStack => "move_stack",
            Self::OvertakingCapture => "overtaking_capture",
            Self::ContinueCaptureSegment => "continue_capture_segment",
            Self::SkipCapture => "skip_capture",
            Self::NoMovementAction => "no_movement_action",
            Self::RecoverySlide => "recovery_slide",
            Self::SkipRecovery => "skip_recovery",
            Self::ProcessLine => "process_line",
            Self::ChooseLineOption => "choose_line_option",
            Self::NoLineAction => "no_line_action",
            Self::EliminateRingsFromStack => "eliminate_rings_from_stack",
            Self::ChooseTerritoryOption => "choose_territory_option",
            Self::SkipTerritoryProcessing => "skip_territory_processing",
            Self::NoTerritoryAction => "no_territory_action",
            Self::ForcedElimination => "forced_elimination",
        }
    }

    /// The kind of a canonical spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether moves of this kind change the board; a turn without such a move ends in forced elimination.
    /// Source: RR-CANON-R072, R100; rules.md section 4.
    #[inline]
    pub const fn changes_board(self) -> bool {
        !matches!(
            self,
            Self::NoPlacementAction
                | Self::NoMovementAction
                | Self::NoLineAction
                | Self::NoTerritoryAction
                | Self::SkipPlacement
                | Self::SkipCapture
                | Self::SkipRecovery
                | Self::SkipTerritoryProcessing
        )
    }

    /// Whether the rules leave no choice: the move only records that a phase was visited.
    pub const fn is_bookkeeping(self) -> bool {
        matches!(self, Self::NoPlacementAction | Self::NoMovementAction | Self::NoLineAction | Self::NoTerritoryAction)
    }
}

impl Move {
    /// Kind of the move.
    #[inline]
    pub const fn kind(self) -> MoveKind {
        match self {
            Self::PlaceRing { .. } => MoveKind::PlaceRing,
            Self::SkipPlacement => MoveKind::SkipPlacement,
            Self::NoPlacementAction => MoveKind::NoPlacementAction,
            Self::SwapSides => MoveKind::SwapSides,
            Self::MoveStack { .. } => MoveKind::MoveStack,
            Self::OvertakingCapture { .. } => MoveKind::OvertakingCapture,
            Self::ContinueCaptureSegment { .. } => MoveKind::ContinueCaptureSegment,
            Self::SkipCapture => MoveKind::SkipCapture,
            Self::NoMovementAction => MoveKind::NoMovementAction,
            Self::RecoverySlide { .. } => MoveKind::RecoverySlide,
            Self::SkipRecovery => MoveKind::SkipRecovery,
            Self::ProcessLine { .. } => MoveKind::ProcessLine,
            Self::ChooseLineOption { .. } => MoveKind::ChooseLineOption,
            Self::NoLineAction => MoveKind::NoLineAction,
            Self::EliminateRingsFromStack { .. } => MoveKind::EliminateRingsFromStack,
            Self::ChooseTerritoryOption { .. } => MoveKind::ChooseTerritoryOption,
            Self::SkipTerritoryProcessing => MoveKind::SkipTerritoryProcessing,
            Self::NoTerritoryAction => MoveKind::NoTerritoryAction,
            Self::ForcedElimination { .. } => MoveKind::ForcedElimination,
        }
    }

    /// The cell that a movement, capture or recovery begins on, or whose stack an elimination takes from.
    pub const fn origin(self) -> Option<Cell> {
        match self {
            Self::MoveStack { from, .. }
            | Self::OvertakingCapture { from, .. }
            | Self::ContinueCaptureSegment { from, .. }
            | Self::RecoverySlide { from, .. }
            | Self::EliminateRingsFromStack { from, .. }
            | Self::ForcedElimination { from } => Some(from),
            _ => None,
        }
    }

    /// The cell whose stack a capture takes from.
    pub const fn target(self) -> Option<Cell> {
        match self {
            Self::OvertakingCapture { over, .. } | Self::ContinueCaptureSegment { over, .. } => Some(over),
            _ => None,
        }
    }

    /// The cell that a placement, movement, capture or recovery ends on.
    #[inline]
    pub const fn landing(self) -> Option<Cell> {
        match self {
            Self::PlaceRing { to, .. }
            | Self::MoveStack { to, .. }
            | Self::OvertakingCapture { to, .. }
            | Self::ContinueCaptureSegment { to, .. }
            | Self::RecoverySlide { to, .. } => Some(to),
            _ => None,
        }
    }
}

const _: () = assert!(std::mem::size_of::<Move>() == 8);

/// A reusable list of moves: filling it again does not allocate once it has grown.
pub type MoveList = Vec<Move>;
