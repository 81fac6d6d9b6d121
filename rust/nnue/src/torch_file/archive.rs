//! The ZIP archive around a checkpoint: stored entries under one folder, checked before they are used.

use std::collections::HashMap;

use rawzip::{CompressionMethod, ZipArchive};

use super::FILE_BYTES_MAX;
use super::error::{TorchFileError, shown};

/// Most entries of an archive; a checkpoint has one for each tensor and five more.
const ENTRIES_MAX: usize = 65_536;

/// The entries of an archive.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    /// Content and CRC by the name inside the folder.
    entries: HashMap<String, (&'a [u8], u32)>,
}

impl<'a> Archive<'a> {
    /// Finds the entries. Contents are compared with their CRC by [`Archive::get`].
    pub fn open(bytes: &'a [u8]) -> Result<Self, TorchFileError> {
        check_head(bytes)?;
        let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
        let mut found = archive.entries();
        let mut places = Vec::new();
        let mut folder: Option<String> = None;
        let mut entries = HashMap::new();
        while let Some(record) = found.next_entry().map_err(damaged)? {
            if places.len() == ENTRIES_MAX {
                return Err(TorchFileError::archive(format!("more than {ENTRIES_MAX} entries")));
            }
            let path = record.file_path();
            let name = std::str::from_utf8(path.as_ref())
                .map_err(|_| TorchFileError::archive("the name of an entry is no UTF-8"))?;
            let entry_fault = |how| TorchFileError::Entry { name: shown(name), how };
            if record.flags().is_encrypted() {
                return Err(entry_fault("encrypted"));
            }
            if record.compression_method() != CompressionMethod::STORE {
                return Err(entry_fault("compressed"));
            }
            if record.compressed_size_hint() != record.uncompressed_size_hint() {
                return Err(entry_fault("stored, but with two different sizes"));
            }
            let entry = archive.get_entry(record.wayfinder()).map_err(damaged)?;
            let start = entry.compressed_data_range().0 as usize;
            // The slice of the entry itself does not live as long as the file.
            let content = bytes
                .get(start..start + entry.data().len())
                .ok_or_else(|| TorchFileError::archive("an entry lies outside of the file"))?;
            places.push((start, start + content.len()));
            let Some((top, inner)) = name.split_once('/') else {
                return Err(entry_fault("not in a folder"));
            };
            if folder.get_or_insert_with(|| top.to_owned()) != top {
                return Err(entry_fault("in another folder than those before"));
            }
            if entries.insert(inner.to_owned(), (content, record.crc32())).is_some() {
                return Err(entry_fault("there twice"));
            }
        }
        if archive.entries_hint() != places.len() as u64 {
            return Err(TorchFileError::archive("the directory does not have as many entries as it says"));
        }
        places.sort_unstable();
        if places.windows(2).any(|pair| pair[0].1 > pair[1].0) {
            return Err(TorchFileError::archive("entries share bytes"));
        }
        let archive = Self { entries };
        archive.check_byte_order()?;
        Ok(archive)
    }

    /// The content of an entry, which has the CRC that the directory says.
    pub fn get(&self, name: &str) -> Result<&'a [u8], TorchFileError> {
        let missing = || TorchFileError::MissingEntry { name: shown(name) };
        let &(content, crc) = self.entries.get(name).ok_or_else(missing)?;
        if crc32fast::hash(content) != crc {
            return Err(TorchFileError::archive(format!(
                "entry {:?} has another CRC than the directory says",
                shown(name)
            )));
        }
        Ok(content)
    }

    /// Files without the entry are older than it, and from machines with this order.
    fn check_byte_order(&self) -> Result<(), TorchFileError> {
        if self.entries.contains_key("byteorder") && self.get("byteorder")? != b"little" {
            return Err(TorchFileError::archive("the numbers are not little-endian"));
        }
        Ok(())
    }
}

fn check_head(bytes: &[u8]) -> Result<(), TorchFileError> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(TorchFileError::file_size(bytes.len() as u64));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(());
    }
    let (what, hint) = match bytes {
        [] => ("it is empty", "the file is incomplete; fetch it again"),
        [0x80, 2..=5, ..] => (
            "it is a bare pickle, as torch wrote before 1.6",
            "load it with the torch that wrote it and save it with a newer one",
        ),
        _ => ("it is no ZIP archive", "checkpoints are written by torch.save"),
    };
    Err(TorchFileError::NotZip { what, hint })
}

#[allow(clippy::needless_pass_by_value, reason = "maps an error")]
fn damaged(error: rawzip::Error) -> TorchFileError {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    TorchFileError::archive(first.into_iter().chain(chars).collect::<String>())
}
