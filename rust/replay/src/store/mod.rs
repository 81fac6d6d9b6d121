//! Replay databases: SQLite files with whole games, in upstream's schema.
//!
//! [`StoreWriter`] stores games, [`StoreReader`] reads them, [`verify_game`] replays them on the engine and lists
//! differences. Files of every schema version can be read; a writer migrates the file that it opens. [`StoreSnapshot`] is a
//! private copy of a file that may be written meanwhile.

mod bare;
mod connection;
mod content;
mod derive;
mod encode;
mod error;
mod filter;
mod game;
mod insert;
mod merge;
mod migrate;
mod packed;
mod python_json;
mod reader;
mod rows;
mod schema;
mod snapshot;
mod soak;
mod timestamp;
mod verify;
mod writer;

pub use connection::is_database;
pub use content::ContentDigest;
pub use derive::quality;
pub use encode::EncodedGame;
pub use error::StoreError;
pub use filter::{GameFilter, GameOrder, Parts};
pub use game::{
    History, MoveNotes, NewGame, RecordForm, RecordedMove, SNAPSHOT_INTERVAL_VARIABLE, SeatRecord, Snapshots, game_id,
};
pub use merge::{
    MAX_REJECT_SHARE, MergeError, MergeFault, MergeOptions, MergeOutcome, MergeProgress, MergeReport, OnConflict,
    SourceCounts, SourceReport, SourceState, merge,
};
pub use python_json::{python_float, python_json, python_json_sorted};
pub use reader::{StoreInfo, StoreReader};
pub use rows::{
    GameRow, HistoryRow, HistorySide, MoveRow, MoveSource, PlayerRow, ReplayedGame, SnapshotRow, StoredGame,
};
pub use schema::{MOVES_MIN, VERSION as SCHEMA_VERSION};
pub use snapshot::StoreSnapshot;
pub use soak::{soak_record, soak_state};
pub use timestamp::{format_timestamp, parse_timestamp};
pub use verify::{Verified, verify_game};
pub use writer::{Ack, StoreWriter, Stored, WriterOptions, WriterSummary};
