//! Our own encoding, for our own networks: binary planes per seat, and one policy index for each move.

mod encoder;
mod globals;
mod lanes;
mod layout;
mod planes;
mod policy;

pub use encoder::Rr1Encoder;
pub use layout::{RR1_VERSION, Rr1Layout};
pub use policy::Rr1Policy;

pub(crate) use lanes::direction;
