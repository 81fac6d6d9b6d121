//! Matches: games between a few engines, every opening in every rotation of the seats.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_selfplay::EngineSpec;

use crate::game::{GamePlan, PlayError, Seat};
use crate::interval::{Interval, wilson};
use crate::openings::{OpeningError, OpeningRule, OpeningSet};
use crate::runner::{Ended, play_in_order};
use crate::seating::{Seating, assignments};

/// Most games of a match.
pub const MATCH_GAMES_MAX: u64 = 1_000_000;

/// A match to be played.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// The board.
    pub board: BoardKind,
    /// Number of players.
    pub players: PlayerCount,
    /// The engines, two to as many as there are seats; seats that are left go to the last one.
    pub engines: Vec<EngineSpec>,
    /// Least number of games; rounded up so that every opening is played in every rotation.
    pub games: u64,
    /// Seed of openings and engines.
    pub seed: u64,
    /// Decisions at the start of a game that are made at random, the same in all rotations.
    pub opening_random_moves: u32,
    /// Moves after which a game is nobody's, bookkeeping included.
    pub moves_max: u32,
    /// Threads; 0 = one per core.
    pub jobs: usize,
}

/// A match that cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MatchError {
    /// Too few or too many engines.
    #[error("a match of {given} engines in a game of {seats}\nhint: name two engines, and at most one for every seat")]
    Engines {
        /// How many were given.
        given: usize,
        /// Seats of the game.
        seats: usize,
    },
    /// No games, or too many.
    #[error("a match of {0} games\nhint: play 1 to {MATCH_GAMES_MAX} games")]
    Games(u64),
    /// The openings cannot be made.
    #[error(transparent)]
    Openings(#[from] OpeningError),
    /// A game does not count.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The system refuses threads.
    #[error("cannot start threads: {0}\nhint: try fewer --jobs")]
    Threads(#[source] io::Error),
}

/// A game of a match.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchGame {
    /// Number of its opening, from 0.
    pub opening: u64,
    /// Number of its rotation: the first engine sits in the seat of this index.
    pub rotation: usize,
    /// Index of the engine that won; none at the move limit.
    pub winner: Option<usize>,
    /// Moves, bookkeeping included.
    pub plies: u32,
    /// Name of the rule that ended it; none at the move limit.
    pub reason: Option<&'static str>,
}

/// How an engine did.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    /// Games that it won.
    pub wins: u64,
    /// Share of the games that it won; games that nobody won count by its part of the seats.
    pub share: f64,
    /// Where the true share lies with 95 %.
    pub interval: Interval,
    /// Its part of the seats: the share that it would have if all were equally strong.
    pub even: f64,
}

/// What a match came to.
#[derive(Clone, PartialEq, Debug)]
pub struct MatchReport {
    /// The engines in their order.
    pub standings: Vec<Standing>,
    /// The games, by opening and rotation. When the match was stopped, those of openings that were played to the end.
    pub games: Vec<MatchGame>,
    /// Whether all games were played.
    pub is_complete: bool,
}

impl Match {
    fn check(&self) -> Result<(), MatchError> {
        let seats = self.players.get();
        if !(2..=seats).contains(&self.engines.len()) {
            return Err(MatchError::Engines { given: self.engines.len(), seats });
        }
        if !(1..=MATCH_GAMES_MAX).contains(&self.games) {
            return Err(MatchError::Games(self.games));
        }
        Ok(())
    }

    /// Index of the engine in every place of the line-up.
    fn line_up(&self) -> Vec<usize> {
        (0..self.players.get()).map(|place| place.min(self.engines.len() - 1)).collect()
    }

    /// Number of games that will be played.
    pub fn total(&self) -> u64 {
        self.games.next_multiple_of(self.players.get() as u64)
    }

    /// Plays the match. `each` is told of every game in their order; `stop` ends the match early.
    ///
    /// # Errors
    /// [`MatchError`] names what is wrong with match or engines.
    pub fn play(&self, stop: &AtomicBool, mut each: impl FnMut(&MatchGame)) -> Result<MatchReport, MatchError> {
        self.check()?;
        let rule = OpeningRule {
            board: self.board,
            players: self.players,
            seed: self.seed,
            decisions: self.opening_random_moves,
            is_selected: false,
        };
        let line_up = self.line_up();
        // Places of one engine are told apart here, so that there are as many games as seats.
        let places: Vec<usize> = (0..line_up.len()).collect();
        let rotations = assignments(&places, Seating::Rotations);
        let openings = OpeningSet::generate(rule, self.total() / rotations.len() as u64)?;
        let play = |game: u64, searches: &_| {
            let (opening, rotation) = (game / rotations.len() as u64, game as usize % rotations.len());
            let seats = &rotations[rotation];
            let plan = GamePlan {
                board: self.board,
                players: self.players,
                seed: self.seed,
                opening,
                moves: openings.moves(opening),
                seats: seats.iter().map(|&place| Seat { spec: &self.engines[line_up[place]], place }).collect(),
                moves_max: self.moves_max,
            };
            let played = plan.play(searches)?;
            Ok(played.map(|played| {
                let winner = played.reason.and(played.ranks.iter().position(|&rank| rank == 1));
                let winner = winner.map(|seat| line_up[seats[seat]]);
                MatchGame { opening, rotation, winner, plies: played.plies, reason: played.reason }
            }))
        };
        let mut games = Vec::new();
        let ended = play_in_order(0..self.total(), self.jobs, stop, play, |_, game: MatchGame| {
            each(&game);
            games.push(game);
            Ok::<_, PlayError>(ControlFlow::Continue(()))
        });
        match ended.map_err(MatchError::Threads)? {
            Ended::Complete | Ended::Stopped => Ok(self.report(games)),
            Ended::Failed(error) => Err(error.into()),
        }
    }

    fn report(&self, mut games: Vec<MatchGame>) -> MatchReport {
        let seats = self.players.get();
        let is_complete = games.len() as u64 == self.total();
        // Openings that lack a rotation would favour a seat.
        games.truncate(games.len() / seats * seats);
        let count = games.len() as u64;
        let undecided = games.iter().filter(|game| game.winner.is_none()).count() as f64;
        let standing = |engine: usize| {
            let held = self.line_up().into_iter().filter(|&other| other == engine).count();
            let even = held as f64 / seats as f64;
            let wins = games.iter().filter(|game| game.winner == Some(engine)).count() as u64;
            let points = wins as f64 + undecided * even;
            let share = if count == 0 { even } else { points / count as f64 };
            Standing { wins, share, interval: wilson(points, count), even }
        };
        MatchReport { standings: (0..self.engines.len()).map(standing).collect(), games, is_complete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(players: PlayerCount, engines: &[&str]) -> Match {
        let board = BoardKind::Hex8;
        Match {
            board,
            players,
            engines: engines.iter().map(|text| EngineSpec::parse(text, board, players).unwrap()).collect(),
            games: 10,
            seed: 1,
            opening_random_moves: 4,
            moves_max: 1000,
            jobs: 2,
        }
    }

    fn play(of: &Match) -> Result<MatchReport, MatchError> {
        of.play(&AtomicBool::new(false), |_| {})
    }

    #[test]
    fn heuristic_beats_random_from_every_seat_and_repeats() {
        let of = Match { games: 88, ..between(PlayerCount::Three, &["heuristic", "random"]) };
        let report = play(&of).unwrap();
        assert!(report.is_complete && report.games.len() == 90);
        assert!((report.standings[0].even - 1.0 / 3.0).abs() < 1e-12);
        assert!(report.standings[0].interval.low > 1.0 / 3.0, "{:?}", report.standings);
        assert!((report.standings.iter().map(|standing| standing.share).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(report, play(&Match { jobs: 1, ..of }).unwrap());
    }

    #[test]
    fn equals_are_even() {
        let of = Match { games: 40, ..between(PlayerCount::Two, &["heuristic", "heuristic"]) };
        let report = play(&of).unwrap();
        // Rotated games of one opening are the same game with the seats exchanged.
        assert!((report.standings[0].share - 0.5).abs() < 1e-12, "{:?}", report.standings);
    }

    #[test]
    fn stopped_match_counts_whole_openings() {
        let report = between(PlayerCount::Two, &["d4", "d3"]).play(&AtomicBool::new(true), |_| {}).unwrap();
        assert!(!report.is_complete && report.games.len().is_multiple_of(2));
    }

    #[test]
    fn impossible_matches_are_refused() {
        let one = between(PlayerCount::Two, &["random"]);
        assert!(matches!(play(&one), Err(MatchError::Engines { given: 1, seats: 2 })));
        let three = between(PlayerCount::Two, &["random", "random", "random"]);
        assert!(play(&three).unwrap_err().to_string().contains("hint: "));
        let none = Match { games: 0, ..between(PlayerCount::Two, &["random", "d2"]) };
        assert!(matches!(play(&none), Err(MatchError::Games(0))));
    }
}
