//! End-to-end tests: `rrpipe` as a user starts it, and the engine against the naive second one.
#![allow(clippy::unwrap_used)]

mod cli;
mod engines;
mod killed_runs;
mod killed_tournaments;
mod merging;
mod naive;
mod support;
