//! What rows are to be like: everything that decides about the content of a data set beside its games.

use ringrift_encode::{FeatureVersion, HistoryMode, PolicyLayout, UpstreamEncoder};
use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::{Value, json};

use crate::heuristics::HeuristicFeatures;
use crate::values::ValueRule;

/// Which arrays a file has, and in which form.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Layout {
    /// Upstream's planes and keys, without Python objects: loads with `allow_pickle=False`.
    #[default]
    Plain,
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
            Self::UpstreamSingle => "upstream_single",
            Self::UpstreamParallel => "upstream_parallel",
        }
    }

    /// Whether it is upstream's, quirks included.
    pub const fn is_upstream(self) -> bool {
        matches!(self, Self::UpstreamSingle | Self::UpstreamParallel)
    }
}

/// What each row is.
#[derive(Clone, PartialEq, Debug)]
pub struct RowPlan {
    /// Board of the games.
    pub board: BoardKind,
    /// Their number of players.
    pub players: PlayerCount,
    /// Arrays of the file.
    pub layout: Layout,
    /// Planes.
    pub encoder: UpstreamEncoder,
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
    /// Columns of heuristic features.
    pub heuristics: Option<HeuristicFeatures>,
    /// Columns of sample weights and times.
    pub quality_weighted: bool,
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
            encoder: if is_hex { UpstreamEncoder::HexV2 } else { UpstreamEncoder::Square },
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
            heuristics: None,
            quality_weighted: false,
        }
    }

    /// Channels of a row.
    pub const fn channels(&self) -> usize {
        self.encoder.planes() * (self.history_length + 1)
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
            "history_length": self.history_length,
            "history_mode": self.history_mode.name(),
            "feature_version": self.feature_version.number(),
            "policy_encoding": self.policy.name(),
            "policy_size": self.policy.size(self.board),
            "sample_every": self.sample_every,
            "sample_rate": self.sample_rate,
            "seed": self.seed,
            "max_move_index": self.move_index_max,
            "values": self.values.name(),
            "soft_targets": self.soft_targets,
            "heuristics": self.heuristics.map(HeuristicFeatures::name),
            "quality_weighted": self.quality_weighted,
        })
    }
}
