//! The engine trait: what chooses moves.

use ringrift_rules::{Board, Move, Position};

use crate::rng::GameRng;
use crate::search_result::SearchResult;

/// Why a move was chosen.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Choice {
    /// It was the only legal move.
    Forced,
    /// It was drawn at random, by an engine that does so, or that does so now and then.
    Random,
    /// It had the best score.
    Best,
}

/// A move, and what the engine did to find it.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// The chosen move; one of the legal moves.
    pub mv: Move,
    /// Why this one.
    pub choice: Choice,
    /// Its score for the player to move, on the evaluator's scale; none if it was not scored.
    pub score: Option<f64>,
    /// Number of seats' evaluations that were made.
    pub evaluations: u64,
    /// What a search found; none from engines that do not search, and for moves that needed no search.
    pub search: Option<Box<SearchResult>>,
}

impl Decision {
    /// A decision without a look at the board.
    pub const fn unscored(mv: Move, choice: Choice) -> Self {
        Self { mv, choice, score: None, evaluations: 0, search: None }
    }
}

/// Chooses moves on board `B`.
///
/// A decision depends on the position, the legal moves in their order, the engine's settings and the stream that it
/// draws from, and on nothing else; an engine that looks at the clock says so in [`Engine::describe`].
pub trait Engine<B: Board>: Send {
    /// What this engine is, exactly enough to build it again: kind, settings and evaluator. Goes into the records of the
    /// games that it plays in.
    fn describe(&self) -> String;

    /// Chooses one of the `legal` moves of `position`, which are those of [`Position::legal_moves`]; none if there are
    /// none. All randomness comes from `rng`.
    fn choose(&mut self, position: &Position<B>, legal: &[Move], rng: &mut GameRng) -> Option<Decision>;

    /// Forgets what was learnt from earlier decisions: called before the first decision of a game by whoever uses an engine
    /// for several games. Settings stay.
    fn forget(&mut self) {}
}
