//! Positions as network inputs, moves as policy indices, and the symmetries of both.
//!
//! Two families. Upstream's: [`UpstreamEncoder`] (planes and globals), [`History`] (rows of frames) and [`PolicyLayout`],
//! equal to the last bit, so that its networks and trainers can be used. Our own, `rr1`: [`Rr1Layout`] (what every channel
//! means), [`Rr1Encoder`] and [`Rr1Policy`]. [`Symmetry`] turns and mirrors whatever both of them make.
//!
//! ```
//! use ringrift_encode::{GLOBALS, GlobalsOptions, History, HistoryMode, UpstreamEncoder};
//! use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};
//!
//! let board = BoardKind::Square8;
//! let position = AnyPosition::initial(board, PlayerCount::Two, RuleOptions::standard(board, PlayerCount::Two));
//! let encoder = UpstreamEncoder::Square;
//! let mut history = History::new(encoder.frame_len(board), 3, HistoryMode::Recorded);
//! history.push(|frame| encoder.encode(&position, frame))?;
//! let mut row = vec![0.0; history.row_len()];
//! history.write(&mut row)?;
//! assert_eq!(row.len(), 56 * 8 * 8);
//! let mut globals = [0.0; GLOBALS];
//! encoder.encode_globals(&position, GlobalsOptions::default(), &mut globals)?;
//! assert_eq!(globals[0], 1.0, "ring placement");
//! # Ok::<(), ringrift_encode::EncodeError>(())
//! ```
#![forbid(unsafe_code)]

mod error;
mod history;
mod neighbours;
mod policy;
mod rr1;
mod symmetry;
mod upstream;

pub use error::EncodeError;
pub use history::{History, HistoryMode};
pub use policy::{ActionIndex, PolicyLayout};
pub use rr1::{RR1_VERSION, Rr1Encoder, Rr1Layout, Rr1Policy};
pub use symmetry::{PlaneGrid, Symmetry};
pub use upstream::{FeatureVersion, GLOBALS, GlobalsOptions, UpstreamEncoder};
