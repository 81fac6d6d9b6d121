//! What rows are to be like: everything that decides about the content of a data set beside its games.

use ringrift_encode::{FeatureVersion, GLOBALS, HistoryMode, PolicyLayout, Rr1Layout, UpstreamEncoder};
use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::{Value, json};

use crate::heuristics::HeuristicFeatures;
use crate::npz::Method;
use crate::values::ValueRule;

/// Which arrays a file has, and in which form.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Layout {
    /// Upstream's planes and keys, without Python objects: loads with `allow_pickle=False`.
    #[default]
    Plain,
    /// Our own planes as bits, and numbers only: see `docs/data.md`.
    Packed,
    /// What upstream's single-threaded exporter writes, to the last element.
    UpstreamSingle,
    /// What upstream's parallel exporter writes, to the last element.
    UpstreamParallel,
}

impl Layout {
    /// Spelling in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Packed => "packed",
            Self::UpstreamSingle => "upstream_single",
            Self::UpstreamParallel => "upstream_parallel",
        }
    }

    /// Whether it is upstream's, quirks included.
    pub const fn is_upstream(self) -> bool {
        matches!(self, Self::UpstreamSingle | Self::UpstreamParallel)
    }
}

/// What makes planes of positions.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Encoder {
    /// One of upstream's, for the layouts with its keys.
    Upstream(UpstreamEncoder),
    /// Our own, for [`Layout::Packed`].
    Rr1,
}

impl Encoder {
    /// Spelling in files and manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upstream(encoder) => encoder.name(),
            Self::Rr1 => "rr1",
        }
    }
}

/// What each row is.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "settings that have nothing to do with each other")]
pub struct RowPlan {
    /// Board of the games.
    pub board: BoardKind,
    /// Their number of players.
    pub players: PlayerCount,
    /// Arrays of the file.
    pub layout: Layout,
    /// Planes.
    pub encoder: Encoder,
    /// Whether upstream's layouts call them v2; else they say v3, whatever they are.
    pub is_labelled_v2: bool,
    /// Earlier frames in each row.
    pub history_length: usize,
    /// What they hold.
    pub history_mode: HistoryMode,
    /// Version of the globals.
    pub feature_version: FeatureVersion,
    /// Numbering of moves.
    pub policy: PolicyLayout,
    /// Takes the moves whose number is a multiple of this.
    pub sample_every: u32,
    /// Takes this share of them, drawn by [`RowPlan::seed`], game and move.
    pub sample_rate: f64,
    /// Seed of what is drawn.
    pub seed: u64,
    /// Takes no moves after this one.
    pub move_index_max: Option<u32>,
    /// Value targets.
    pub values: ValueRule,
    /// Whether policies that searches recorded become targets, in place of the move that was made.
    pub soft_targets: bool,
    /// How planes as bits are kept.
    pub packed_method: Method,
    /// Columns of heuristic features.
    pub heuristics: Option<HeuristicFeatures>,
    /// Columns of sample weights and times.
    pub quality_weighted: bool,
    /// Whether the plain layout has upstream's checksums of its arrays; its own layouts have them as upstream does.
    pub has_checksums: bool,
}

impl RowPlan {
    /// Every position of games of this board and number of players, in the plain layout, by the encoder that upstream's
    /// exporter takes.
    pub fn new(board: BoardKind, players: PlayerCount) -> Self {
        let is_hex = UpstreamEncoder::HexV2.serves(board);
        Self {
            board,
            players,
            layout: Layout::Plain,
            encoder: Encoder::Upstream(if is_hex { UpstreamEncoder::HexV2 } else { UpstreamEncoder::Square }),
            is_labelled_v2: false,
            history_length: 3,
            history_mode: HistoryMode::Recorded,
            feature_version: FeatureVersion::V2,
            policy: PolicyLayout::BoardAware,
            sample_every: 1,
            sample_rate: 1.0,
            seed: 0,
            move_index_max: None,
            values: ValueRule::Ranks,
            soft_targets: true,
            packed_method: Method::Stored,
            heuristics: None,
            quality_weighted: false,
            has_checksums: true,
        }
    }

    /// The same rows in our own encoding, with as many earlier positions.
    #[must_use]
    pub fn packed(self) -> Self {
        Self { layout: Layout::Packed, encoder: Encoder::Rr1, ..self }
    }

    /// Planes of a row, those of earlier frames included.
    pub const fn planes(&self) -> usize {
        match self.encoder {
            Encoder::Upstream(encoder) => encoder.planes() * (self.history_length + 1),
            Encoder::Rr1 => self.rr1().planes(),
        }
    }

    /// Globals of a row.
    pub const fn globals(&self) -> usize {
        match self.encoder {
            Encoder::Upstream(_) => GLOBALS,
            Encoder::Rr1 => self.rr1().globals(),
        }
    }

    /// Policy indices.
    pub fn policy_size(&self) -> u32 {
        match self.encoder {
            Encoder::Upstream(_) => self.policy.size(self.board),
            Encoder::Rr1 => self.rr1().policy_size(),
        }
    }

    /// Numbering of moves, as files name it.
    pub const fn policy_name(&self) -> &'static str {
        match self.encoder {
            Encoder::Upstream(_) => self.policy.name(),
            Encoder::Rr1 => "rr1",
        }
    }

    /// How the planes are kept in the file.
    pub(crate) const fn planes_method(&self) -> Method {
        match self.layout {
            Layout::Packed => self.packed_method,
            _ => Method::Deflated,
        }
    }

    /// Layout of our own encoding.
    pub const fn rr1(&self) -> Rr1Layout {
        Rr1Layout::new(self.board, self.players, self.history_length)
    }

    /// Digest of what each plane, global and policy index means; upstream's encoders are told by name.
    pub fn layout_digest(&self) -> Option<String> {
        (self.encoder == Encoder::Rr1).then(|| self.rr1().digest())
    }

    /// Cells along a side.
    pub const fn side(&self) -> usize {
        self.board.spec().size as usize
    }

    /// What manifests say of it.
    pub fn to_json(&self) -> Value {
        json!({
            "board_type": self.board.name(),
            "num_players": self.players.get(),
            "layout": self.layout.name(),
            "encoder": self.encoder.name(),
            "layout_digest": self.layout_digest(),
            "history_length": self.history_length,
            "history_mode": self.history_mode.name(),
            "feature_version": self.feature_version.number(),
            "policy_encoding": self.policy_name(),
            "policy_size": self.policy_size(),
            "sample_every": self.sample_every,
            "sample_rate": self.sample_rate,
            "seed": self.seed,
            "max_move_index": self.move_index_max,
            "values": self.values.name(),
            "soft_targets": self.soft_targets,
            "heuristics": self.heuristics.map(HeuristicFeatures::name),
            "quality_weighted": self.quality_weighted,
            "checksums": self.has_checksums,
            "stored": self.planes_method() == Method::Stored,
            "labelled_v2": self.layout.is_upstream() && self.is_labelled_v2,
        })
    }
}
