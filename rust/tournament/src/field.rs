//! What the games of a tournament or gate have in common, and playing them into a log.

use std::io;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::{Map, Value, json};

use crate::game::{GamePlan, PlayError, Played, Seat};
use crate::log::{GameLog, GameRecord, LogError, ParticipantLine};
use crate::openings::{OPENINGS_VERSION, OpeningError, OpeningRule, OpeningSet};
use crate::participant::Participant;
use crate::runner::{Ended, play_in_order};

/// Where openings come from.
#[derive(Clone, PartialEq, Debug)]
pub enum Openings {
    /// So many random decisions from the seed of the games, as many openings as are needed.
    Random {
        /// Decisions of each.
        decisions: u32,
    },
    /// A set that was made before.
    Set(OpeningSet),
}

/// Engines and conditions.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// The board.
    pub board: BoardKind,
    /// Number of players.
    pub players: PlayerCount,
    /// The engines.
    pub participants: Vec<Participant>,
    /// The openings.
    pub openings: Openings,
    /// Seed of engines, and of random openings.
    pub seed: u64,
    /// Moves after which a game is nobody's.
    pub moves_max: u32,
    /// Threads; 0 = one per core.
    pub jobs: usize,
}

/// Why games cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The openings.
    #[error(transparent)]
    Openings(#[from] OpeningError),
    /// A set with too few openings.
    #[error("the set has {found} openings, {needed} are needed\nhint: make a longer set, or play fewer games")]
    ShortSet {
        /// How many it has.
        found: u64,
        /// How many are needed.
        needed: u64,
    },
    /// A game that does not count.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// One engine under two names.
    #[error(
        "{first} and {second} are the same engine with the same budget: {id}\nhint: there is nothing to measure between them; leave one out"
    )]
    Same {
        /// Name of the one.
        first: String,
        /// Name of the other.
        second: String,
        /// Their id.
        id: String,
    },
    /// The system refuses threads.
    #[error("cannot start threads: {0}\nhint: try fewer --jobs")]
    Threads(#[source] io::Error),
}

/// A game of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Task {
    /// Number of its opening.
    pub opening: u64,
    /// The engine in every place of the line-up.
    pub line_up: Vec<usize>,
    /// The place of the engine in every seat.
    pub places: Vec<usize>,
}

impl Task {
    /// The engine in a seat.
    pub fn engine(&self, seat: usize) -> usize {
        self.line_up[self.places[seat]]
    }
}

/// Why games ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// All were played, or there were enough.
    Complete,
    /// Somebody set the flag.
    Stopped,
}

impl Field {
    /// Checks that no engine is there twice.
    pub(crate) fn check(&self) -> Result<(), FieldError> {
        for (index, second) in self.participants.iter().enumerate() {
            if let Some(first) = self.participants[..index].iter().find(|first| first.id() == second.id()) {
                let (first, second, id) = (first.name().into(), second.name().into(), second.id().to_string());
                return Err(FieldError::Same { first, second, id });
            }
        }
        Ok(())
    }

    /// The first `count` openings.
    pub(crate) fn opening_set(&self, count: u64) -> Result<OpeningSet, FieldError> {
        match &self.openings {
            Openings::Random { decisions } => {
                let (board, players, seed, decisions) = (self.board, self.players, self.seed, *decisions);
                let rule = OpeningRule { board, players, seed, decisions, is_selected: true };
                Ok(OpeningSet::generate(rule, count)?)
            }
            Openings::Set(set) if set.count() < count => {
                Err(FieldError::ShortSet { found: set.count(), needed: count })
            }
            Openings::Set(set) => Ok(set.clone()),
        }
    }

    /// Settings that decide which games are played.
    pub(crate) fn settings(&self) -> Map<String, Value> {
        let openings = match &self.openings {
            Openings::Random { decisions } => json!({"version": OPENINGS_VERSION, "random_decisions": decisions}),
            Openings::Set(set) => json!({"version": OPENINGS_VERSION, "digest": set.digest()}),
        };
        let participants: Vec<&str> = self.participants.iter().map(|one| one.id().as_str()).collect();
        let names: Vec<&str> = self.participants.iter().map(Participant::name).collect();
        let Value::Object(settings) = json!({
            "ringrift_core": env!("CARGO_PKG_VERSION"),
            "board_type": self.board.name(),
            "num_players": self.players.get(),
            "participants": participants,
            "names": names,
            "openings": openings,
            "seed": self.seed,
            "max_moves": self.moves_max,
        }) else {
            unreachable!("the macro was given an object")
        };
        settings
    }

    /// Opens the log of a run with these settings.
    pub(crate) fn open_log(&self, path: &Path, settings: &Map<String, Value>) -> Result<GameLog, FieldError> {
        let line = |participant| ParticipantLine::new(participant, self.board, self.players);
        let participants: Vec<ParticipantLine> = self.participants.iter().map(line).collect();
        Ok(GameLog::open(path, settings, &participants)?)
    }

    /// Plays the tasks of these numbers in the schedule into the log, which may have the first ones already. `each` is told of
    /// every task's game in their order, those that were there already, too.
    pub(crate) fn play(
        &self,
        log: &mut GameLog,
        openings: &OpeningSet,
        numbers: Range<u64>,
        task: impl Fn(u64) -> Task + Sync,
        stop: &AtomicBool,
        mut each: impl FnMut(&GameRecord) -> ControlFlow<()>,
    ) -> Result<End, FieldError> {
        let done = (log.games().len() as u64).clamp(numbers.start, numbers.end.max(numbers.start));
        for number in numbers.start..done {
            let game = log.games()[number as usize].clone();
            self.check_scheduled(log, openings, &task(number), &game)?;
            if each(&game).is_break() {
                return Ok(End::Complete);
            }
        }
        let run_id = log.run_id().to_owned();
        let play = |number: u64, searches: &_| {
            let task = task(number);
            let spec = |seat: usize| self.participants[task.engine(seat)].spec();
            let plan = GamePlan {
                board: self.board,
                players: self.players,
                seed: self.seed,
                opening: task.opening,
                moves: openings.moves(task.opening),
                seats: (0..task.places.len()).map(|seat| Seat { spec: spec(seat), place: task.places[seat] }).collect(),
                moves_max: self.moves_max,
            };
            Ok(plan.play(searches)?)
        };
        let ended = play_in_order(done..numbers.end, self.jobs, stop, play, |number, played: Played| {
            let game = self.record(&run_id, number, &task(number), openings, played);
            log.append(game.clone())?;
            Ok::<_, FieldError>(each(&game))
        });
        match ended.map_err(FieldError::Threads)? {
            Ended::Complete => Ok(End::Complete),
            Ended::Stopped => Ok(End::Stopped),
            Ended::Failed(error) => Err(error),
        }
    }

    fn record(&self, run_id: &str, index: u64, task: &Task, openings: &OpeningSet, played: Played) -> GameRecord {
        GameRecord {
            game_id: String::new(),
            run_id: run_id.to_owned(),
            index,
            board_type: self.board.name().to_owned(),
            num_players: self.players.get() as u8,
            opening: task.opening,
            opening_id: openings.id(task.opening),
            max_moves: self.moves_max,
            seats: (0..task.places.len()).map(|seat| self.participants[task.engine(seat)].id().clone()).collect(),
            ranks: played.ranks,
            reason: played.reason.map(str::to_owned),
            plies: played.plies,
            moves: played.moves_digest,
            evaluations: played.evaluations,
        }
        .identified()
    }

    /// Whether a game of the log is the one that the schedule has at its place.
    fn check_scheduled(
        &self,
        log: &GameLog,
        openings: &OpeningSet,
        task: &Task,
        game: &GameRecord,
    ) -> Result<(), FieldError> {
        let seats = (0..task.places.len()).map(|seat| self.participants[task.engine(seat)].id());
        if seats.eq(game.seats.iter()) && game.opening_id == openings.id(task.opening) {
            return Ok(());
        }
        Err(log.unscheduled(game.index).into())
    }
}
