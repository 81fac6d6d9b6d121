//! Reader of recorded traces: JSON lines, one game each, plain or gzip (several members allowed).

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use serde::{Deserialize, Serialize};

/// Longest line that the reader accepts, in bytes. The longest recorded game has about 4 MB.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// One recorded game.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// Name of the game.
    pub id: String,
    /// Board name.
    pub board: String,
    /// Number of players.
    pub players: u64,
    /// Parameters.
    pub rules: TraceRules,
    /// State before the first ply.
    pub initial: TraceInitial,
    /// The moves.
    pub plies: Vec<TracePly>,
    /// How it ended.
    pub result: TraceResult,
}

/// Parameters of a recorded game.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceRules {
    /// Rings in each hand at the start.
    pub rings_per_player: u16,
    /// Exclusive rounds that win.
    pub lps_rounds_required: u16,
    /// Whether sides may be swapped.
    pub swap_rule_enabled: bool,
    /// Ring-elimination threshold.
    pub victory_threshold: u16,
    /// Territory threshold.
    pub territory_victory_threshold: u16,
    /// Territory minimum, where the state has one.
    pub territory_victory_minimum: Option<u16>,
    /// Move limit of the environment.
    pub max_moves: Option<u32>,
}

/// State before the first ply.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TraceInitial {
    /// Canonical text.
    pub state: String,
    /// State hash.
    pub hash: String,
    /// Digest of the canonical text.
    pub digest: String,
    /// Stack keys in container order.
    pub order: Option<String>,
}

/// One recorded move.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TracePly {
    /// Phase before the move.
    #[serde(rename = "p")]
    pub phase: String,
    /// Player to move before the move.
    #[serde(rename = "t")]
    pub player: u64,
    /// Number of distinct legal moves.
    #[serde(rename = "n")]
    pub legal_count: Option<usize>,
    /// All legal moves, sorted.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub legal: Option<Vec<String>>,
    /// First 16 hex digits of the SHA-256 of the legal moves joined with newlines.
    #[serde(rename = "lh", skip_serializing_if = "Option::is_none")]
    pub legal_hash: Option<String>,
    /// The move made.
    #[serde(rename = "c")]
    pub chosen: String,
    /// Upstream's JSON of the move.
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub upstream: Option<serde_json::Value>,
    /// State hash after the move.
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Digest of the canonical text after the move.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Canonical text after the move.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Stack keys in container order after the move.
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Persisted zobrist hash after the move.
    #[serde(rename = "z", skip_serializing_if = "Option::is_none")]
    pub zobrist: Option<String>,
}

/// How a recorded game ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceResult {
    /// `active` or `completed`.
    pub status: String,
    /// The winner.
    pub winner: Option<u64>,
    /// `victory_reason` of the environment.
    pub env_reason: Option<String>,
    /// Termination reason of the self-play runner.
    pub soak_reason: Option<String>,
    /// Victory type and deciding rung.
    pub victory_type: Option<(String, Option<String>)>,
    /// Whether the recorder stopped the game.
    pub truncated: bool,
    /// Number of plies.
    pub plies: usize,
    /// Eliminated rings by player number.
    pub eliminated: BTreeMap<String, u64>,
    /// Territory counters by player number.
    pub territory: BTreeMap<String, u64>,
    /// Collapsed cells by player number.
    pub collapsed: BTreeMap<String, u64>,
}

/// Why a trace file cannot be read further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The file cannot be opened or read, or its compression is damaged.
    #[error("cannot read {}{}", .path.display(), if *.line > 0 {
        format!(" beyond line {}\nhint: `gzip -t` tells whether a compressed file is whole", .line)
    } else {
        "\nhint: a trace file is JSON lines, plain or gzip".to_owned()
    })]
    Io {
        /// The file.
        path: PathBuf,
        /// Lines read before.
        line: usize,
        /// The cause.
        source: std::io::Error,
    },
    /// A line that is no game.
    #[error("{}, line {line}: not a recorded game\nhint: a trace file has one JSON object per line, as recorded traces do", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
        /// The cause.
        source: serde_json::Error,
    },
    /// A line beyond any plausible game.
    #[error(
        "{}, line {line}: longer than {LINE_BYTES_MAX} bytes\nhint: a trace file has one game per line",
        .path.display()
    )]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
    },
}

/// Reads the games of a trace one after the other.
pub struct TraceReader {
    path: PathBuf,
    lines: Box<dyn BufRead + Send>,
    line: usize,
    failed: bool,
}

impl TraceReader {
    /// Opens a trace file, gzip or plain.
    ///
    /// # Errors
    /// [`TraceError::Io`].
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        let io = |source| TraceError::Io { path: path.to_owned(), line: 0, source };
        let file = File::open(path).map_err(io)?;
        Self::new(path, BufReader::with_capacity(1 << 16, file)).map_err(io)
    }

    /// Reads a trace from memory or any other source; `path` is for messages.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn new(path: &Path, mut source: impl BufRead + Send + 'static) -> std::io::Result<Self> {
        let gzip = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let lines: Box<dyn BufRead + Send> = if gzip {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(source)))
        } else {
            Box::new(source)
        };
        Ok(Self { path: path.to_owned(), lines, line: 0, failed: false })
    }

    fn read(&mut self) -> Result<Option<Trace>, TraceError> {
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = self.lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut text);
            let read = read.map_err(|source| TraceError::Io { path: self.path.clone(), line: self.line, source })?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if read as u64 >= LINE_BYTES_MAX {
                return Err(TraceError::LineTooLong { path: self.path.clone(), line: self.line });
            }
            if !text.trim_ascii().is_empty() {
                break;
            }
        }
        serde_json::from_slice(text.trim_ascii_end()).map(Some).map_err(|source| TraceError::Json {
            path: self.path.clone(),
            line: self.line,
            source,
        })
    }
}

impl Iterator for TraceReader {
    type Item = Result<Trace, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item = self.read().transpose();
        self.failed = matches!(item, Some(Err(_)));
        item
    }
}
