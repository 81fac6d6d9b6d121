//! Text for moves and positions, both ways.

mod moves;
mod position;

pub use moves::ParseMoveError;
pub use position::ParsePositionError;
