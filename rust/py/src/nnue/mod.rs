//! Networks that are updated move by move (NNUE).

mod network;

pub(crate) use network::NnueNetwork;
