//! Puts arrays together into a ZIP file.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rawzip::{
    CompressionMethod, DataDescriptorOutput, ZipArchiveWriter, extra_fields::ExtraFieldId, time::UtcDateTime,
};
use ringrift_replay::files::AtomicFile;
use sha2::{Digest as _, Sha256};

use super::column::{Entry, check_stop, hex};
use super::deflate::Method;

/// What a file became.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

/// Elements of stored arrays begin at multiples of this in the file.
const ALIGNMENT: u64 = 64;

/// Bytes of a local file header without name and extra fields, and of an extra field without content.
const LOCAL_HEADER_LEN: u64 = 30;
const EXTRA_HEADER_LEN: u64 = 4;

/// Id of the extra field that has nothing but padding in it, as Android's `zipalign` writes it.
const PADDING_ID: u16 = 0xD935;

/// Writes the arrays as an NPZ file: whole under its name, or not at all, as when `stop` says so before it is.
pub(crate) fn write_npz(path: &Path, entries: &mut [Entry], stop: &AtomicBool) -> io::Result<Written> {
    let mut out = Hashing { file: AtomicFile::create(path)?, hasher: Sha256::new(), bytes: 0, stop };
    {
        let mut archive = ZipArchiveWriter::new(&mut out);
        for entry in entries {
            write_entry(&mut archive, entry)?;
        }
        archive.finish().map_err(zip_error)?;
    }
    out.file.flush()?;
    out.file.commit()?;
    Ok(Written { bytes: out.bytes, sha256: hex(out.hasher) })
}

fn write_entry<W: Write>(archive: &mut ZipArchiveWriter<W>, entry: &mut Entry) -> io::Result<()> {
    let name = format!("{}.npy", entry.name);
    let start = archive.stream_offset();
    // The same on every run: the first moment that ZIP files know.
    let epoch = UtcDateTime::from_components(1980, 1, 1, 0, 0, 0, 0).expect("a day of the calendar");
    let mut builder = archive.new_file(name.as_str()).last_modified(epoch).compression_method(match entry.method {
        Method::Stored => CompressionMethod::STORE,
        Method::Deflated => CompressionMethod::DEFLATE,
    });
    if entry.method == Method::Stored {
        let unpadded = start + LOCAL_HEADER_LEN + name.len() as u64 + EXTRA_HEADER_LEN;
        let padding = vec![0; (unpadded.next_multiple_of(ALIGNMENT) - unpadded) as usize];
        let id = ExtraFieldId::new(PADDING_ID);
        builder = builder.extra_field(id, &padding, rawzip::Header::LOCAL).map_err(zip_error)?;
    }
    let (mut writer, _) = builder.start().map_err(zip_error)?;
    entry.copy_to(&mut writer)?;
    writer.finish(DataDescriptorOutput::new(entry.crc(), entry.raw_len())).map_err(zip_error)?;
    Ok(())
}

/// The device's error, if there is one below.
fn zip_error(error: rawzip::Error) -> io::Error {
    match error.into_kind() {
        rawzip::ErrorKind::IO(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

struct Hashing<'a> {
    file: AtomicFile,
    hasher: Sha256,
    bytes: u64,
    stop: &'a AtomicBool,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check_stop(self.stop)?;
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
