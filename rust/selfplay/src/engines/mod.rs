//! Engines by name: what plays a seat, how to build it, and the difficulty ladder.

mod analyst;
mod build;
mod evaluator;
mod ladder;
mod network;
mod one_ply;
mod spec;
mod tree;

pub use analyst::{AnalysisError, Analyst, whole_line};
pub use evaluator::SeatEvaluator;
pub use ladder::{LADDER_MAX, LadderError, Rung, rung, soak_rung};
pub use network::{MODELS_VARIABLE, Models, NamedNetwork, NetworkFileError, set_shipped_models};
pub use spec::{EngineKind, EngineSpec, SpecError};
pub use tree::TreeSettings;
