//! End-to-end tests: `rrpipe` as a user starts it.

mod cli;
mod support;
