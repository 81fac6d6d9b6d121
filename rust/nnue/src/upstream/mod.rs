//! Upstream's networks, for compatibility: features, files and forward pass as upstream has them, so that its networks are
//! evaluated as it evaluates them and ours can be given to it. Ours are better: see [`crate::FeatureSet`].
//!
//! Source: nnue.md.

mod architecture;
mod checkpoint;
mod error;
mod evaluator;
mod features;
mod network;
mod rows;

pub use architecture::{LAYER_WIDTH, UpstreamArchitecture, UpstreamBody, UpstreamKind};
pub use checkpoint::{NamedTensor, UpstreamCheckpoint};
pub use error::UpstreamError;
pub use evaluator::UpstreamEvaluator;
pub use features::UpstreamFeatures;
pub use network::{Forward, Scratch, UpstreamNetwork};
pub use rows::{View, features_of_views};
