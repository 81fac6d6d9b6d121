//! Matches between engines: who is stronger, and how sure that is.
//!
//! Every opening is played once with the engines in every rotation of the seats, so that neither the opening nor the seat
//! favours anybody.
#![forbid(unsafe_code)]

mod interval;
mod matches;
mod sprt;

pub use interval::{Interval, wilson};
pub use matches::{MATCH_GAMES_MAX, Match, MatchError, MatchGame, MatchReport, Standing};
pub use sprt::{BlockShape, EloModel, Forecast, LineUps, NORMALISED_ELO, ScoreCounts, Sprt, SprtError, Verdict};
