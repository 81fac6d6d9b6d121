//! A position on a board that is known at run time only.

use crate::{
    board::{BoardKind, Hex8, Hexagonal, Square8, Square19},
    geometry::Geometry,
    make_move::IllegalMove,
    moves::{Move, MoveList},
    options::RuleOptions,
    outcome::{Outcome, RecordedReason},
    phase::Phase,
    player::{ByPlayer, PlayerCount, PlayerId},
    position::Position,
    setup::Setup,
};

/// A [`Position`] on any board.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(clippy::large_enum_variant, reason = "positions are plain values on purpose")]
pub enum AnyPosition {
    /// On square8.
    Square8(Position<Square8>),
    /// On square19.
    Square19(Position<Square19>),
    /// On hex8.
    Hex8(Position<Hex8>),
    /// On hexagonal.
    Hexagonal(Position<Hexagonal>),
}

/// Runs an expression on the position inside an [`AnyPosition`], whatever its board.
#[macro_export]
macro_rules! with_position {
    ($any:expr, $position:ident => $body:expr) => {
        match $any {
            $crate::AnyPosition::Square8($position) => $body,
            $crate::AnyPosition::Square19($position) => $body,
            $crate::AnyPosition::Hex8($position) => $body,
            $crate::AnyPosition::Hexagonal($position) => $body,
        }
    };
}

impl AnyPosition {
    /// The start of a game.
    pub fn initial(board: BoardKind, players: PlayerCount, rules: RuleOptions) -> Self {
        match board {
            BoardKind::Square8 => Self::Square8(Position::initial(players, rules)),
            BoardKind::Square19 => Self::Square19(Position::initial(players, rules)),
            BoardKind::Hex8 => Self::Hex8(Position::initial(players, rules)),
            BoardKind::Hexagonal => Self::Hexagonal(Position::initial(players, rules)),
        }
    }

    /// The board.
    pub fn board(&self) -> BoardKind {
        match self {
            Self::Square8(_) => BoardKind::Square8,
            Self::Square19(_) => BoardKind::Square19,
            Self::Hex8(_) => BoardKind::Hex8,
            Self::Hexagonal(_) => BoardKind::Hexagonal,
        }
    }

    /// Tables of the board.
    pub fn geometry(&self) -> &'static Geometry {
        self.board().geometry()
    }
}

macro_rules! delegate {
    ($($(#[$doc:meta])* $name:ident(&self $(, $arg:ident: $type:ty)*) $(-> $out:ty)?;)*) => {
        impl AnyPosition {
            $($(#[$doc])*
            pub fn $name(&self $(, $arg: $type)*) $(-> $out)? {
                with_position!(self, position => position.$name($($arg),*))
            })*
        }
    };
}

delegate! {
    /// See [`Position::players`].
    players(&self) -> PlayerCount;
    /// See [`Position::phase`].
    phase(&self) -> Phase;
    /// See [`Position::to_move`].
    to_move(&self) -> PlayerId;
    /// See [`Position::outcome`].
    outcome(&self) -> Option<Outcome>;
    /// See [`Position::rules`].
    rules(&self) -> &RuleOptions;
    /// See [`Position::plies`].
    plies(&self) -> u32;
    /// See [`Position::turn`].
    turn(&self) -> u32;
    /// See [`Position::hand`].
    hand(&self, player: PlayerId) -> u16;
    /// See [`Position::eliminated`].
    eliminated(&self, player: PlayerId) -> u16;
    /// See [`Position::territory`].
    territory(&self, player: PlayerId) -> u16;
    /// See [`Position::collapsed_count`].
    collapsed_count(&self, player: PlayerId) -> u16;
    /// See [`Position::legal_moves`].
    legal_moves(&self, list: &mut MoveList);
    /// See [`Position::is_legal`].
    is_legal(&self, mv: Move) -> bool;
    /// See [`Position::ranks`].
    ranks(&self) -> Option<ByPlayer<u8>>;
    /// See [`Position::returns`].
    returns(&self) -> ByPlayer<f32>;
    /// See [`Position::recorded_reason`].
    recorded_reason(&self) -> Option<RecordedReason>;
    /// See [`Position::key`].
    key(&self) -> u64;
    /// See [`Position::state_hash`].
    state_hash(&self) -> String;
    /// See [`Position::persisted_zobrist`].
    persisted_zobrist(&self) -> u64;
    /// See [`Position::fingerprint`].
    fingerprint(&self) -> String;
    /// See [`Position::to_setup`].
    to_setup(&self) -> Setup;
    /// See [`Position::check_validity`].
    check_validity(&self) -> Result<(), String>;
}

impl AnyPosition {
    /// See [`Position::play`].
    ///
    /// # Errors
    /// [`IllegalMove`]; the position is unchanged then.
    pub fn play(&mut self, mv: Move) -> Result<(), IllegalMove> {
        with_position!(self, position => position.play(mv))
    }

    /// See [`Position::make_move`].
    pub fn make_move(&mut self, mv: Move) {
        with_position!(self, position => position.make_move(mv));
    }

    /// See [`crate::perft()`].
    pub fn perft(&self, depth: u32) -> u64 {
        with_position!(self, position => crate::perft(position, depth))
    }

    /// See [`crate::divide`].
    pub fn divide(&self, depth: u32, stop: &impl Fn() -> bool, each: impl FnMut(Move, u64)) -> Option<u64> {
        with_position!(self, position => crate::divide(position, depth, stop, each))
    }
}
