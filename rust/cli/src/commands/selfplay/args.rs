//! Flags of `rrpipe selfplay`: those of upstream's `run_self_play_soak.py`, and a few of ours.
//! Source: selfplay.md section 2.

use std::path::PathBuf;

use clap::ValueEnum;
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_selfplay::Band;

use crate::commands::jobs::parse_jobs;
use crate::commands::position::{parse_board, parse_players};

/// Play games of engines against themselves, and record them
///
/// Takes the command line of RingRift's `run_self_play_soak.py` and writes the same files: one JSON line per game, a replay
/// database, and a summary. Names of flags may be cut short where that is clear. Game i of a seed is the same on any
/// machine and with any number of threads. docs/selfplay.md says what each flag does, and which have nothing to do here.
#[derive(Debug, Clone, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "the flags are those of a command line that exists")]
#[command(
    infer_long_args = true,
    args_override_self = true,
    after_help = "Example: rrpipe selfplay --num-games 100 --board-type square8 --engine-mode heuristic-only --seed 20"
)]
pub(crate) struct Args {
    /// Number of games; with --resume-from-jsonl those that are there count
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true)]
    pub num_games: u64,
    /// Board: square8, square19, hex8 or hexagonal
    #[arg(long, value_name = "BOARD", default_value = "square8", value_parser = parse_board)]
    pub board_type: BoardKind,
    /// Number of players, 2 to 4
    #[arg(long, value_name = "N", default_value = "2", value_parser = parse_players, allow_negative_numbers = true)]
    pub num_players: PlayerCount,
    /// Engines of the seats: random-only, heuristic-only, descent-only, minimax-only, mcts-only, gumbel-mcts-only, maxn-only,
    /// brs-only, mixed, diverse or diverse-cpu
    #[arg(long, value_name = "MODE", default_value = "mixed")]
    pub engine_mode: String,
    /// Range of strengths in mode mixed; recorded in every mode
    #[arg(long, value_enum, default_value_t = DifficultyBand::Canonical)]
    pub difficulty_band: DifficultyBand,
    /// Moves after which a game is cut off, bookkeeping included; the default depends on board and players
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub max_moves: Option<u32>,
    /// Seed of the run; one is drawn and recorded if it is not given
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub seed: Option<i64>,
    /// File for the games, one JSON object per line; if not given, a file in logs/selfplay named by board, players and seed
    #[arg(long, value_name = "FILE")]
    pub log_jsonl: Option<PathBuf>,
    /// Keep no log: games go to the replay database alone, or nowhere with --no-record-db; the run cannot be resumed
    #[arg(long, conflicts_with_all = ["log_jsonl", "resume_from_jsonl", "checkpoint_interval"])]
    pub no_log: bool,
    /// File for the summary
    #[arg(long, value_name = "FILE")]
    pub summary_json: Option<PathBuf>,
    /// Replay database
    #[arg(long, value_name = "FILE", default_value = "data/games/selfplay.db")]
    pub record_db: PathBuf,
    /// Record no replay database; wins over --record-db
    #[arg(long)]
    pub no_record_db: bool,
    /// Record small games; this is the default
    #[arg(long)]
    pub lean_db: bool,
    /// Record the states before and after every move as well
    #[arg(long)]
    pub no_lean_db: bool,
    /// Accepted: moves and initial states are always recorded
    #[arg(long)]
    pub include_training_data: bool,
    /// Stop at the first skipped game; exit status 1 if a game shows a fault
    #[arg(long)]
    pub fail_on_anomaly: bool,
    /// Print a line after every so many games; 0 = never
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub verbose: Option<u64>,
    /// Accepted: there is no garbage to collect
    #[arg(long, value_name = "N", default_value_t = 5, allow_negative_numbers = true)]
    pub gc_interval: i64,
    /// Accepted: there is no garbage to collect
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub intra_game_gc_interval: i64,
    /// Sets --difficulty-band light; memory is bounded anyway
    #[arg(long)]
    pub memory_constrained: bool,
    /// Accepted: games are always recorded one by one
    #[arg(long)]
    pub streaming_record: bool,
    /// Presets of other options
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
    /// Measure where the time goes, and put it into the summary
    #[arg(long)]
    pub profile_timing: bool,
    /// Decisions at the start of each game that are made at random
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    pub opening_random_moves: u32,
    /// Accepted: no engine ranks its moves, so opening moves are uniformly random, as in the original
    #[arg(long, value_name = "K", default_value_t = 0, allow_negative_numbers = true)]
    pub opening_top_k: u32,
    /// Probability that an offered swap of sides is taken outright (two players, swap rule enabled)
    #[arg(long, value_name = "P", default_value_t = 0.5, allow_negative_numbers = true)]
    pub swap_sides_probability: f64,
    /// Budget of every decision of seats that search, as a time: games of such a run do not repeat exactly
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub think_time_ms: Option<u64>,
    /// Budget of every decision of seats that search, in nodes (simulations of tree searches) [default: 1000 on square8 and hex8,
    /// 2000 on the large boards]
    #[arg(long, value_name = "N", conflicts_with = "think_time_ms", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub nodes: Option<u64>,
    /// Network (.nnue) that seats which search evaluate with, or none [default: in mode mixed the one in the folder of models, if
    /// there is one, for the rungs that take it; none in other modes]
    #[arg(long, value_name = "FILE")]
    pub nnue: Option<PathBuf>,
    /// File with weight profiles for heuristic-only
    #[arg(long, value_name = "FILE", requires = "heuristic_profile")]
    pub heuristic_weights_file: Option<PathBuf>,
    /// Name of the profile in that file
    #[arg(long, value_name = "NAME", requires = "heuristic_weights_file")]
    pub heuristic_profile: Option<String>,
    /// Size of the pool of policy networks; no present mode has one
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub nn_pool_size: u64,
    /// Folder of the pool of policy networks; no present mode has one
    #[arg(long, value_name = "DIR")]
    pub nn_pool_dir: Option<PathBuf>,
    #[command(flatten)]
    pub pools: Pools,
    /// Go on after the games that the JSONL file has
    #[arg(long)]
    pub resume_from_jsonl: bool,
    /// Write FILE.jsonl.checkpoint.json after every so many games; 0 = never
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub checkpoint_interval: u64,
    /// Refused: there is no self-play on the GPU
    #[arg(long)]
    pub gpu: bool,
    /// Games per batch on the GPU
    #[arg(long, value_name = "N", default_value_t = 64, allow_negative_numbers = true)]
    pub gpu_batch_size: u64,
    /// Accepted: no present mode has a policy network that could change
    #[arg(long)]
    pub watch_model_updates: bool,
    /// Accepted: no present mode has a policy network that could change
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true)]
    pub model_reload_interval: u64,
    /// Accepted: no present mode has a policy network that could change
    #[arg(long, value_name = "FILE")]
    pub model_alias_path: Option<PathBuf>,
    /// Accepted: there is no event bus to publish to
    #[arg(long)]
    pub emit_events: bool,
    /// Threads; 0 = one per core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_jobs, allow_negative_numbers = true)]
    pub jobs: usize,
    /// Show no progress bar on a terminal
    #[arg(long)]
    pub no_progress: bool,
}

/// Files that collect positions of the games.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Pools {
    /// File that positions of square8 games are appended to
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "data/eval_pools/square8/pool_v1.jsonl")]
    pub square8_state_pool_output: Option<PathBuf>,
    /// Most positions of a run
    #[arg(long, value_name = "N", default_value_t = 500, allow_negative_numbers = true)]
    pub square8_state_pool_max_states: i64,
    /// A position after every so many decisions
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    pub square8_state_pool_sampling_interval: i64,
    /// File that positions of square19 games are appended to; the next two must be above 0
    #[arg(long, value_name = "FILE")]
    pub square19_state_pool_output: Option<PathBuf>,
    /// Most positions of a run
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub square19_state_pool_max_states: i64,
    /// A position after every so many decisions
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub square19_state_pool_sampling_interval: i64,
    /// File that positions of hexagonal games are appended to; the next two must be above 0
    #[arg(long, value_name = "FILE")]
    pub hex_state_pool_output: Option<PathBuf>,
    /// Most positions of a run
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub hex_state_pool_max_states: i64,
    /// A position after every so many decisions
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub hex_state_pool_sampling_interval: i64,
}

/// Range of strengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DifficultyBand {
    /// All of them
    Canonical,
    /// The cheap ones
    Light,
}

impl From<DifficultyBand> for Band {
    fn from(band: DifficultyBand) -> Self {
        match band {
            DifficultyBand::Canonical => Self::Canonical,
            DifficultyBand::Light => Self::Light,
        }
    }
}

/// Presets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Six games on square8 with a move limit that none reaches
    PythonStrict,
    /// A few games on three boards
    AiHealthcheck,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Self::PythonStrict => "python-strict",
            Self::AiHealthcheck => "ai-healthcheck",
        }
    }
}
