//! Networks of `ringrift-nnue`: samples to train them on, and the first layer in training.

mod kernels;
mod network;
mod samples;

pub(crate) use kernels::{nnue_backward, nnue_forward};
pub(crate) use network::NnueNetwork;
pub(crate) use samples::NnueSamples;
