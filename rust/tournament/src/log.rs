//! The log of games: an append-only JSONL file that merges by concatenation.
//!
//! A log begins with a `run` line (settings) and a `participant` line for every engine; then come the games in the order of
//! their schedule. Every line stands for itself, so that the lines of several logs may be put together in any order; the id of
//! a game is a digest of all that it says, so that a game counts once however often it is there, and a changed line is noticed.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ringrift_rules::{BoardKind, EndReason, PlayerCount};
use ringrift_selfplay::{JsonlError, JsonlFile, Repair};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::hex_digest;
use crate::participant::{Participant, ParticipantId};

/// Version of the lines.
pub const LOG_VERSION: u32 = 1;

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line {
    Run(RunLine),
    Participant(ParticipantLine),
    Game(GameRecord),
}

/// What a run is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct RunLine {
    version: u32,
    /// Digest of the settings: equal settings are the same run.
    run_id: String,
    settings: Map<String, Value>,
}

/// What a log says of an engine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ParticipantLine {
    /// Its id.
    pub id: ParticipantId,
    /// The name that it had in the run.
    pub name: String,
    /// The board.
    pub board_type: String,
    /// Number of players.
    pub num_players: u8,
    /// Kind of engine.
    pub ai_type: String,
    /// Rung of the ladder, if it was named by one.
    pub difficulty: Option<u8>,
    /// Budget of a decision.
    pub budget: Option<String>,
    /// SHA-256 of its network.
    pub model_sha256: Option<String>,
    /// Further settings.
    pub settings: Map<String, Value>,
}

/// A game.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GameRecord {
    /// Digest of who played what and how it ended: of all below but run, index and evaluations.
    pub game_id: String,
    /// The run that it belongs to.
    pub run_id: String,
    /// Its number in the schedule of the run.
    pub index: u64,
    /// The board.
    pub board_type: String,
    /// Number of players.
    pub num_players: u8,
    /// Number of its opening in the set.
    pub opening: u64,
    /// Digest of the moves of the opening.
    pub opening_id: String,
    /// Moves after which it would have been nobody's.
    pub max_moves: u32,
    /// Who sat where.
    pub seats: Vec<ParticipantId>,
    /// Final rank of every seat, 1 = winner; all 1 if nobody won.
    pub ranks: Vec<u8>,
    /// The rule that ended it; none at the move limit.
    pub reason: Option<String>,
    /// Moves, bookkeeping included.
    pub plies: u32,
    /// Digest of the moves.
    pub moves: String,
    /// Evaluations by every seat's engine.
    pub evaluations: Vec<u64>,
}

/// A log that cannot be read, or not be gone on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file.
    #[error(transparent)]
    File(#[from] JsonlError),
    /// The system refuses.
    #[error("cannot read {}: {source}\nhint: check that the path is right", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line that is damaged.
    #[error("{}, line {line}: {what}\nhint: a log is only ever added to; restore it from a copy, or remove it to start anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The log of another run.
    #[error("{} is the log of another run: it has {name} {before}, this command {now}\nhint: write to another folder, or give the settings that the log begins with", path.display())]
    Different {
        /// The file.
        path: PathBuf,
        /// Which setting.
        name: String,
        /// Its value in the log.
        before: String,
        /// Its value now.
        now: String,
    },
    /// No games.
    #[error("{} has no games\nhint: name a log with whole lines of games", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl GameRecord {
    /// Fills in the id.
    #[must_use]
    pub(crate) fn identified(mut self) -> Self {
        self.game_id = self.content_id();
        self
    }

    fn content_id(&self) -> String {
        let mut text = String::new();
        for seat in &self.seats {
            write!(text, "{seat} ").expect("writing to a string cannot fail");
        }
        let numbers =
            format!("{} {} {} {:?} {}", self.num_players, self.opening, self.max_moves, self.ranks, self.plies);
        let reason = self.reason.as_deref().unwrap_or_default();
        hex_digest(&[&self.board_type, &self.opening_id, &text, &numbers, reason, &self.moves])
    }

    /// Number of seats.
    pub fn players(&self) -> usize {
        self.seats.len()
    }

    /// Whether somebody won.
    pub const fn is_decided(&self) -> bool {
        self.reason.is_some()
    }

    /// Part of the win that a seat has: all or nothing, or an equal part of a game that nobody won.
    pub fn share(&self, seat: usize) -> f64 {
        match (self.is_decided(), self.ranks[seat]) {
            (false, _) => 1.0 / self.players() as f64,
            (true, 1) => 1.0,
            (true, _) => 0.0,
        }
    }

    /// Why the line is no game.
    fn fault(&self) -> Option<String> {
        let seats = self.seats.len();
        if self.board_type.parse::<BoardKind>().is_err() {
            return Some(format!("there is no board {:?}", self.board_type));
        }
        if PlayerCount::try_from(u64::from(self.num_players)).is_err() || seats != usize::from(self.num_players) {
            return Some(format!("{seats} seats of {} players", self.num_players));
        }
        let winners = (0..self.ranks.len()).filter(|&seat| self.ranks[seat] == 1).count();
        let ranks_valid = self.ranks.len() == seats
            && self.ranks.iter().all(|&rank| (1..=seats).contains(&usize::from(rank)))
            && winners == if self.is_decided() { 1 } else { seats };
        if !ranks_valid {
            return Some(format!(
                "ranks {:?} of a game that {}",
                self.ranks,
                if self.is_decided() { "was won" } else { "nobody won" }
            ));
        }
        if self.reason.as_deref().is_some_and(|reason| EndReason::from_name(reason).is_none()) {
            return Some("an unknown ending".into());
        }
        (self.game_id != self.content_id()).then(|| "the line was changed: its id is not that of what it says".into())
    }
}

impl ParticipantLine {
    /// What is written of an engine.
    pub(crate) fn new(participant: &Participant, board: BoardKind, players: PlayerCount) -> Self {
        let record = participant.spec().record();
        Self {
            id: participant.id().clone(),
            name: participant.name().to_owned(),
            board_type: board.name().to_owned(),
            num_players: players.get() as u8,
            ai_type: record.ai_type,
            difficulty: record.difficulty,
            budget: record.budget,
            model_sha256: record.model_sha256,
            settings: record.settings,
        }
    }
}

/// What logs say: engines and games, in the order of their lines.
#[derive(Clone, Debug, Default)]
pub struct LogContent {
    /// Engines by id; of several names of one engine the first in the alphabet.
    pub participants: HashMap<ParticipantId, ParticipantLine>,
    /// All games, repeats included.
    pub games: Vec<GameRecord>,
    runs: Vec<RunLine>,
}

impl LogContent {
    /// Reads logs together. A torn last line does not count.
    ///
    /// # Errors
    /// [`LogError`] names file and line.
    pub fn load(paths: &[PathBuf]) -> Result<Self, LogError> {
        let mut content = Self::default();
        for path in paths {
            let text = fs::read_to_string(path).map_err(|source| LogError::Read { path: path.clone(), source })?;
            let whole = text.rfind('\n').map_or(0, |end| end + 1);
            let before = content.games.len();
            content.add(path, &text[..whole])?;
            if content.games.len() == before {
                return Err(LogError::Empty { path: path.clone() });
            }
        }
        Ok(content)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), LogError> {
        for (number, line) in text.lines().enumerate() {
            let damaged = |what: String| LogError::Damaged { path: path.to_owned(), line: number + 1, what };
            let parsed: Line =
                serde_json::from_str(line).map_err(|error| damaged(format!("no line of a log ({error})")))?;
            match parsed {
                Line::Run(run) if run.version != LOG_VERSION => {
                    return Err(damaged(format!("version {}, not {LOG_VERSION}", run.version)));
                }
                Line::Run(run) => self.runs.push(run),
                Line::Participant(line) => {
                    let known = self.participants.entry(line.id.clone()).or_insert_with(|| line.clone());
                    if line.name < known.name {
                        *known = line;
                    }
                }
                Line::Game(game) => match game.fault() {
                    Some(fault) => return Err(damaged(fault)),
                    None => self.games.push(game),
                },
            }
        }
        Ok(())
    }

    /// The name of an engine; its id if the log does not say.
    pub fn name<'a>(&'a self, id: &'a ParticipantId) -> &'a str {
        self.participants.get(id).map_or(id.as_str(), |line| &line.name)
    }

    /// Every game once, in an order that does not depend on that of the lines.
    pub fn distinct_games(&self) -> Vec<&GameRecord> {
        let mut games: Vec<&GameRecord> = self.games.iter().collect();
        let place = |game: &GameRecord| (game.run_id.clone(), game.index);
        games.sort_by(|a, b| a.game_id.cmp(&b.game_id).then_with(|| place(a).cmp(&place(b))));
        games.dedup_by(|a, b| a.game_id == b.game_id);
        games.sort_by_cached_key(|game| (game.run_id.clone(), game.index, game.game_id.clone()));
        games
    }
}

/// The log of a run, open for its games.
#[derive(Debug)]
pub struct GameLog {
    file: JsonlFile,
    path: PathBuf,
    /// Lines before the first game.
    head: usize,
    run_id: String,
    /// Games that it has.
    games: Vec<GameRecord>,
    repair: Option<Repair>,
}

impl GameLog {
    /// Opens or begins the log of the run with these settings and engines. A log that is there must be of the same run.
    ///
    /// # Errors
    /// [`LogError`] names what is in the way; the file is then as it was.
    pub(crate) fn open(
        path: &Path,
        settings: &Map<String, Value>,
        participants: &[ParticipantLine],
    ) -> Result<Self, LogError> {
        let run_id = run_id(settings);
        let (mut file, text, repair) = JsonlFile::open_lines(path)?;
        let mut content = LogContent::default();
        content.add(path, &text)?;
        let damaged = |line: usize, what: String| LogError::Damaged { path: path.to_owned(), line, what };
        if let Some(run) = content.runs.first()
            && run.run_id != run_id
        {
            let changed = settings.iter().find(|(name, value)| run.settings.get(*name) != Some(*value));
            let (name, now) = changed.map_or(("run", run_id.clone()), |(name, value)| (name, value.to_string()));
            let before = run.settings.get(name).map_or_else(|| "nothing".to_owned(), ToString::to_string);
            return Err(LogError::Different { path: path.to_owned(), name: name.to_owned(), before, now });
        }
        let head: Vec<Line> = std::iter::once(Line::Run(RunLine {
            version: LOG_VERSION,
            run_id: run_id.clone(),
            settings: settings.clone(),
        }))
        .chain(participants.iter().cloned().map(Line::Participant))
        .collect();
        let head: Vec<String> = head.iter().map(write_line).collect();
        for (number, (line, expected)) in text.lines().zip(&head).enumerate() {
            if line != expected.trim_end() {
                return Err(damaged(number + 1, "not the beginning of the log of this run".into()));
            }
        }
        for (number, game) in content.games.iter().enumerate() {
            if game.run_id != run_id || game.index != number as u64 {
                let what =
                    format!("game {} of run {}, expected game {number} of run {run_id}", game.index, game.run_id);
                return Err(damaged(head.len() + number + 1, what));
            }
        }
        file.begin()?;
        let head_lines = head.len();
        let missing: String = head.into_iter().skip(text.lines().count()).collect();
        if !missing.is_empty() {
            file.append(&missing)?;
        }
        Ok(Self { file, path: path.to_owned(), head: head_lines, run_id, games: content.games, repair })
    }

    /// Name of the run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The games that it has.
    pub fn games(&self) -> &[GameRecord] {
        &self.games
    }

    /// The torn last line that was removed when it was opened.
    pub const fn repair(&self) -> Option<&Repair> {
        self.repair.as_ref()
    }

    /// The error of a game that the schedule does not have at its place.
    pub(crate) fn unscheduled(&self, index: u64) -> LogError {
        LogError::Damaged {
            path: self.path.clone(),
            line: self.head + index as usize + 1,
            what: format!("game {index} is not the one that the schedule has there"),
        }
    }

    /// Appends a game.
    pub(crate) fn append(&mut self, game: GameRecord) -> Result<(), LogError> {
        debug_assert_eq!(game.index, self.games.len() as u64, "games come in the order of their schedule");
        self.file.append(&write_line(&Line::Game(game.clone())))?;
        self.games.push(game);
        Ok(())
    }
}

/// The run that has these settings.
pub(crate) fn run_id(settings: &Map<String, Value>) -> String {
    let text = serde_json::to_string(settings).expect("values of JSON can be written");
    hex_digest(&[&text])[..16].to_owned()
}

fn write_line(line: &Line) -> String {
    let mut text = serde_json::to_string(line).expect("values of JSON can be written");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(seed: u64) -> Map<String, Value> {
        [("seed".to_owned(), seed.into()), ("board".to_owned(), "hex8".into())].into_iter().collect()
    }

    fn participants() -> Vec<ParticipantLine> {
        let (board, players) = (BoardKind::Hex8, PlayerCount::Two);
        let spec = |text| ringrift_selfplay::EngineSpec::parse(text, board, players).unwrap();
        ["random", "heuristic"]
            .map(|text| ParticipantLine::new(&Participant::new(text, spec(text), board, players), board, players))
            .to_vec()
    }

    fn game(run: &str, index: u64) -> GameRecord {
        let ids: Vec<ParticipantId> = participants().into_iter().map(|line| line.id).collect();
        GameRecord {
            game_id: String::new(),
            run_id: run.to_owned(),
            index,
            board_type: "hex8".into(),
            num_players: 2,
            opening: index / 2,
            opening_id: format!("{}", index / 2),
            max_moves: 100,
            seats: ids,
            ranks: vec![2, 1],
            reason: Some("territory".into()),
            plies: 50,
            moves: format!("{index}"),
            evaluations: vec![0, 10],
        }
        .identified()
    }

    #[test]
    fn log_is_gone_on_with_after_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("games.jsonl");
        let mut log = GameLog::open(&path, &settings(1), &participants()).unwrap();
        let run = log.run_id().to_owned();
        log.append(game(&run, 0)).unwrap();
        drop(log);
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, whole.clone() + "{\"kind\":\"game\",\"run_i").unwrap();
        let log = GameLog::open(&path, &settings(1), &participants()).unwrap();
        assert_eq!((log.games().len(), log.repair().map(|repair| repair.bytes)), (1, Some(21)));
        drop(log);
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        // Torn within its head.
        fs::write(&path, &whole[..whole.find("participant").unwrap() + 30]).unwrap();
        let mut log = GameLog::open(&path, &settings(1), &participants()).unwrap();
        log.append(game(&run, 0)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    }

    #[test]
    fn damaged_and_foreign_logs_are_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("games.jsonl");
        let mut log = GameLog::open(&path, &settings(1), &participants()).unwrap();
        let run = log.run_id().to_owned();
        for index in 0..3 {
            log.append(game(&run, index)).unwrap();
        }
        drop(log);
        let whole = fs::read_to_string(&path).unwrap();
        let second_game = whole.lines().nth(4).unwrap();
        for (text, settings, says) in [
            (whole.replace("[2,1]", "[1,2]"), settings(1), "line 4: the line was changed"),
            (whole.replace("\"ranks\":[2,1]", "\"ranks\":[2,2]"), settings(1), "ranks [2, 2] of a game that was won"),
            (whole.replace(&format!("{second_game}\n"), ""), settings(1), "line 5: game 2 of run"),
            (whole.replace(second_game, "words"), settings(1), "line 5: no line of a log"),
            (whole.replace("\"version\":1", "\"version\":2"), settings(1), "version 2, not 1"),
            (whole.clone(), settings(2), "it has seed 1, this command 2"),
        ] {
            fs::write(&path, &text).unwrap();
            let message = GameLog::open(&path, &settings, &participants()).unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("\nhint: "), "{message}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn logs_merge_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = [1, 2]
            .map(|seed| {
                let path = folder.path().join(format!("{seed}.jsonl"));
                let mut log = GameLog::open(&path, &settings(seed), &participants()).unwrap();
                let run = log.run_id().to_owned();
                for index in 0..5 {
                    log.append(GameRecord { moves: format!("{index} of {seed}"), ..game(&run, index) }.identified())
                        .unwrap();
                }
                path
            })
            .to_vec();
        let ids = |paths: &[PathBuf]| {
            let content = LogContent::load(paths).unwrap();
            content.distinct_games().iter().map(|game| game.game_id.clone()).collect::<Vec<_>>()
        };
        let both = ids(&paths);
        assert_eq!(both.len(), 10);
        let turned = [paths[1].clone(), paths[0].clone(), paths[1].clone()];
        assert_eq!(ids(&turned), both);
    }
}
