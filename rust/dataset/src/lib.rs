//! Training data from recorded games.
//!
//! [`export()`] reads replay databases, replays their games on all cores, and writes rows (planes, globals, policy and value
//! targets) as NPZ files with a manifest beside each. Memory does not grow with the number of rows, but for some 150 bytes a
//! game; what is written depends on the games and the settings alone, not on the number of threads.
//! `docs/data.md` describes the arrays. [`nnue`] makes samples for the networks of `ringrift-nnue`.
#![forbid(unsafe_code)]

mod error;
mod export;
mod game;
mod games;
mod heuristics;
mod keys;
mod manifest;
pub mod nnue;
mod npz;
mod plan;
mod policy;
mod rows;
mod select;
mod sink;
mod source;
mod values;
mod weights;

pub use error::ExportError;
pub use export::{ExportOptions, Observer, Output, Progress, Report, export, is_current};
pub use heuristics::HeuristicFeatures;
pub use manifest::{Input, MANIFEST_VERSION, Tally, manifest_path};
pub use npz::{DType, Method, Written};
pub use plan::{Encoder, Layout, RowPlan};
pub use select::{Dropped, Part, Selection, Split, Tier, UnknownSplit};
pub use sink::Finished;
pub use values::ValueRule;
