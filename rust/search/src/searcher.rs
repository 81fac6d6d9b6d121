//! The search trait, and the engine that plays with a search.

use ringrift_eval::{Choice, Decision, Engine, GameRng, SearchResult};
use ringrift_rules::{Board, Move, Position};

use crate::limits::{Limits, Stop};

/// Looks ahead on board `B`.
///
/// With limits that are deterministic, a result depends on the position, the legal moves in their order, the settings, the
/// stream, and the searches since [`Search::forget`]; on nothing else.
pub trait Search<B: Board>: Send {
    /// What this search is, exactly enough to build it again: kind, settings and evaluator, without the limits.
    fn describe(&self) -> String;

    /// Searches `position`, whose legal moves are `legal`, until a limit is reached, `stop` is set, or nothing is left to
    /// find; none only if there is no legal move. A search that is stopped at once still names a legal move.
    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Option<SearchResult>;

    /// Forgets what earlier searches left behind, such as tables and trees: at the start of a game.
    fn forget(&mut self);
}

impl<B: Board, S: Search<B> + ?Sized> Search<B> for Box<S> {
    fn describe(&self) -> String {
        (**self).describe()
    }

    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Option<SearchResult> {
        (**self).search(position, legal, limits, stop, rng)
    }

    fn forget(&mut self) {
        (**self).forget();
    }
}

/// A setting of an engine with a value that it cannot have.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{what} {given}\nhint: {what} is {range}")]
pub struct InvalidSetting {
    /// Which setting.
    pub what: &'static str,
    /// The value that was given.
    pub given: f64,
    /// The values that it can have.
    pub range: &'static str,
}

impl InvalidSetting {
    /// Checks one setting.
    ///
    /// # Errors
    /// Itself, unless `is_valid`; numbers that are not finite never are.
    pub fn check(what: &'static str, given: f64, is_valid: bool, range: &'static str) -> Result<(), Self> {
        if given.is_finite() && is_valid { Ok(()) } else { Err(Self { what, given, range }) }
    }
}

/// Plays by searching within the same limits at every decision.
///
/// A single legal move is made without a search. Otherwise one draw decides, before anything is searched, whether the move is
/// a uniformly random one instead. Source of that order: search.md, "Common behaviour".
#[derive(Debug)]
pub struct SearchEngine<S> {
    search: S,
    limits: Limits,
    stop: Stop,
    randomness: f64,
}

impl<S> SearchEngine<S> {
    /// An engine with this search, these limits, and this probability of a random move.
    ///
    /// # Errors
    /// [`InvalidSetting`] if `randomness` is not in `[0, 1]`.
    pub fn new(search: S, limits: Limits, randomness: f64) -> Result<Self, InvalidSetting> {
        InvalidSetting::check("randomness", randomness, (0.0..=1.0).contains(&randomness), "a probability, 0 to 1")?;
        Ok(Self { search, limits, stop: Stop::new(), randomness })
    }

    /// The same with a flag of the caller's, which ends the search of the moment.
    #[must_use]
    pub fn with_stop(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// The search.
    pub const fn search(&self) -> &S {
        &self.search
    }

    /// The limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl<B: Board, S: Search<B>> Engine<B> for SearchEngine<S> {
    fn describe(&self) -> String {
        let Self { search, limits, randomness, .. } = self;
        format!("{} with {limits}, randomness={randomness}", search.describe())
    }

    fn choose(&mut self, position: &Position<B>, legal: &[Move], rng: &mut GameRng) -> Option<Decision> {
        match *legal {
            [] => return None,
            [only] => return Some(Decision::unscored(only, Choice::Forced)),
            _ => {}
        }
        if rng.chance(self.randomness) {
            return Some(Decision::unscored(legal[rng.below(legal.len())], Choice::Random));
        }
        let result = self.search.search(position, legal, &self.limits, &self.stop, rng)?;
        Some(Decision {
            mv: result.best,
            choice: Choice::Best,
            score: Some(result.score),
            evaluations: result.evaluations,
            search: Some(Box::new(result)),
        })
    }

    fn forget(&mut self) {
        self.search.forget();
    }
}
