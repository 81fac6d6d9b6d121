//! What every way to start runs does before and after them: defaults, checks, what is said of cut games.

use std::io;
use std::path::{Path, PathBuf};

use ringrift_replay::History;
use ringrift_rules::{BoardKind, PlayerCount};

use crate::guard::{Resources, Shortage};
use crate::identity::IdentityError;
use crate::run::{RunOptions, seed_of_run};
use crate::settings::GameSettings;
use crate::summary::{COMPLETION_WARNING, Summary};

/// Most threads that can be asked for: more than machines have cores; far above it, starting them takes minutes.
pub const JOBS_MAX: usize = 1024;

/// Why a run has no seed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// Neither a seed nor the run to be resumed is known.
    #[error(
        "--resume-from-jsonl: which run is to be resumed?\nhint: give --log-jsonl, or the --seed from which the name of the file follows"
    )]
    WhichRun,
    /// The file of the run to be resumed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The system has no random numbers.
    #[error("cannot draw a seed: {0}\nhint: give one with --seed")]
    System(#[source] io::Error),
}

/// The file for games if none is named.
pub fn default_jsonl(board: BoardKind, players: PlayerCount, seed: i64) -> PathBuf {
    Path::new("logs/selfplay").join(format!("soak_{board}_{}p_{seed}.jsonl", players.get()))
}

/// The seed that was given, that of the run to be resumed, or a new one.
///
/// # Errors
/// A run is to be resumed, and nothing says which; or the system has no random numbers.
pub fn choose_seed(given: Option<i64>, resumes: bool, jsonl: Option<&Path>) -> Result<i64, SeedError> {
    if let Some(seed) = given {
        return Ok(seed);
    }
    if resumes && let Some(seed) = seed_of_run(jsonl.ok_or(SeedError::WhichRun)?)? {
        return Ok(seed);
    }
    // Small, so that it can be typed again and has room for the indexes of games.
    let random = getrandom::u32().map_err(|error| SeedError::System(io::Error::other(error.to_string())))?;
    Ok(i64::from(random & 0x7fff_ffff))
}

/// Bytes that a game takes in both files, measured and rounded up.
fn game_bytes(settings: &GameSettings, full: bool) -> u64 {
    let plies = match settings.board {
        BoardKind::Square8 | BoardKind::Hex8 => 200,
        BoardKind::Square19 => 700,
        BoardKind::Hexagonal => 1200,
    };
    plies * if full { 200_000 } else { 1500 }
}

/// Whether there is room for the games of these runs; tells what is free.
///
/// # Errors
/// What is short.
pub fn check_resources(runs: &[(GameSettings, RunOptions)]) -> Result<Resources, Shortage> {
    let mut paths: Vec<&Path> = Vec::new();
    let mut bytes: u64 = 0;
    for (settings, options) in runs {
        if options.files().next().is_none() {
            continue;
        }
        paths.extend(options.files());
        let full = options.database.as_ref().is_some_and(|(_, form)| form.history != History::None);
        bytes = bytes.saturating_add(options.games.saturating_mul(game_bytes(settings, full)));
    }
    let found = Resources::now(&paths);
    found.check_start(bytes)?;
    Ok(found)
}

/// Most games of a run were cut off by the move limit.
#[derive(Clone, PartialEq, Debug)]
pub struct CutGames {
    /// Board and number of players.
    pub configuration: String,
    /// Share of completed games.
    pub share: f64,
    /// The limit that they met.
    pub limit: u32,
    /// A limit that fewer games meet.
    pub better_limit: u32,
}

impl CutGames {
    /// Looks for a completion share below [`COMPLETION_WARNING`].
    pub fn find(summary: &Summary, settings: &GameSettings) -> Option<Self> {
        let configuration = settings.configuration();
        let share = summary.shares().get(&configuration)?.value().filter(|&share| share < COMPLETION_WARNING)?;
        let default = settings.board.spec().move_limit(settings.players);
        let limit = settings.moves_max;
        let better_limit = if limit < default { default } else { limit.saturating_mul(2) };
        Some(Self { configuration, share, limit, better_limit })
    }
}

impl std::fmt::Display for CutGames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { configuration, share, limit, .. } = self;
        let percent = share * 100.0;
        write!(
            f,
            "only {percent:.0} % of the {configuration} games were completed; the others met the limit of {limit} moves"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_is_the_given_one_or_a_small_one() {
        assert_eq!(choose_seed(Some(-3), true, None).unwrap(), -3);
        assert!((0..1 << 31).contains(&choose_seed(None, false, None).unwrap()));
        assert!(matches!(choose_seed(None, true, None), Err(SeedError::WhichRun)));
    }
}
