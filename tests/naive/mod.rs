//! The naive engine: a second implementation of the rules, written to be checked by reading.
//!
//! It shares no code with the workspace crates. Cells are coordinate pairs, the board is made of
//! ordered maps and lists, every question is answered by walking the board again, and the whole
//! move history is kept. The fast engine is compared with it move by move.
//!
//! Moves travel as canonical strings, positions as canonical text; see `text.rs`.

mod apply;
mod board;
mod legal;
mod moves;
mod outcome;
mod perft;
mod reach;
mod recovery;
mod state;
mod territory;
mod text;
mod turn;

pub use board::BoardName;
pub use perft::{divide, perft};
pub use state::{Rules, State};
