//! Columns while they grow: compressed into a file without a name, in pieces.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::DeflateDecoder;
use sha2::{Digest as _, Sha256};

use super::deflate::{LAST_BLOCK, Method, Piece, Squeezer};
use super::npy::{DType, HEAD_LEN, head, python_shape};

/// Bytes of a column that are compressed at once. Where pieces end depends on the content alone.
const PIECE_LEN: usize = 256 << 10;

/// An array that is being written: rows are put to its end. Its shape is said at the end.
#[derive(Debug)]
pub(crate) struct Column {
    name: String,
    dtype: DType,
    method: Method,
    squeezer: Squeezer,
    pending: Vec<u8>,
    body: Body,
}

/// What is in the file without a name.
#[derive(Debug)]
struct Body {
    file: BufWriter<File>,
    stored_len: u64,
    raw_len: u64,
    crc: crc32fast::Hasher,
}

/// A finished array.
#[derive(Debug)]
pub(crate) struct Entry {
    pub name: String,
    pub dtype: DType,
    pub shape: Vec<u64>,
    pub method: Method,
    /// The head, ready for the file.
    pub head: Piece,
    file: File,
    stored_len: u64,
    body_len: u64,
    body_crc: crc32fast::Hasher,
    /// Checksum that was computed on the way.
    checksum: Option<String>,
}

impl Column {
    /// An empty array; its bytes go to a file without a name in the system's folder that `spool` opens.
    pub fn new(name: &str, dtype: DType, method: Method, spool: File) -> Self {
        let body = Body {
            file: BufWriter::with_capacity(1 << 16, spool),
            stored_len: 0,
            raw_len: 0,
            crc: crc32fast::Hasher::new(),
        };
        let squeezer = Squeezer::new(method);
        Self { name: name.to_owned(), dtype, method, squeezer, pending: Vec::new(), body }
    }

    /// Adds bytes of elements.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= PIECE_LEN {
            let whole = self.pending.len() / PIECE_LEN * PIECE_LEN;
            for raw in self.pending[..whole].chunks(PIECE_LEN) {
                self.body.append(&self.squeezer.piece(raw))?;
            }
            self.pending.drain(..whole);
        }
        Ok(())
    }

    /// Adds elements that were compressed elsewhere, with the column's method.
    pub fn append(&mut self, piece: &Piece) -> io::Result<()> {
        self.flush()?;
        self.body.append(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            let piece = self.squeezer.piece(&self.pending);
            self.pending.clear();
            self.body.append(&piece)?;
        }
        Ok(())
    }

    /// Ends the array.
    ///
    /// # Panics
    /// The elements do not make up the shape.
    pub fn finish(mut self, shape: Vec<u64>) -> io::Result<Entry> {
        self.flush()?;
        let elements: u64 = shape.iter().product();
        let expected = elements * self.dtype.size() as u64;
        assert!(
            self.dtype == DType::Object || self.body.raw_len == expected,
            "column {} has {} bytes, its shape {expected}",
            self.name,
            self.body.raw_len
        );
        let head = self.squeezer.piece(&head(self.dtype, &shape));
        Ok(Entry {
            name: self.name,
            dtype: self.dtype,
            shape,
            method: self.method,
            head,
            stored_len: self.body.stored_len,
            body_len: self.body.raw_len,
            body_crc: self.body.crc,
            file: self.body.file.into_inner().map_err(io::IntoInnerError::into_error)?,
            checksum: None,
        })
    }
}

impl Body {
    fn append(&mut self, piece: &Piece) -> io::Result<()> {
        self.file.write_all(&piece.bytes)?;
        self.stored_len += piece.bytes.len() as u64;
        self.raw_len += piece.raw_len;
        self.crc.combine(&piece.crc);
        Ok(())
    }
}

impl Entry {
    /// Notes the checksum of [`checksum_of`], for arrays whose elements are no plain bytes.
    pub fn with_checksum(mut self, checksum: Option<String>) -> Self {
        self.checksum = checksum;
        self
    }

    /// Length of head and elements.
    pub fn raw_len(&self) -> u64 {
        HEAD_LEN as u64 + self.body_len
    }

    /// Checksum of head and elements.
    pub fn crc(&self) -> u32 {
        let mut crc = self.head.crc.clone();
        crc.combine(&self.body_crc);
        crc.finalize()
    }

    /// Copies what belongs into the file.
    pub fn copy_to(&mut self, out: &mut impl io::Write) -> io::Result<()> {
        out.write_all(&self.head.bytes)?;
        self.file.seek(SeekFrom::Start(0))?;
        let copied = io::copy(&mut (&self.file).take(self.stored_len), out)?;
        if copied != self.stored_len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.method == Method::Deflated {
            out.write_all(&LAST_BLOCK)?;
        }
        Ok(())
    }

    /// Upstream's checksum of the array, in hexadecimal digits: reads the elements again unless it is known. Gives up when
    /// `stop` says so.
    pub fn checksum(&mut self, stop: &AtomicBool) -> io::Result<String> {
        if let Some(known) = &self.checksum {
            return Ok(known.clone());
        }
        let mut hasher = checksum_of(self.dtype, &self.shape);
        self.file.seek(SeekFrom::Start(0))?;
        let body = (&self.file).take(self.stored_len);
        let mut buffer = vec![0; 1 << 16];
        let mut hash = |reader: &mut dyn Read| -> io::Result<()> {
            loop {
                check_stop(stop)?;
                match reader.read(&mut buffer)? {
                    0 => return Ok(()),
                    read => hasher.update(&buffer[..read]),
                }
            }
        };
        match self.method {
            Method::Stored => hash(&mut io::BufReader::new(body))?,
            Method::Deflated => hash(&mut DeflateDecoder::new(body.chain(&LAST_BLOCK[..])))?,
        }
        Ok(hex(hasher))
    }
}

/// An error if somebody asked to stop; who asked knows what it means.
pub(crate) fn check_stop(stop: &AtomicBool) -> io::Result<()> {
    if stop.load(Ordering::Relaxed) { Err(io::Error::other("asked to stop")) } else { Ok(()) }
}

/// The beginning of upstream's checksum of an array; its elements follow. Source: npz.md section 3, `data_checksums`.
pub(crate) fn checksum_of(dtype: DType, shape: &[u64]) -> Sha256 {
    let mut hasher = Sha256::new();
    hasher.update(python_shape(shape));
    hasher.update(dtype.python());
    hasher
}

/// A digest in hexadecimal digits.
pub(crate) fn hex(hasher: Sha256) -> String {
    use std::fmt::Write as _;

    hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn column(method: Method) -> Column {
        Column::new("a", DType::I32, method, tempfile::tempfile().unwrap())
    }

    #[test]
    fn bytes_do_not_depend_on_how_they_came() {
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let written = |parts: &[usize]| {
            let mut column = column(Method::Deflated);
            let mut rest = &bytes[..];
            for &part in parts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at(part.min(rest.len()));
                column.push(now).unwrap();
                rest = later;
            }
            let mut out = Vec::new();
            let mut entry = column.finish(vec![200_000]).unwrap();
            entry.copy_to(&mut out).unwrap();
            (out, entry.crc(), entry.checksum(&AtomicBool::new(false)).unwrap())
        };
        assert_eq!(written(&[4]), written(&[1 << 20]));
        assert_eq!(written(&[12_000, 4, 300_000]), written(&[800_000]));
    }

    #[test]
    fn checksum_is_that_of_shape_type_and_elements() {
        for method in [Method::Stored, Method::Deflated] {
            let mut column = column(method);
            column.push(&7_i32.to_le_bytes()).unwrap();
            let mut expected = Sha256::new();
            expected.update(b"(1,)int32\x07\0\0\0");
            assert_eq!(column.finish(vec![1]).unwrap().checksum(&AtomicBool::new(false)).unwrap(), hex(expected));
        }
    }
}
