//! The arrays of each layout, in file order. Source of upstream's: npz.md section 3.

use crate::plan::{Layout, RowPlan};

/// An array of a file.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are those of the arrays")]
pub(crate) enum Key {
    Features,
    Planes,
    SeatValues,
    PolicyStart,
    PolicyIndexList,
    PolicyValueList,
    PlayerBytes,
    PhaseBytes,
    MoveTypeBytes,
    PhaseNames,
    MoveTypeNames,
    GameIndex,
    GameNames,
    GameVictories,
    GameEngines,
    GameQuality,
    GameElo,
    PlayerCount,
    LayoutDigest,
    LayoutText,
    Globals,
    Values,
    ValuesMp,
    PolicyIndices,
    PolicyValues,
    PolicyCounts,
    MoveNumbers,
    TotalGameMoves,
    Phases,
    VictoryTypes,
    EngineModes,
    MoveTypes,
    OpponentElo,
    GeneratorElo,
    QualityScore,
    OpponentTypes,
    Heuristics,
    NumHeuristicFeatures,
    HeuristicMode,
    SampleWeights,
    Timestamps,
    NumPlayers,
    PlayerNumbers,
    GameIds,
    BoardType,
    BoardSize,
    HistoryLength,
    HistoryMode,
    FeatureVersion,
    PolicyEncoding,
    Encoder,
    EncoderType,
    EncoderVersion,
    InChannels,
    PolicySize,
    MaxPolicyIndex,
    PoliciesNormalized,
    ExportVersion,
    SpatialSize,
    Metadata,
    DataChecksums,
}

impl Key {
    /// Name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Planes => "planes",
            Self::PolicyStart => "policy_start",
            Self::PhaseNames => "phase_names",
            Self::MoveTypeNames => "move_type_names",
            Self::GameIndex => "game_index",
            Self::GameVictories => "game_victory_types",
            Self::GameEngines => "game_engine_modes",
            Self::GameQuality => "game_quality_scores",
            Self::GameElo => "game_generator_elo",
            Self::LayoutDigest => "layout_digest",
            Self::LayoutText => "layout",
            Self::Globals => "globals",
            Self::Values | Self::SeatValues => "values",
            Self::ValuesMp => "values_mp",
            Self::PolicyIndices | Self::PolicyIndexList => "policy_indices",
            Self::PolicyValues | Self::PolicyValueList => "policy_values",
            Self::PolicyCounts => "policy_counts",
            Self::MoveNumbers => "move_numbers",
            Self::TotalGameMoves => "total_game_moves",
            Self::Phases | Self::PhaseBytes => "phases",
            Self::VictoryTypes => "victory_types",
            Self::EngineModes => "engine_modes",
            Self::MoveTypes | Self::MoveTypeBytes => "move_types",
            Self::OpponentElo => "opponent_elo",
            Self::GeneratorElo => "generator_elo",
            Self::QualityScore => "quality_score",
            Self::OpponentTypes => "opponent_types",
            Self::Heuristics => "heuristics",
            Self::NumHeuristicFeatures => "num_heuristic_features",
            Self::HeuristicMode => "heuristic_mode",
            Self::SampleWeights => "sample_weights",
            Self::Timestamps => "timestamps",
            Self::NumPlayers | Self::PlayerCount => "num_players",
            Self::PlayerNumbers | Self::PlayerBytes => "player_numbers",
            Self::GameIds | Self::GameNames => "game_ids",
            Self::BoardType => "board_type",
            Self::BoardSize => "board_size",
            Self::HistoryLength => "history_length",
            Self::HistoryMode => "history_mode",
            Self::FeatureVersion => "feature_version",
            Self::PolicyEncoding => "policy_encoding",
            Self::Encoder => "encoder",
            Self::EncoderType => "encoder_type",
            Self::EncoderVersion => "encoder_version",
            Self::InChannels => "in_channels",
            Self::PolicySize => "policy_size",
            Self::MaxPolicyIndex => "max_policy_index",
            Self::PoliciesNormalized => "policies_normalized",
            Self::ExportVersion => "export_version",
            Self::SpatialSize => "spatial_size",
            Self::Metadata => "metadata",
            Self::DataChecksums => "data_checksums",
        }
    }
}

/// The arrays of a file, in order.
#[allow(clippy::enum_glob_use, reason = "nearly all of them are named")]
pub(crate) fn keys(plan: &RowPlan) -> Vec<Key> {
    use Key::*;

    let heuristics = plan.heuristics.is_some();
    let mut keys = Vec::with_capacity(48);
    if plan.layout == Layout::UpstreamParallel {
        keys.extend([
            Features,
            Globals,
            Values,
            ValuesMp,
            PolicyIndices,
            PolicyValues,
            MoveNumbers,
            TotalGameMoves,
            Phases,
            NumPlayers,
            PlayerNumbers,
            GameIds,
            MoveTypes,
        ]);
        keys.extend(heuristics.then_some(Heuristics));
        keys.extend([
            BoardType,
            BoardSize,
            HistoryLength,
            FeatureVersion,
            PolicyEncoding,
            EncoderVersion,
            InChannels,
            ExportVersion,
        ]);
        keys.extend(heuristics.then_some(NumHeuristicFeatures));
        return keys;
    }
    if plan.layout == Layout::Packed {
        keys.extend([Planes, Globals, SeatValues, PolicyStart, PolicyIndexList, PolicyValueList]);
        keys.extend([MoveNumbers, TotalGameMoves, PlayerBytes, PhaseBytes, MoveTypeBytes, GameIndex]);
        keys.extend(heuristics.then_some(Heuristics));
        if plan.quality_weighted {
            keys.extend([SampleWeights, Timestamps]);
        }
        keys.extend([GameNames, GameVictories, GameEngines, GameQuality, GameElo, PhaseNames, MoveTypeNames]);
        keys.extend([BoardType, PlayerCount, SpatialSize, HistoryLength, Encoder, LayoutDigest, LayoutText]);
        keys.extend([PolicyEncoding, PolicySize, Metadata]);
        return keys;
    }
    let plain = plan.layout == Layout::Plain;
    keys.extend([Features, Globals, Values, PolicyIndices, PolicyValues]);
    keys.extend(plain.then_some(PolicyCounts));
    keys.extend([BoardType, BoardSize, HistoryLength, FeatureVersion, PolicyEncoding]);
    keys.extend([MoveNumbers, TotalGameMoves, Phases, VictoryTypes, EngineModes, MoveTypes]);
    keys.extend([OpponentElo, GeneratorElo, QualityScore, OpponentTypes]);
    if heuristics {
        keys.extend([Heuristics, NumHeuristicFeatures, HeuristicMode]);
    }
    if plan.quality_weighted {
        keys.extend([SampleWeights, Timestamps]);
    }
    keys.extend([EncoderType, EncoderVersion, InChannels, PolicySize, MaxPolicyIndex, PoliciesNormalized]);
    keys.extend([ExportVersion, ValuesMp, NumPlayers, SpatialSize]);
    if plain {
        keys.extend([PlayerNumbers, GameIds, Encoder, HistoryMode]);
    }
    keys.push(Metadata);
    keys.extend((!plain || plan.has_checksums).then_some(DataChecksums));
    keys
}
