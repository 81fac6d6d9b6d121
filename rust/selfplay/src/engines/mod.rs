//! Engines by name: what plays a seat, how to build it, and the difficulty ladder.

mod analyst;
mod build;
mod ladder;
mod one_ply;
mod spec;
mod tree;

pub use analyst::{AnalysisError, Analyst, whole_line};
pub use ladder::{LADDER_MAX, LadderError, Rung, rung, soak_rung};
pub use spec::{EngineKind, EngineSpec, SpecError};
pub use tree::TreeSettings;
