//! Networks that are updated move by move (NNUE), samples to train them on, and their first layer in training.

mod kernels;
mod network;
mod samples;
mod upstream;

pub(crate) use kernels::{nnue_backward, nnue_forward};
pub(crate) use network::NnueNetwork;
pub(crate) use samples::NnueSamples;
pub(crate) use upstream::UpstreamNnue;
