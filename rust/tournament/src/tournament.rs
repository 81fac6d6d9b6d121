//! Tournaments: many engines, line-ups by a pairing, every line-up in every assignment of its seats.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde_json::{Map, Value};

use crate::field::{End, Field, FieldError, Task};
use crate::log::{GameRecord, run_id};
use crate::openings::{OPENINGS_MAX, OpeningSet};
use crate::pairing::{History, Pairing, line_up_count, line_ups};
use crate::seating::{Seating, assignments};

/// Share of different games below which results are refused: repeats look like evidence and are none.
pub const DISTINCT_SHARE_MIN: f64 = 0.95;

/// Most games of a tournament.
pub const TOURNAMENT_GAMES_MAX: u64 = 10_000_000;

/// A tournament.
#[derive(Clone, PartialEq, Debug)]
pub struct Tournament {
    /// Engines and conditions.
    pub field: Field,
    /// Who plays whom.
    pub pairing: Pairing,
    /// Least number of games of a line-up; rounded up to whole openings.
    pub games_per_line_up: u64,
}

/// A tournament that cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TournamentError {
    /// Too few engines.
    #[error("a tournament of {given} engines\nhint: name at least {needed}")]
    Engines {
        /// How many there are.
        given: usize,
        /// How many there have to be.
        needed: usize,
    },
    /// Too many games, or none.
    #[error("a tournament of {0} games\nhint: play 1 to {TOURNAMENT_GAMES_MAX} games")]
    Games(u64),
    /// The games.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Where a tournament is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Games that are over.
    pub games: u64,
    /// Games in all.
    pub games_total: u64,
    /// The game that has just ended.
    pub game: &'a GameRecord,
    /// Whether it was in the log already.
    pub is_old: bool,
}

/// What a tournament came to.
#[derive(Clone, Debug)]
pub struct TournamentReport {
    /// Name of the run.
    pub run_id: String,
    /// Its games in the order of the schedule.
    pub games: Vec<GameRecord>,
    /// Whether all were played.
    pub is_complete: bool,
    /// Bytes of a torn last line that was removed from the log.
    pub repaired_bytes: Option<u64>,
}

/// The part of games that differ in players or moves; 1 if there are none.
pub fn distinct_share(games: &[GameRecord]) -> f64 {
    let distinct: HashSet<&str> = games.iter().map(|game| game.game_id.as_str()).collect();
    if games.is_empty() { 1.0 } else { distinct.len() as f64 / games.len() as f64 }
}

impl Tournament {
    /// Settings that decide which games are played.
    pub fn settings(&self) -> Map<String, Value> {
        let mut settings = self.field.settings();
        settings.insert("pairing".into(), self.pairing.name().into());
        match self.pairing {
            Pairing::RoundRobin => {}
            Pairing::Gauntlet { challengers } => drop(settings.insert("challengers".into(), challengers.into())),
            Pairing::Swiss { rounds } => drop(settings.insert("rounds".into(), rounds.into())),
        }
        settings.insert("games_per_line_up".into(), self.games_per_line_up.into());
        settings
    }

    /// Name of the run: a digest of its settings.
    pub fn run_id(&self) -> String {
        run_id(&self.settings())
    }

    fn check(&self) -> Result<(), TournamentError> {
        let (given, seats) = (self.field.participants.len(), self.field.players.get());
        let needed = match self.pairing {
            Pairing::RoundRobin => 2,
            Pairing::Gauntlet { challengers } => challengers.saturating_add(1),
            Pairing::Swiss { .. } => seats,
        };
        if given < needed.max(2) {
            return Err(TournamentError::Engines { given, needed: needed.max(2) });
        }
        self.field.check()?;
        // Counted before they are listed.
        let line_ups = line_up_count(self.pairing, given, seats);
        if line_ups > TOURNAMENT_GAMES_MAX {
            return Err(TournamentError::Games(line_ups));
        }
        let games = self.games_total();
        if !(1..=TOURNAMENT_GAMES_MAX).contains(&games) {
            return Err(TournamentError::Games(games));
        }
        Ok(())
    }

    /// Line-ups of every round, as far as their number is concerned.
    fn first_line_ups(&self) -> Vec<Vec<usize>> {
        let engines = self.field.participants.len();
        line_ups(self.pairing, engines, self.field.players.get(), &History::new(engines))
    }

    /// Number of games.
    pub fn games_total(&self) -> u64 {
        let games = |line_up: &Vec<usize>| {
            let block = assignments(line_up, Seating::All).len() as u64;
            self.games_per_line_up.checked_next_multiple_of(block).unwrap_or(u64::MAX)
        };
        let round = self.first_line_ups().iter().map(games).fold(0, u64::saturating_add);
        round.saturating_mul(u64::from(self.pairing.rounds()))
    }

    /// Openings that a line-up with so many assignments plays.
    fn openings_of(&self, line_up: &[usize]) -> u64 {
        self.games_per_line_up.div_ceil(assignments(line_up, Seating::All).len() as u64)
    }

    /// Openings of a round.
    fn openings_of_round(&self) -> u64 {
        self.first_line_ups().iter().map(|line_up| self.openings_of(line_up)).max().unwrap_or(1)
    }

    /// The openings that it plays.
    ///
    /// # Errors
    /// [`TournamentError`] if there are not so many.
    pub fn openings(&self) -> Result<OpeningSet, TournamentError> {
        self.check()?;
        let count = self.openings_of_round().saturating_mul(u64::from(self.pairing.rounds()));
        Ok(self.field.opening_set(count.min(OPENINGS_MAX + 1))?)
    }

    /// The games of a round, opening by opening, so that an unfinished tournament has met every line-up.
    fn tasks(&self, round: u32, line_ups: &[Vec<usize>]) -> Vec<Task> {
        let per_round = self.openings_of_round();
        let mut tasks = Vec::new();
        for opening in 0..per_round {
            for line_up in line_ups.iter().filter(|line_up| opening < self.openings_of(line_up)) {
                for places in assignments(line_up, Seating::All) {
                    let opening = u64::from(round) * per_round + opening;
                    tasks.push(Task { opening, line_up: line_up.clone(), places });
                }
            }
        }
        tasks
    }

    /// Plays it into a log, or goes on where the log ends. `each` is told of every game in the order of the schedule; `stop`
    /// ends it early.
    ///
    /// # Errors
    /// [`TournamentError`]; games that were played before stay in the log.
    pub fn play(
        &self,
        log_path: &Path,
        stop: &AtomicBool,
        mut each: impl FnMut(Progress<'_>),
    ) -> Result<TournamentReport, TournamentError> {
        let openings = self.openings()?;
        let (engines, seats) = (self.field.participants.len(), self.field.players.get());
        let mut log = self.field.open_log(log_path, &self.settings())?;
        let (old, games_total) = (log.games().len() as u64, self.games_total());
        let (mut history, mut first, mut end) = (History::new(engines), 0, End::Complete);
        for round in 0..self.pairing.rounds() {
            let line_ups = line_ups(self.pairing, engines, seats, &history);
            let tasks = self.tasks(round, &line_ups);
            let mut shares = Vec::new();
            let numbers = first..first + tasks.len() as u64;
            let task = |number: u64| tasks[(number - first) as usize].clone();
            end = self.field.play(&mut log, &openings, numbers, task, stop, |game| {
                let task = &tasks[(game.index - first) as usize];
                shares.extend((0..seats).map(|seat| (task.engine(seat), game.share(seat))));
                each(Progress { games: game.index + 1, games_total, game, is_old: game.index < old });
                ControlFlow::Continue(())
            })?;
            if end == End::Stopped {
                break;
            }
            for (engine, share) in shares {
                history.add_share(engine, share, seats);
            }
            history.add_round(&line_ups);
            first += tasks.len() as u64;
        }
        if end == End::Complete && log.games().len() as u64 > first {
            return Err(FieldError::from(log.unscheduled(first)).into());
        }
        Ok(TournamentReport {
            run_id: log.run_id().to_owned(),
            games: log.games().to_vec(),
            is_complete: end == End::Complete,
            repaired_bytes: log.repair().map(|repair| repair.bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ringrift_eval::GameRng;
    use ringrift_rules::{BoardKind, PlayerCount};
    use ringrift_selfplay::EngineSpec;

    use super::*;
    use crate::field::Openings;
    use crate::participant::Participant;

    fn tournament(players: PlayerCount, engines: &[&str], pairing: Pairing) -> Tournament {
        let board = BoardKind::Hex8;
        let participant =
            |text: &&str| Participant::new(*text, EngineSpec::parse(text, board, players).unwrap(), board, players);
        Tournament {
            field: Field {
                board,
                players,
                participants: engines.iter().map(participant).collect(),
                openings: Openings::Random { decisions: 6 },
                seed: 5,
                moves_max: 2_000,
                jobs: 2,
            },
            pairing,
            games_per_line_up: 1,
        }
    }

    fn play(of: &Tournament, path: &Path) -> Result<TournamentReport, TournamentError> {
        of.play(path, &AtomicBool::new(false), |_| {})
    }

    #[test]
    fn logs_are_the_same_for_any_number_of_threads_and_after_any_cut() {
        let folder = tempfile::tempdir().unwrap();
        let of = tournament(
            PlayerCount::Three,
            &["random", "heuristic", "heuristic:randomness=0.5", "minimax:nodes=20"],
            Pairing::RoundRobin,
        );
        assert_eq!(of.games_total(), 4 * 6);
        let path = folder.path().join("a.jsonl");
        let report = play(&of, &path).unwrap();
        assert!(report.is_complete && report.games.len() == 24 && distinct_share(&report.games) > 0.999);
        let whole = fs::read(&path).unwrap();
        let mut one = of.clone();
        one.field.jobs = 1;
        let other = folder.path().join("b.jsonl");
        play(&one, &other).unwrap();
        assert_eq!(fs::read(&other).unwrap(), whole);
        let mut rng = GameRng::new(1, 2, 3);
        for _ in 0..12 {
            fs::write(&other, &whole[..rng.below(whole.len())]).unwrap();
            let again = play(&of, &other).unwrap();
            assert_eq!((fs::read(&other).unwrap(), again.games), (whole.clone(), report.games.clone()));
        }
        // Nobody else's log is gone on with.
        let foreign = Tournament { games_per_line_up: 7, ..of };
        let message = play(&foreign, &other).unwrap_err().to_string();
        assert!(message.contains("it has games_per_line_up 1, this command 7"), "{message}");
    }

    #[test]
    fn swiss_tournament_is_gone_on_with_round_by_round() {
        let folder = tempfile::tempdir().unwrap();
        let engines =
            ["random", "heuristic", "heuristic:randomness=0.3", "heuristic:randomness=0.6", "minimax:nodes=20"];
        let of = tournament(PlayerCount::Two, &engines, Pairing::Swiss { rounds: 4 });
        let path = folder.path().join("a.jsonl");
        let report = play(&of, &path).unwrap();
        assert_eq!(report.games.len(), 4 * 2 * 2);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() * 2 / 3]).unwrap();
        play(&of, &path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn every_line_up_plays_every_assignment_from_the_same_opening() {
        let folder = tempfile::tempdir().unwrap();
        let mut of = tournament(PlayerCount::Four, &["random", "heuristic"], Pairing::RoundRobin);
        of.games_per_line_up = 7;
        let report = play(&of, &folder.path().join("a.jsonl")).unwrap();
        // One and three, two and two, three and one: 4, 6 and 4 assignments, of 2 openings each.
        assert_eq!(report.games.len(), 2 * (4 + 6 + 4));
        let first: HashSet<_> =
            report.games[..14].iter().map(|game| (game.opening_id.clone(), game.seats.clone())).collect();
        assert_eq!(first.len(), 14);
        assert!(report.games[..14].iter().all(|game| game.opening_id == report.games[0].opening_id));
        assert!(report.games[14..].iter().all(|game| game.opening_id != report.games[0].opening_id));
    }

    #[test]
    fn stopped_tournament_says_so_and_impossible_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let of = tournament(PlayerCount::Two, &["d4", "d3"], Pairing::RoundRobin);
        assert!(!of.play(&path, &AtomicBool::new(true), |_| {}).unwrap().is_complete);
        let same = tournament(PlayerCount::Two, &["mcts", "mcts:nodes=2000"], Pairing::RoundRobin);
        let message = play(&same, &path).unwrap_err().to_string();
        assert!(message.starts_with("mcts and mcts:nodes=2000 are the same engine"), "{message}");
        for (of, says) in [
            (tournament(PlayerCount::Two, &["mcts"], Pairing::RoundRobin), "a tournament of 1 engines"),
            (tournament(PlayerCount::Three, &["d1", "d2"], Pairing::Swiss { rounds: 2 }), "hint: name at least 3"),
            (Tournament { games_per_line_up: 0, ..of.clone() }, "a tournament of 0 games"),
            (Tournament { games_per_line_up: u64::MAX, ..of.clone() }, "hint: play 1 to"),
        ] {
            let message = play(&of, &path).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        }
    }
}
