//! Matches: games between a few engines, every opening in every rotation of the seats.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rayon::prelude::*;
use ringrift_eval::{Engine, GameRng};
use ringrift_rules::{
    AnyPosition, Board, BoardKind, EndReason, MoveList, PlayerCount, Position, RuleOptions, with_position,
};
use ringrift_search::{InvalidSetting, Stop};
use ringrift_selfplay::EngineSpec;

use crate::interval::{Interval, wilson};

/// Most games of a match.
pub const MATCH_GAMES_MAX: u64 = 10_000_000;

/// Time between two looks at the flag that ends a match.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(10);

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
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
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
    /// An engine cannot be built.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// The system refuses threads.
    #[error("cannot start threads: {0}\nhint: try fewer --jobs")]
    Threads(String),
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
    /// Which rule ended it; none at the move limit.
    pub reason: Option<EndReason>,
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

    /// Index of the engine in a seat.
    fn engine_at(&self, seat: usize, rotation: usize) -> usize {
        let seats = self.players.get();
        ((seat + seats - rotation) % seats).min(self.engines.len() - 1)
    }

    /// Number of games that will be played.
    pub fn total(&self) -> u64 {
        self.games.next_multiple_of(self.players.get() as u64)
    }

    /// Plays the match. `each` is told of every game when it is over, in no particular order; `stop` ends the match early.
    ///
    /// # Errors
    /// [`MatchError`] before the first game.
    pub fn play(&self, stop: &AtomicBool, each: &(impl Fn(&MatchGame) + Sync)) -> Result<MatchReport, MatchError> {
        self.check()?;
        let mut probe = GameRng::new(0, 0, 0);
        for spec in &self.engines {
            with_position!(&self.start(), start => spec_fits(start, spec, &mut probe))?;
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs)
            .build()
            .map_err(|error| MatchError::Threads(error.to_string()))?;
        let (searches, over) = (Stop::new(), AtomicBool::new(false));
        let seats = self.players.get();
        let play = |game: usize| {
            let (opening, rotation) = ((game / seats) as u64, game % seats);
            let start = self.start();
            with_position!(&start, start => self.play_one(start, opening, rotation, &searches)).inspect(each)
        };
        let games = std::thread::scope(|scope| {
            // Searches have a flag of their own, which follows the caller's.
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    if stop.load(Ordering::Relaxed) {
                        searches.stop();
                    }
                    std::thread::sleep(FOLLOW_INTERVAL);
                }
            });
            let games = (0..self.total() as usize).into_par_iter().with_max_len(1).map(play);
            let games = pool.install(|| games.collect::<Vec<_>>());
            over.store(true, Ordering::Relaxed);
            games
        });
        Ok(self.report(&games))
    }

    fn start(&self) -> AnyPosition {
        AnyPosition::initial(self.board, self.players, RuleOptions::standard(self.board, self.players))
    }

    /// One game; none if it was stopped.
    fn play_one<B: Board>(&self, start: &Position<B>, opening: u64, rotation: usize, stop: &Stop) -> Option<MatchGame> {
        let mut streams: Vec<GameRng> = Vec::new();
        let mut engines: Vec<Box<dyn Engine<B>>> = Vec::new();
        for seat in 0..self.players.get() {
            // A rotation moves the streams along with the engines.
            let place = (seat + self.players.get() - rotation) % self.players.get();
            let mut rng = GameRng::new(self.seed, opening, place as u64);
            engines.push(self.engines[self.engine_at(seat, rotation)].engine(&mut rng, stop).ok()?);
            streams.push(rng);
        }
        let mut host = GameRng::new(self.seed, opening, GameRng::HOST);
        let (mut position, mut moves, mut random) = (*start, MoveList::new(), self.opening_random_moves);
        while position.outcome().is_none() && position.plies() < self.moves_max {
            position.legal_moves(&mut moves);
            let seat = position.to_move().index();
            let mv = match *moves.as_slice() {
                [] => break,
                [only] => only,
                _ if random > 0 => {
                    random -= 1;
                    moves[host.below(moves.len())]
                }
                _ => engines[seat].choose(&position, &moves, &mut streams[seat])?.mv,
            };
            if stop.is_set() {
                return None;
            }
            position.make_move(mv);
        }
        let outcome = position.outcome();
        let winner = outcome.map(|outcome| self.engine_at(outcome.winner.index(), rotation));
        let reason = outcome.map(|outcome| outcome.reason);
        Some(MatchGame { opening, rotation, winner, plies: position.plies(), reason })
    }

    fn report(&self, games: &[Option<MatchGame>]) -> MatchReport {
        let seats = self.players.get();
        let is_complete = games.iter().all(Option::is_some);
        // Openings that lack a rotation would favour a seat.
        let games: Vec<MatchGame> = games
            .chunks(seats)
            .filter(|rotations| rotations.iter().all(Option::is_some))
            .flat_map(|rotations| rotations.iter().flatten().cloned())
            .collect();
        let count = games.len() as u64;
        let undecided = games.iter().filter(|game| game.winner.is_none()).count() as f64;
        let standing = |engine: usize| {
            let held = (0..seats).filter(|&seat| self.engine_at(seat, 0) == engine).count();
            let even = held as f64 / seats as f64;
            let wins = games.iter().filter(|game| game.winner == Some(engine)).count() as u64;
            let points = wins as f64 + undecided * even;
            let share = if count == 0 { even } else { points / count as f64 };
            Standing { wins, share, interval: wilson(points, count), even }
        };
        MatchReport { standings: (0..self.engines.len()).map(standing).collect(), games, is_complete }
    }
}

fn spec_fits<B: Board>(_: &Position<B>, spec: &EngineSpec, rng: &mut GameRng) -> Result<(), InvalidSetting> {
    spec.engine::<B>(rng, &Stop::new()).map(drop)
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
        of.play(&AtomicBool::new(false), &|_| {})
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
        let report = between(PlayerCount::Two, &["d4", "d3"]).play(&AtomicBool::new(true), &|_| {}).unwrap();
        assert!(!report.is_complete && report.games.len().is_multiple_of(2));
    }

    #[test]
    fn impossible_matches_are_refused() {
        let one = between(PlayerCount::Two, &["random"]);
        assert_eq!(play(&one), Err(MatchError::Engines { given: 1, seats: 2 }));
        let three = between(PlayerCount::Two, &["random", "random", "random"]);
        assert!(play(&three).unwrap_err().to_string().contains("hint: "));
        assert_eq!(
            play(&Match { games: 0, ..between(PlayerCount::Two, &["random", "d2"]) }),
            Err(MatchError::Games(0))
        );
    }
}
