//! Playing games of RingRift: random playouts, and runs of games that are recorded.
//!
//! Results depend on the seed alone, never on the number of threads: every game draws from its own counter-based streams
//! (see [`GameRng`]). A [`Run`] plays games side by side and records them in the order of their indexes, in a JSONL file
//! and in a replay database, so that it can be killed at any moment and resumed.
#![forbid(unsafe_code)]

mod engines;
mod game;
mod guard;
mod identity;
mod jsonl;
mod mode;
mod notes;
mod outputs;
mod playout;
mod prepare;
mod record;
mod recorder;
mod run;
mod seats;
mod settings;
mod summary;

pub use engines::{
    AnalysisError, Analyst, EngineKind, EngineSpec, LADDER_MAX, LadderError, MODELS_VARIABLE, Models, NamedNetwork,
    NetworkFileError, Rung, SeatEvaluator, SpecError, TreeSettings, rung, set_shipped_models, soak_rung, whole_line,
};
pub use guard::{Resources, Shortage};
pub use identity::IdentityError;
pub use jsonl::{JsonlError, JsonlFile, Repair};
pub use mode::{Band, EngineMode, ModeError};
pub use outputs::{OutputError, check_outputs};
pub use playout::{PlayedGame, Playout, playout, playout_moves, random_playouts};
pub use prepare::{CutGames, JOBS_MAX, SeedError, check_resources, choose_seed, default_jsonl};
pub use record::GameRecord;
pub use recorder::RecordError;
pub use ringrift_eval::GameRng;
pub use run::{EarlyStop, Observer, Run, RunError, RunOptions, RunReport};
pub use settings::{GameSettings, NamedWeights, NetworkChoice, NetworkChoiceError, Sampling};
pub use summary::{COMPLETION_WARNING, Share, Summary, TimingProfile};
