//! The tactical suite: positions with a proven answer, the solver that proves them, and the engines that are asked.
//!
//! Shared by `tests/tactics.rs` and the example `tactics`, which finds positions and prints solve rates.
#![allow(dead_code, clippy::unwrap_used, reason = "every user takes a part of it")]

pub mod engines;
pub mod entry;
pub mod solver;
