//! Where the tests find their data, and the positions of recorded games.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of the parity data, which is not part of the repository: `RINGRIFT_PARITY_DIR` names the place, else it is
/// looked for beside the repository. Says so and returns none where it is absent.
pub fn parity(name: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("RINGRIFT_PARITY_DIR").map_or_else(|| repository().join("../shared/parity"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("skipped: {} is absent (RINGRIFT_PARITY_DIR names the folder of the parity data)", folder.display()));
    None
}

/// Writes a line past the capture of test output, so that it is seen when the test passes.
pub fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error");
}
