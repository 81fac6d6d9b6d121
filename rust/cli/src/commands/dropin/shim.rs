//! The text that stands in place of upstream's script, and how it is told from other texts.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The shim; the two hashes are put in.
const TEMPLATE: &str = include_str!("shim.py");

const VERSION_LINE: &str = "# rrpipe-dropin version: ";
const ORIGINAL_LINE: &str = "# rrpipe-dropin original: ";
const SELF_LINE: &str = "# rrpipe-dropin self: ";

/// A text that says to be a shim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shim {
    /// Number of its form; texts of one number differ in the hashes only.
    pub version: String,
    /// SHA-256 of the original that it stands for.
    pub original: String,
    /// Whether it is as it was written.
    pub is_whole: bool,
}

impl Shim {
    /// Reads a script; `None` if it is no shim.
    pub fn parse(script: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(script).ok()?;
        let value = |lead| text.lines().find_map(|line| line.strip_prefix(lead)).map(str::to_owned);
        let version = value(VERSION_LINE)?;
        let is_whole = value(SELF_LINE).is_some_and(|hash| hash == own_hash(text));
        Some(Self { version, original: value(ORIGINAL_LINE).unwrap_or_default(), is_whole })
    }
}

/// The shim for an original with this hash.
pub(super) fn text(original: &str) -> String {
    let text = TEMPLATE.replacen("original: ORIGINAL", &format!("original: {original}"), 1);
    let own = own_hash(&text);
    text.replacen("self: SELF", &format!("self: {own}"), 1)
}

/// SHA-256 of a shim without the line that holds it.
fn own_hash(text: &str) -> String {
    let rest: String = text.split_inclusive('\n').filter(|line| !line.starts_with(SELF_LINE)).collect();
    hash(rest.as_bytes())
}

/// SHA-256 in hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shim_knows_itself_and_its_original() {
        let (original, text) = (hash(b"abc"), text(&hash(b"abc")));
        assert_eq!(original, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let shim = Shim::parse(text.as_bytes()).unwrap();
        assert_eq!(shim, Shim { version: "1".into(), original, is_whole: true });
        assert!(text.lines().count() <= 40, "{}", text.lines().count());
        assert!(!text.contains("ORIGINAL\n") && !text.contains("SELF\n"));
    }

    #[test]
    fn any_change_is_noticed() {
        let text = text(&hash(b"abc"));
        for changed in [text.replace("sys.exit(main())", "sys.exit(0)"), text.replace("ba7816", "ba7817"), text + "\n"]
        {
            assert!(!Shim::parse(changed.as_bytes()).unwrap().is_whole);
        }
    }

    #[test]
    fn other_scripts_are_no_shims() {
        assert_eq!(Shim::parse(b"def main():\n    pass\n"), None);
        assert_eq!(Shim::parse(b"\xff\xfe"), None);
    }
}
