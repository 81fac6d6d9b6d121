//! For tests: an SQLite file layer that notes every write, and what a power loss would leave of them.
//!
//! [`record`] makes this layer the default of the process; SQLite then works as before, and what it does to the files
//! of one folder is noted. A [`Disk`] plays the notes back up to any moment, and tells what the files would be if the
//! power failed then: of what was not yet synced, each sector is there or not, as chance has it.

mod disk;
mod shim;

pub use disk::{Chance, Disk};
pub use shim::{mark, record, stop};

use std::path::PathBuf;

/// What SQLite did to a file, after the system said that it was done.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A file was made.
    Create {
        /// The file.
        path: PathBuf,
    },
    /// Bytes were written.
    Write {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: usize,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file was cut or extended.
    Truncate {
        /// The file.
        path: PathBuf,
        /// Its new length.
        length: usize,
    },
    /// What was done to a file before is durable.
    Sync {
        /// The file.
        path: PathBuf,
    },
    /// A file was removed.
    Delete {
        /// The file.
        path: PathBuf,
        /// Whether the folder was synced, too.
        durable: bool,
    },
    /// A note of the test: what it was promised before this moment must be kept.
    Mark(u64),
}
