//! Matches between engines: who is stronger, and how sure that is.
//!
//! Every opening is played once with the engines in every rotation of the seats, so that neither the opening nor the seat
//! favours anybody.
#![forbid(unsafe_code)]

mod interval;
mod matches;

pub use interval::{Interval, wilson};
pub use matches::{MATCH_GAMES_MAX, Match, MatchError, MatchGame, MatchReport, Standing};
