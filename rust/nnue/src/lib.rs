//! Networks that are cheap to evaluate after every move (NNUE): features, accumulators, the integer forward pass, files, and
//! the evaluator that searches take.
//!
//! A network belongs to one board and one number of players. Its first layer is a sum of one row per active feature
//! ([`FeatureSet`]), so that a position that differs in a few cells from one that is known costs a few rows; [`architecture`]
//! says what follows. Everything up to the logits is integer, and equal on every machine. Networks of upstream, which are of
//! another kind, are in [`upstream`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use ringrift_eval::Evaluator;
//! use ringrift_nnue::{Network, NnueEvaluator};
//! use ringrift_rules::{BoardKind, PlayerCount, PlayerId, Position, RuleOptions, Square8};
//!
//! let network = Network::random(BoardKind::Square8, PlayerCount::Two, 64, 1)?;
//! let mut evaluator = NnueEvaluator::<Square8>::new(Arc::new(network))?;
//! let rules = RuleOptions::standard(BoardKind::Square8, PlayerCount::Two);
//! let position = Position::<Square8>::initial(PlayerCount::Two, rules);
//! let scores = evaluator.scores(&position);
//! assert_eq!(scores[PlayerId::ALL[0]], evaluator.score(&position, PlayerId::ALL[0]));
//! # Ok::<(), ringrift_nnue::NetworkError>(())
//! ```

#![deny(unsafe_code)]

pub mod architecture;
mod batch;
mod blocks;
mod bounds;
mod changes;
mod codes;
mod error;
mod evaluator;
mod features;
mod file;
mod head;
mod lists;
mod network;
#[allow(
    unsafe_code,
    reason = "vectors are loaded and stored by address; kernels need instructions that not every machine has"
)]
pub mod simd;
mod torch_file;
pub mod upstream;

pub use architecture::BIAS_MAX;
pub use batch::logits_of;
pub use error::NetworkError;
pub use evaluator::NnueEvaluator;
pub use features::FeatureSet;
pub use network::{Network, NetworkParts};
pub use simd::SimdPath;
pub use torch_file::{ElementType, FILE_BYTES_MAX, TensorInfo, TorchFile, TorchFileError};
