//! Networks that are updated move by move (NNUE).

mod network;
mod upstream;

pub(crate) use network::NnueNetwork;
pub(crate) use upstream::UpstreamNnue;
