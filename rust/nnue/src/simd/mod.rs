//! Loops over many numbers, compiled for several sets of instructions that are chosen at run time.

pub mod sparse;
