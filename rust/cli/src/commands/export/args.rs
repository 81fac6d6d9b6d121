//! Flags of `rrpipe export`: those of upstream's `export_replay_dataset.py`, and a few of ours. Source: npz.md section 2.

use std::path::PathBuf;

use clap::ValueEnum;
use ringrift_dataset::{Part, Split, Tier};
use ringrift_encode::HistoryMode;
use ringrift_rules::{BoardKind, PlayerCount};

use crate::commands::jobs::parse_jobs;
use crate::commands::position::{parse_board, parse_players};

/// Make training data (NPZ) of the games in replay databases
///
/// Takes the command line of RingRift's `export_replay_dataset.py`. Every position of the games becomes a row: planes, globals,
/// policy and value targets. The games are replayed on all cores, in memory that does not grow with the rows; the files are
/// the same for any number of threads. A manifest stands beside each. docs/data.md describes the arrays, and what each flag
/// does here.
#[derive(Debug, Clone, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "the flags are those of a command line that exists")]
#[command(
    infer_long_args = true,
    args_override_self = true,
    after_help = "Example: rrpipe export --db data/games/merged.db --board-type square8 --num-players 2 \
                  --output data/training/square8_2p.npz --require-completed --min-moves 20"
)]
pub(crate) struct Args {
    /// Replay database; may be given several times, and games of one name are exported once [default:
    /// data/games/merged.db, or data/games/selfplay.db if that is not there]
    #[arg(long = "db", value_name = "FILE", action = clap::ArgAction::Append)]
    pub databases: Vec<PathBuf>,
    /// Take every replay database below data/games as well
    #[arg(long)]
    pub use_discovery: bool,
    /// Accepted: nothing remote is looked at
    #[arg(long)]
    pub skip_remote_check: bool,
    /// Board of the games: square8, square19, hex8 or hexagonal [default: that of the databases, if they have games of
    /// one only]
    #[arg(long, value_name = "BOARD", value_parser = parse_board)]
    pub board_type: Option<BoardKind>,
    /// Their number of players, 2 to 4 [default: that of the databases, if they have games of one only]
    #[arg(long, value_name = "N", value_parser = parse_players)]
    pub num_players: Option<PlayerCount>,
    /// File to write; what it was before is replaced when the new one is whole [default:
    /// `data/training/BOARD_Np.npz`]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write a file for each of square8, square19 and hexagonal with 2, 3 and 4 players
    #[arg(long, conflicts_with_all = ["board_type", "num_players", "output"])]
    pub all_configs: bool,
    /// With --all-configs: hex8 too
    #[arg(long, requires = "all_configs")]
    pub with_hex8: bool,
    /// With --all-configs: folder of the files, which are called `BOARD_Np.npz`
    #[arg(long, value_name = "DIR", default_value = "data/training", requires = "all_configs")]
    pub output_dir: PathBuf,
    /// Refused if the file is there: give all databases at once instead
    #[arg(long)]
    pub append: bool,
    /// Earlier frames (positions) in each row
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=32), allow_negative_numbers = true)]
    pub history_length: u8,
    /// What earlier frames hold: recorded positions, zeros, or the current one again
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Frames::Recorded)]
    pub history_mode: Frames,
    /// Version of the globals of hex boards, 1 or 2
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2), allow_negative_numbers = true)]
    pub feature_version: u8,
    /// Take the moves whose number is a multiple of this
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub sample_every: u32,
    /// Take this share of the rows, drawn by --seed, game and move
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_negative_numbers = true)]
    pub sample_rate: f64,
    /// Seed of what is drawn
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Most games
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub max_games: Option<u64>,
    /// Most rows, exactly
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub max_samples: Option<u64>,
    /// Only games whose status is `completed`
    #[arg(long)]
    pub require_completed: bool,
    /// Only games with at least so many moves
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub min_moves: Option<u64>,
    /// Only games with at most so many moves
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_moves: Option<u64>,
    /// Only games whose generator had at least this Elo
    #[arg(long, value_name = "ELO", allow_negative_numbers = true)]
    pub min_elo: Option<f64>,
    /// Only games of at least this quality score
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    pub min_quality: Option<f64>,
    /// Only games of engines of this tier
    #[arg(long, value_enum)]
    pub quality_tier: Option<TierArg>,
    /// Take no moves after the one of this number
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_move_index: Option<u32>,
    /// Value targets: 1 for the winner, -1 for all others
    #[arg(long)]
    pub no_rank_aware_values: bool,
    /// Folder of fixtures of known divergences; games are cut before theirs
    #[arg(long, value_name = "DIR")]
    pub parity_fixtures_dir: Option<PathBuf>,
    /// Leave out games with a recovery move
    #[arg(long)]
    pub exclude_recovery: bool,
    /// Accepted: this is the default
    #[arg(long, conflicts_with = "legacy_max_n_encoding")]
    pub board_aware_encoding: bool,
    /// Policy indices of the old 19 x 19 layout
    #[arg(long)]
    pub legacy_max_n_encoding: bool,
    /// Planes: default (v2 on hex boards), v2, v3, or our own rr1
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = EncoderArg::Default)]
    pub encoder_version: EncoderArg,
    /// Refused: checkpoints are not read; say --encoder-version
    #[arg(long, value_name = "FILE")]
    pub canonical_model: Option<PathBuf>,
    /// Accepted: games without moves give no rows anyway
    #[arg(long)]
    pub no_require_moves: bool,
    /// Do nothing if the file is there already, made with the same settings from the same databases
    #[arg(long)]
    pub use_cache: bool,
    /// With --use-cache: export all the same
    #[arg(long)]
    pub force_export: bool,
    /// One thread, as --jobs 1; with --compat, upstream's single-threaded exporter
    #[arg(long)]
    pub single_threaded: bool,
    /// Threads, as --jobs; with --compat, 1 means upstream's single-threaded exporter
    #[arg(long, value_name = "N", value_parser = parse_jobs, allow_negative_numbers = true)]
    pub workers: Option<usize>,
    /// Accepted: no registry is enforced
    #[arg(long)]
    pub allow_noncanonical: bool,
    /// Accepted: no registry is enforced
    #[arg(long)]
    pub allow_pending_gate: bool,
    /// Accepted: no registry is enforced
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// More than one game in a thousand that cannot be replayed is an error; this is the default
    #[arg(long, overrides_with = "no_strict")]
    pub strict: bool,
    /// Leave games out that cannot be replayed, however many
    #[arg(long)]
    pub no_strict: bool,
    /// Add the 21 components of the heuristic evaluation
    #[arg(long)]
    pub include_heuristics: bool,
    /// Add the 59 heuristic features instead
    #[arg(long)]
    pub full_heuristics: bool,
    /// Add sample weights by engine and age of the game
    #[arg(long)]
    pub quality_weighted: bool,
    /// Take games of self-play and of gauntlets only
    #[arg(long)]
    pub include_gauntlet: bool,
    /// Take games of self-play and of tournaments only
    #[arg(long)]
    pub include_tournaments: bool,
    /// Take games of self-play and of people only
    #[arg(long)]
    pub include_human: bool,
    /// Kinds of sources to take beside selfplay: gauntlet, tournament, human, all
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub sources: Vec<String>,
    /// Kinds of sources to leave out
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub exclude_sources: Vec<String>,
    /// Refused: nothing is fetched
    #[arg(long)]
    pub include_remote: bool,
    /// Refused: nothing is fetched
    #[arg(long)]
    pub include_s3: bool,
    /// Refused: nothing is fetched
    #[arg(long)]
    pub include_owc: bool,
    /// Refused: nothing is fetched
    #[arg(long, value_name = "DIR")]
    pub fetch_target_dir: Option<PathBuf>,
    /// Write what upstream's exporter writes, to the last element, quirks included
    #[arg(long, value_enum)]
    pub compat: Option<Compat>,
    /// One-hot targets even where a search recorded its policy
    #[arg(long)]
    pub no_soft_targets: bool,
    /// Leave out upstream's checksums of the arrays, which take nearly half of the time; the file has those of ZIP, and the
    /// manifest its SHA-256
    #[arg(long)]
    pub no_checksums: bool,
    /// With rr1: whether arrays are stored as they are, to be mapped into memory, or deflated
    #[arg(long, value_enum, default_value_t = Storage::Stored)]
    pub storage: Storage,
    /// Write three files, FILE.train.npz, FILE.validation.npz and FILE.holdout.npz, with these shares of the games
    #[arg(long, value_name = "SHARES")]
    pub split: Option<Split>,
    /// With --split: write this part only, to FILE itself
    #[arg(long, value_enum, requires = "split")]
    pub split_part: Option<PartArg>,
    /// Threads; 0 = one per core
    #[arg(long, value_name = "N", value_parser = parse_jobs, allow_negative_numbers = true)]
    pub jobs: Option<usize>,
    /// Show no progress bar on a terminal
    #[arg(long)]
    pub no_progress: bool,
}

/// Whose file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compat {
    /// Upstream's
    Upstream,
}

/// Encoders by upstream's names, and ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncoderArg {
    /// The one that upstream's command takes
    Default,
    /// 10 planes a frame on hex boards
    V2,
    /// 16 planes a frame on hex boards
    V3,
    /// Our own
    Rr1,
}

/// Earlier frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Frames {
    /// The positions before
    Recorded,
    /// Zeros
    Zeros,
    /// The current frame again
    Repeat,
}

impl From<Frames> for HistoryMode {
    fn from(frames: Frames) -> Self {
        match frames {
            Frames::Recorded => Self::Recorded,
            Frames::Zeros => Self::Zeros,
            Frames::Repeat => Self::Repeat,
        }
    }
}

/// Tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TierArg {
    /// All games
    Bootstrap,
    /// Not those of one-ply players
    Standard,
    /// Those of tree searches and mixed runs
    Quality,
    /// Those of the Gumbel search
    Ultimate,
}

impl From<TierArg> for Tier {
    fn from(tier: TierArg) -> Self {
        match tier {
            TierArg::Bootstrap => Self::Bootstrap,
            TierArg::Standard => Self::Standard,
            TierArg::Quality => Self::Quality,
            TierArg::Ultimate => Self::Ultimate,
        }
    }
}

/// How arrays are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Storage {
    /// As they are
    Stored,
    /// Compressed
    Deflated,
}

/// Parts of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartArg {
    /// To train on
    Train,
    /// To choose by
    Validation,
    /// To judge by, once
    Holdout,
}

impl From<PartArg> for Part {
    fn from(part: PartArg) -> Self {
        match part {
            PartArg::Train => Self::Train,
            PartArg::Validation => Self::Validation,
            PartArg::Holdout => Self::Holdout,
        }
    }
}
