//! State and move JSON, both ways.

mod history;
mod moves;
mod spaces;
mod state;
mod state_read;
mod state_write;
mod tree;

pub use moves::{
    MoveJsonError, MoveJsonOptions, MoveNumbering, Nulls, move_from_json, move_from_json_text, move_to_json,
};
pub use state::{
    ChainRecord, ChainSegment, Envelope, GameStatus, ReadOptions, RingOrder, SeatEnvelope, StateDocument,
    StateJsonError, TimeControl,
};
pub(crate) use tree::snake_case;
pub use tree::{JsonFault, JsonSyntaxError};
