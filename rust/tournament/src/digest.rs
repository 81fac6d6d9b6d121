//! Digests of texts.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Hex digits of a digest.
const DIGITS: usize = 32;

/// First 32 hex digits of the SHA-256 of some texts, each with its length.
pub(crate) fn hex_digest(texts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hex(&hasher.finalize())
}

/// The first digits of a digest.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(DIGITS);
    for byte in &bytes[..DIGITS / 2] {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_do_not_run_into_each_other() {
        assert_ne!(hex_digest(&["ab", "c"]), hex_digest(&["a", "bc"]));
        assert_eq!(hex_digest(&["ab"]).len(), DIGITS);
    }
}
