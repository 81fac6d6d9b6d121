//! What tournaments and gates are told alike: game, openings, files; and how they show that they go on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_selfplay::EngineSpec;
use ringrift_tournament::{Field, FieldError, JsonlError, LogError, OpeningSet, Openings, Participant, PlayError};

use super::jobs::parse_jobs;
use super::matches::spec_failure;
use super::position::{parse_board, parse_players};
use super::selfplay::duration;
use crate::output::{Format, Terminal};
use crate::{ExitCode, Failure, exit};

/// Time between two lines of progress, where there is no bar.
const LINE_INTERVAL: Duration = Duration::from_mins(1);

/// Time between two pictures of a bar.
const BAR_INTERVAL: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FieldArgs {
    /// Board: square8, square19, hex8 or hexagonal (also hex)
    #[arg(long, alias = "board", value_name = "BOARD", default_value = "square8", value_parser = parse_any_board)]
    pub(crate) board_type: BoardKind,
    /// Number of players, 2 to 4
    #[arg(long, alias = "players", value_name = "N", default_value = "2", value_parser = parse_players)]
    pub(crate) num_players: PlayerCount,
    /// Decisions at the start of every game that are made at random, the same for all who are compared
    #[arg(long, value_name = "N", default_value_t = 6)]
    opening_random_moves: u32,
    /// Take the openings of this set, which `rrpipe openings` made, instead of random ones
    #[arg(long, value_name = "FILE")]
    openings: Option<PathBuf>,
    /// Moves after which a game is nobody's, bookkeeping included; the default is that of self-play
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_moves: Option<u32>,
    /// Folder for log and results; a log that is there is gone on with
    #[arg(long, alias = "output-dir", value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Threads; 0 = one per core. The games are the same for any number
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_jobs, allow_negative_numbers = true)]
    jobs: usize,
    /// Show no progress bar on a terminal
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Names of boards as upstream's scripts write them, too.
fn parse_any_board(text: &str) -> Result<BoardKind, String> {
    parse_board(&text.to_lowercase())
}

impl FieldArgs {
    /// The field of these engines; a seed that is not given is made of the engines.
    pub(crate) fn field(&self, engines: &[(String, String)], seed: Option<u64>) -> Result<Field, Failure> {
        let (board, players) = (self.board_type, self.num_players);
        let participant = |(name, text): &(String, String)| {
            EngineSpec::parse(text, board, players).map(|spec| Participant::new(name.clone(), spec, board, players))
        };
        let participants: Vec<Participant> =
            engines.iter().map(participant).collect::<Result<_, _>>().map_err(spec_failure)?;
        let openings = match &self.openings {
            None => Openings::Random { decisions: self.opening_random_moves },
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| Failure::cannot("read", path, error))?;
                Openings::Set(OpeningSet::from_json(&text, board, players).map_err(|error| {
                    Failure::new(exit::BAD_INPUT, anyhow::Error::new(error).context(path.display().to_string()))
                })?)
            }
        };
        let seed = seed.unwrap_or_else(|| seed_of(&participants));
        Ok(Field {
            board,
            players,
            participants,
            openings,
            seed,
            moves_max: self.max_moves.unwrap_or_else(|| board.spec().move_limit(players)),
            jobs: self.jobs,
        })
    }

    /// The folder of a run.
    pub(crate) fn folder(&self, kind: &str, run_id: &str) -> PathBuf {
        let name = || format!("{}_{}p_{run_id}", self.board_type, self.num_players.get());
        self.output.clone().unwrap_or_else(|| Path::new("logs").join(kind).join(name()))
    }
}

/// A seed that no other choice of engines has, so that their games are fresh ones.
fn seed_of(participants: &[Participant]) -> u64 {
    let text: Vec<&str> = participants.iter().map(|one| one.id().as_str()).collect();
    // FNV-1a; JSON readers that keep numbers as doubles have 53 bits.
    let hash = text
        .join(" ")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash >> 11
}

/// The exit status of games that could not be played.
pub(crate) fn field_class(error: &FieldError) -> ExitCode {
    match error {
        FieldError::Log(error) => log_class(error),
        FieldError::Play(PlayError::Setting(_)) | FieldError::Openings(_) | FieldError::Same { .. } => exit::USAGE,
        FieldError::ShortSet { .. } => exit::BAD_INPUT,
        _ => exit::UNEXPECTED,
    }
}

/// The exit status of a log that cannot be used.
pub(crate) fn log_class(error: &LogError) -> ExitCode {
    match error {
        LogError::File(JsonlError::NotResumable { .. })
        | LogError::Damaged { .. }
        | LogError::Different { .. }
        | LogError::Empty { .. } => exit::BAD_INPUT,
        _ => exit::IO,
    }
}

/// Shows a bar with a table on a terminal, and a line a minute elsewhere.
pub(crate) struct Reporter<'a> {
    terminal: &'a mut Terminal,
    bar: Option<ProgressBar>,
    began: Instant,
    shown_at: Option<Instant>,
    /// Games that were there before.
    old: u64,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(terminal: &'a mut Terminal, show_bar: bool) -> Self {
        let bar = (show_bar && terminal.err_is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} games, ETA {eta}{msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { terminal, bar, began: Instant::now(), shown_at: None, old: 0 }
    }

    /// A game is over; `lines` are what is known by now.
    pub(crate) fn tick(&mut self, games: u64, total: u64, is_old: bool, lines: impl FnOnce() -> Vec<String>) {
        if is_old {
            self.old = games;
            return;
        }
        let interval = if self.bar.is_some() { BAR_INTERVAL } else { LINE_INTERVAL };
        if self.shown_at.unwrap_or(self.began).elapsed() < interval {
            return;
        }
        self.shown_at = Some(Instant::now());
        let lines = lines();
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(games);
            bar.set_message(format!("\n{}", lines.join("\n")));
        } else {
            let seconds = self.began.elapsed().as_secs_f64();
            let left = seconds / games.saturating_sub(self.old).max(1) as f64 * total.saturating_sub(games) as f64;
            let first = lines.first().map(|line| format!(" | {line}")).unwrap_or_default();
            // A reader that went away does not end the games, which are in the log.
            let _ = writeln!(self.terminal.err(), "{games}/{total} games | ETA: {}{first}", duration(left));
        }
    }

    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Says that a torn line was removed.
pub(crate) fn tell_repair(bytes: Option<u64>, log: &Path, terminal: &mut Terminal) {
    if let Some(bytes) = bytes {
        let _ = writeln!(terminal.err(), "{}: removed a torn last line of {bytes} bytes", log.display());
    }
}
