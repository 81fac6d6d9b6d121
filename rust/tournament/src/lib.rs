//! Measuring engines: matches, tournaments, ratings, and gates that promote with stated error rates.
//!
//! Every opening is played with the engines in every assignment of the seats, so that neither the opening nor the seat favours
//! anybody. Games go into an append-only log ([`GameLog`]) in the order of their schedule, whatever the number of threads, and
//! everything that is said about strength is a function of such logs.
#![forbid(unsafe_code)]

mod digest;
mod field;
mod game;
mod gate;
mod interval;
mod log;
mod matches;
mod openings;
mod pairing;
mod participant;
mod ratings;
mod runner;
mod seating;
mod sprt;
mod tournament;

pub use field::{Field, FieldError, Openings};
pub use game::PlayError;
pub use gate::{FixedRule, Gate, GateError, GateProgress, GateReport, GateRule};
pub use interval::{Interval, wilson};
pub use log::{GameLog, GameRecord, LOG_VERSION, LogContent, LogError, ParticipantLine};
pub use matches::{MATCH_GAMES_MAX, Match, MatchError, MatchGame, MatchReport, Standing};
pub use openings::{OPENINGS_MAX, OPENINGS_VERSION, OpeningError, OpeningRule, OpeningSet};
pub use pairing::Pairing;
pub use participant::{Participant, ParticipantId};
pub use ratings::{
    EloStoreError, Meetings, Pool, RATING_CENTRE, Rated, RatingError, figure, rate, upstream, write_elo_store,
};
pub use ringrift_selfplay::JsonlError;
pub use sprt::{BlockShape, EloModel, Forecast, LineUps, NORMALISED_ELO, ScoreCounts, Sprt, SprtError, Verdict};
pub use tournament::{
    DISTINCT_SHARE_MIN, Progress, TOURNAMENT_GAMES_MAX, Tournament, TournamentError, TournamentReport, distinct_share,
};
