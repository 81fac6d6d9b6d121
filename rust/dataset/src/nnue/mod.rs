//! Training samples for the networks of `ringrift-nnue`: positions of recorded games as lists of features, with the results
//! of the games and what searches thought of them.
//!
//! [`open()`] replays games on all cores, or reads a file that an earlier call wrote; [`Samples::batch`] makes batches of any
//! rows, in any order.

mod batch;
mod cache;
mod collect;
mod error;
mod options;
mod replay;
mod samples;

pub use batch::{Batch, BatchError};
pub use cache::CacheState;
pub use collect::{SampleReport, open};
pub use error::SampleError;
pub use options::{FAILED_SHARE_MAX, SampleOptions};
pub use samples::{GameSample, Samples};
