//! Playing games of RingRift: random playouts, one after the other or on all cores.
//!
//! Results depend on the seed alone, never on the number of threads: every game draws from its own counter-based
//! stream (see [`GameRng`]).
#![forbid(unsafe_code)]

mod playout;

pub use playout::{PlayedGame, Playout, playout, playout_moves, random_playouts};
pub use ringrift_eval::GameRng;
