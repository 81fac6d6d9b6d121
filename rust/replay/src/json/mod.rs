//! State and move JSON, both ways.

mod moves;
mod spaces;
mod tree;

pub use moves::{
    MoveJsonError, MoveJsonOptions, MoveNumbering, Nulls, move_from_json, move_from_json_text, move_to_json,
};
pub use tree::{JsonFault, JsonSyntaxError};
