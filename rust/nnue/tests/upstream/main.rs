//! Upstream's networks: recorded evaluations, files, and files that were made to harm.
#![allow(clippy::unwrap_used, reason = "tests")]

mod files;
mod golden;
mod hostile;
mod support;
