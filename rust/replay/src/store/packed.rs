//! Compressed JSON in database fields: gzip bytes, or gzip in base64. Source: replay-db.md sections 2 and 5.3.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

/// Most bytes that a field may unpack to; the largest states have about 1 MB.
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Gzip, then base64.
pub(crate) fn pack(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    base64(&bytes.expect("writing to memory cannot fail"))
}

/// The text of a packed field, from gzip bytes or base64 of them.
pub(crate) fn unpack(field: &[u8]) -> Result<String, &'static str> {
    let unpacked;
    let gzip = if field.starts_with(&[0x1f, 0x8b]) {
        field
    } else {
        unpacked = from_base64(field).ok_or("neither gzip nor base64")?;
        &unpacked
    };
    let mut text = String::new();
    let read = MultiGzDecoder::new(gzip).take(UNPACKED_BYTES_MAX).read_to_string(&mut text);
    match read {
        Ok(length) if (length as u64) < UNPACKED_BYTES_MAX => Ok(text),
        Ok(_) => Err("too large"),
        Err(_) => Err("damaged gzip"),
    }
}

/// Bytes as base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, i| bits << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { digit as char } else { '=' });
        }
    }
    out
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let digits = text.iter().rposition(|&c| c != b'=').map_or(0, |last| last + 1);
    if !text.len().is_multiple_of(4) || text.len() - digits > 2 {
        return None;
    }
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::with_capacity(text.len() / 4 * 3));
    for c in &text[..digits] {
        let value = ALPHABET.iter().position(|digit| digit == c)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let pairs = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
            assert_eq!(from_base64(coded.as_bytes()).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(from_base64(b"Zg="), None);
        assert_eq!(from_base64(b"Z==="), None);
        assert_eq!(from_base64(b"Z?=="), None);
    }

    #[test]
    fn packed_text_is_unpacked_from_both_forms() {
        let packed = pack("{\"a\": \"é\"}");
        assert_eq!(unpack(packed.as_bytes()).as_deref(), Ok("{\"a\": \"é\"}"));
        assert_eq!(unpack(&from_base64(packed.as_bytes()).unwrap()).as_deref(), Ok("{\"a\": \"é\"}"));
        assert!(unpack(b"{}").is_err());
        assert!(unpack(&packed.as_bytes()[..packed.len() - 8]).is_err());
    }
}
