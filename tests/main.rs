//! End-to-end tests: `rrpipe` as a user starts it, and the engine against the naive second one.

mod cli;
mod engines;
mod naive;
mod support;
