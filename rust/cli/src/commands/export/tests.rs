//! Exports in process.
