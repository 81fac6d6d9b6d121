//! Recorded games of RingRift: the state and move JSON of upstream, recorded traces, replay databases, and their
//! verification.
#![forbid(unsafe_code)]

mod canonical;
pub mod files;
mod json;
mod record;
mod store;
mod trace;
mod verify;

pub use canonical::{CanonicalError, canonical_digest, canonical_text, parse_canonical};
pub use json::{
    ChainRecord, ChainSegment, Envelope, FieldNames, GameStatus, JsonFault, JsonSyntaxError, MoveJson, MoveJsonError,
    MoveJsonOptions, MoveNumbering, Nulls, ReadOptions, RingOrder, SeatEnvelope, StateDocument, StateJsonError,
    TimeControl, move_from_json, move_from_json_text, move_from_json_text_among, move_key, move_to_json,
};
pub use record::record_trace;
pub use store::{
    Ack, ContentDigest, EncodedGame, GameFilter, GameOrder, GameRow, History, HistoryRow, HistorySide,
    MAX_REJECT_SHARE, MOVES_MIN, MergeError, MergeFault, MergeOptions, MergeOutcome, MergeProgress, MergeReport,
    MoveNotes, MoveRow, MoveSource, NewGame, OnConflict, Parts, PlayerRow, RecordForm, RecordedMove, ReplayedGame,
    SCHEMA_VERSION, SNAPSHOT_INTERVAL_VARIABLE, SeatRecord, SnapshotRow, Snapshots, SourceCounts, SourceReport,
    SourceState, StoreError, StoreInfo, StoreReader, StoreSnapshot, StoreWriter, Stored, StoredGame, Verified,
    WriterOptions, WriterSummary, format_timestamp, game_id, is_database, merge, parse_timestamp, python_float,
    python_json, python_json_sorted, quality, soak_record, soak_state, verify_game,
};
pub use trace::{Trace, TraceError, TraceInitial, TracePly, TraceReader, TraceResult, TraceRules};
pub use verify::{Difference, start_of_trace, verify_trace};
