//! End-to-end tests: `rrpipe` as a user starts it.
#![allow(clippy::unwrap_used)]

mod cli;
mod support;
