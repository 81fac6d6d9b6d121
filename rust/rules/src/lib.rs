//! The rules of RingRift: boards, positions, legal moves, outcomes.
#![forbid(unsafe_code)]
