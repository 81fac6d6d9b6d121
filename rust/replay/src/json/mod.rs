//! State and move JSON, both ways.

mod board_read;
mod history;
mod move_read;
mod move_write;
mod spaces;
mod state;
mod state_read;
mod state_write;
mod tree;

pub use move_read::{MoveJsonError, move_from_json, move_from_json_text, move_from_json_text_among};
pub use move_write::{FieldNames, MoveJson, MoveJsonOptions, MoveNumbering, Nulls, move_key, move_to_json};
pub use state::{
    ChainRecord, ChainSegment, Envelope, GameStatus, ReadOptions, RingOrder, SeatEnvelope, StateDocument,
    StateJsonError, TimeControl,
};
pub(crate) use tree::snake_case;
pub use tree::{JsonFault, JsonSyntaxError};
