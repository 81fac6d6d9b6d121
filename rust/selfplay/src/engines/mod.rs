//! Engines by name: what plays a seat, how to build it, and the difficulty ladder.

mod build;
mod ladder;
mod spec;

pub use ladder::{LADDER_MAX, LadderError, Rung, rung, soak_rung};
pub use spec::{EngineKind, EngineSpec, SpecError};
