//! Networks that are cheap to evaluate after every move (NNUE): features, accumulators, the integer forward pass, files, and
//! the evaluator that searches take.
//!
//! A network belongs to one board and one number of players. Its first layer is a sum of one row per active feature
//! ([`FeatureSet`]), so that a position that differs in a few cells from one that is known costs a few rows.

mod codes;
mod features;
mod torch_file;
pub mod upstream;

pub use features::FeatureSet;
pub use torch_file::{ElementType, FILE_BYTES_MAX, TensorInfo, TorchFile, TorchFileError};
