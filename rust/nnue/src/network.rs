//! A network: weights that are known to be usable, and the path that computes with them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ringrift_eval::GameRng;
use ringrift_rules::{BoardKind, PlayerCount};
use sha2::{Digest as _, Sha256};

use crate::architecture::{BIAS_MAX, L1, L2, WIDTH_MAX, WIDTH_STEP};
use crate::blocks::{Block, Rows};
use crate::bounds;
use crate::error::NetworkError;
use crate::features::{BUCKETS, FeatureSet};
use crate::file;
use crate::head::Head;
use crate::simd::{Kernels, SimdPath, check};

/// What a network is made of: plain arrays in row-major order, with `F` features ([`FeatureSet::len`]), width `H`, `K` = 4
/// buckets and `n` players. Scales are those of [`crate::architecture`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkParts {
    /// The board.
    pub board: BoardKind,
    /// The number of players.
    pub players: PlayerCount,
    /// Width of accumulators: a multiple of 64, at most 1024.
    pub width: usize,
    /// `i16[F, H]`.
    pub feature_weights: Vec<i16>,
    /// `i16[H]`.
    pub feature_biases: Vec<i16>,
    /// `i8[K, 16, n * H / 2]`; inputs by seat, the own one first.
    pub l1_weights: Vec<i8>,
    /// `i32[K, 16]`.
    pub l1_biases: Vec<i32>,
    /// `i8[K, 32, 16]`.
    pub l2_weights: Vec<i8>,
    /// `i32[K, 32]`.
    pub l2_biases: Vec<i32>,
    /// `i8[K, 32]`.
    pub out_weights: Vec<i8>,
    /// `i32[K]`.
    pub out_biases: Vec<i32>,
    /// Where the network comes from: the text of a JSON object.
    pub lineage: String,
}

impl NetworkParts {
    /// The features of the network.
    pub const fn features(&self) -> FeatureSet {
        FeatureSet::new(self.board, self.players)
    }

    /// Inputs of the first layer of a head.
    pub(crate) const fn inputs(&self) -> usize {
        self.players.get() * self.width / 2
    }

    fn check(&self) -> Result<(), NetworkError> {
        check_width(self.width)?;
        let check = |part, got, expected| {
            if got == expected { Ok(()) } else { Err(NetworkError::Length { part, expected, got }) }
        };
        check("feature_weights", self.feature_weights.len(), self.features().len() * self.width)?;
        check("feature_biases", self.feature_biases.len(), self.width)?;
        check("l1_weights", self.l1_weights.len(), BUCKETS * L1 * self.inputs())?;
        check("l1_biases", self.l1_biases.len(), BUCKETS * L1)?;
        check("l2_weights", self.l2_weights.len(), BUCKETS * L2 * L1)?;
        check("l2_biases", self.l2_biases.len(), BUCKETS * L2)?;
        check("out_weights", self.out_weights.len(), BUCKETS * L2)?;
        check("out_biases", self.out_biases.len(), BUCKETS)?;
        let biases = [("l1_biases", &self.l1_biases), ("l2_biases", &self.l2_biases), ("out_biases", &self.out_biases)];
        for (part, biases) in biases {
            if let Some(&got) = biases.iter().find(|bias| bias.unsigned_abs() > BIAS_MAX.unsigned_abs()) {
                return Err(NetworkError::BiasOverflow { part, got });
            }
        }
        file::check_lineage(&self.lineage)?;
        bounds::check(self.features(), self.width, &self.feature_weights, &self.feature_biases)
    }
}

pub(crate) fn check_width(width: usize) -> Result<(), NetworkError> {
    if width.is_multiple_of(WIDTH_STEP) && (WIDTH_STEP..=WIDTH_MAX).contains(&width) {
        Ok(())
    } else {
        Err(NetworkError::Width(width))
    }
}

/// A network that is ready for use: see [`crate::architecture`] for what it computes.
#[derive(Clone)]
pub struct Network {
    features: FeatureSet,
    width: usize,
    rows: Rows,
    /// Those of all seats, which are the same.
    biases: Vec<Block>,
    heads: Vec<Head>,
    lineage: String,
    sha256: [u8; 32],
    kernels: Kernels,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("board", &self.board())
            .field("players", &self.players())
            .field("width", &self.width)
            .field("sha256", &self.sha256_hex())
            .field("simd", &self.simd())
            .finish_non_exhaustive()
    }
}

impl Network {
    /// Reads a `.nnue` file.
    ///
    /// # Errors
    /// The file cannot be read, or is no network that can be used; the error names the file.
    pub fn load(path: &Path) -> Result<Self, NetworkError> {
        let read = || {
            let mut bytes = Vec::new();
            File::open(path)?.take(file::BYTES_MAX + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| NetworkError::Io { path: path.into(), source })?;
        Self::from_bytes(&bytes).map_err(|source| NetworkError::InFile { path: path.into(), source: Box::new(source) })
    }

    /// Reads the bytes of a `.nnue` file.
    ///
    /// # Errors
    /// They are no network that can be used.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NetworkError> {
        let parts = file::parse(bytes)?;
        parts.check()?;
        Self::build(&parts, Sha256::digest(bytes).into())
    }

    /// A network of these arrays.
    ///
    /// # Errors
    /// Lengths do not fit each other, sums could overflow, or the lineage is no JSON object.
    pub fn from_parts(parts: &NetworkParts) -> Result<Self, NetworkError> {
        parts.check()?;
        Self::build(parts, Sha256::digest(file::format(parts)).into())
    }

    fn build(parts: &NetworkParts, sha256: [u8; 32]) -> Result<Self, NetworkError> {
        let head = |bucket: usize| {
            Head::new(
                part(&parts.l1_weights, bucket),
                part(&parts.l1_biases, bucket),
                part(&parts.l2_weights, bucket),
                part(&parts.l2_biases, bucket),
                part(&parts.out_weights, bucket),
                parts.out_biases[bucket],
            )
        };
        let mut network = Self {
            features: parts.features(),
            width: parts.width,
            rows: Rows::new(parts.features(), parts.width, &parts.feature_weights),
            biases: Block::all(&parts.feature_biases.repeat(parts.players.get())),
            heads: (0..BUCKETS).map(head).collect(),
            lineage: parts.lineage.clone(),
            sha256,
            kernels: Kernels::SCALAR,
        };
        network.kernels = check::choose(&network)?;
        Ok(network)
    }

    /// The arrays of the network.
    pub fn to_parts(&self) -> NetworkParts {
        fn all<T>(heads: &[Head], each: impl Fn(&Head) -> Vec<T>) -> Vec<T> {
            heads.iter().flat_map(each).collect()
        }
        let plain = |blocks: &[Block]| blocks.iter().flat_map(|block| block.0).collect();
        NetworkParts {
            board: self.board(),
            players: self.players(),
            width: self.width,
            feature_weights: plain(self.rows.blocks()),
            feature_biases: plain(&self.biases[..self.rows.stride()]),
            l1_weights: all(&self.heads, Head::l1_rows),
            l1_biases: all(&self.heads, |head| head.l1_biases.0.to_vec()),
            l2_weights: all(&self.heads, Head::l2_rows),
            l2_biases: all(&self.heads, |head| head.l2_biases.iter().flat_map(|sums| sums.0).collect()),
            out_weights: all(&self.heads, |head| head.out.to_vec()),
            out_biases: all(&self.heads, |head| vec![head.out_bias]),
            lineage: self.lineage.clone(),
        }
    }

    /// The bytes of a `.nnue` file with this network, always the same ones; docs/nnue-format.md describes them. Whoever
    /// writes a file does so by a temporary one and a rename.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::format(&self.to_parts())
    }

    /// A network of random weights, for tests and measurements: it knows nothing of the game. Equal arguments give equal
    /// networks.
    ///
    /// # Errors
    /// The width is none that accumulators can have.
    pub fn random(board: BoardKind, players: PlayerCount, width: usize, seed: u64) -> Result<Self, NetworkError> {
        check_width(width)?;
        let features = FeatureSet::new(board, players);
        let n = players.get();
        let mut rng = GameRng::new(seed, 0, GameRng::HOST);
        let mut draw = |spread: i32| rng.below(2 * spread as usize + 1) as i32 - spread;
        // As large as the bound on sums allows: each cell adds one row of each of its groups, at most.
        let spread = (24_000 / (i32::from(board.spec().cells) * (n as i32 + 2))).min(60);
        let mut words = |count: usize, spread: i32| (0..count).map(|_| draw(spread) as i16).collect::<Vec<i16>>();
        let (feature_weights, feature_biases) = (words(features.len() * width, spread), words(width, 300));
        let mut bytes = |count: usize, spread: i32| (0..count).map(|_| draw(spread) as i8).collect::<Vec<i8>>();
        let l1_weights = bytes(BUCKETS * L1 * n * width / 2, 127);
        let (l2_weights, out_weights) = (bytes(BUCKETS * L2 * L1, 127), bytes(BUCKETS * L2, 127));
        let mut biases = |count: usize| (0..count).map(|_| draw(8_000)).collect::<Vec<i32>>();
        Self::from_parts(&NetworkParts {
            board,
            players,
            width,
            feature_weights,
            feature_biases,
            l1_weights,
            l1_biases: biases(BUCKETS * L1),
            l2_weights,
            l2_biases: biases(BUCKETS * L2),
            out_weights,
            out_biases: biases(BUCKETS),
            lineage: format!("{{\"random\": {seed}}}"),
        })
    }

    /// The board.
    pub const fn board(&self) -> BoardKind {
        self.features.board()
    }

    /// The number of players.
    pub const fn players(&self) -> PlayerCount {
        self.features.players()
    }

    /// The features.
    pub const fn features(&self) -> FeatureSet {
        self.features
    }

    /// Width of the accumulators.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Digest of the file.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The same in hexadecimal digits.
    pub fn sha256_hex(&self) -> String {
        use std::fmt::Write as _;
        self.sha256.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Where the network comes from: the text of a JSON object.
    pub fn lineage(&self) -> &str {
        &self.lineage
    }

    /// The path that computes with it. Scores do not depend on it.
    pub const fn simd(&self) -> SimdPath {
        self.kernels.path()
    }

    /// The same network, computed by another path; for tests and measurements.
    ///
    /// # Errors
    /// This machine does not have it.
    pub fn with_simd(mut self, path: SimdPath) -> Result<Self, NetworkError> {
        self.kernels = Kernels::of(path).ok_or(NetworkError::MissingPath(path.name()))?;
        Ok(self)
    }

    /// Checks that the network is for a board and a number of players.
    ///
    /// # Errors
    /// It is for others.
    pub fn check_game(&self, board: BoardKind, players: PlayerCount) -> Result<(), NetworkError> {
        if board != self.board() {
            return Err(NetworkError::OtherBoard { network: self.board(), wanted: board });
        }
        if players != self.players() {
            return Err(NetworkError::OtherPlayers { network: self.players().get(), wanted: players.get() });
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn kernels(&self) -> Kernels {
        self.kernels
    }

    /// Rows of the features.
    #[inline]
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Accumulators without any feature.
    #[inline]
    pub(crate) fn biases(&self) -> &[Block] {
        &self.biases
    }

    #[inline]
    pub(crate) fn head(&self, bucket: usize) -> &Head {
        &self.heads[bucket]
    }
}

/// A bucket's share of an array.
fn part<T>(all: &[T], bucket: usize) -> &[T] {
    let len = all.len() / BUCKETS;
    &all[bucket * len..(bucket + 1) * len]
}
