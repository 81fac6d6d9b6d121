//! Networks of `ringrift-nnue`: samples to train them on, and the first layer in training.

mod kernels;
mod samples;

pub(crate) use kernels::{nnue_backward, nnue_forward};
pub(crate) use samples::NnueSamples;
