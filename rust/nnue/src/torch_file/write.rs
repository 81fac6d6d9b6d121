//! Checkpoints written as torch reads them, also with `weights_only=True`.

use std::io::Write as _;

use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter, extra_fields::ExtraFieldId};
use serde_json::{Map, Value as Json};

/// A tensor to write: `data: f32[shape]`, row by row.
#[derive(Copy, Clone, Debug)]
pub(crate) struct TensorData<'a> {
    pub name: &'a str,
    pub shape: &'a [usize],
    pub data: &'a [f32],
}

/// Folder of the archive's entries. torch takes any name.
const FOLDER: &str = "checkpoint";

/// Elements begin at multiples of this in the file, so that torch can map them.
const ALIGNMENT: u64 = 64;

/// Bytes of a local file header without name and extra fields, and of an extra field without content.
const LOCAL_HEADER_LEN: u64 = 30;
const EXTRA_HEADER_LEN: u64 = 4;

/// Id of the extra field that pads, as torch writes it ("FB").
const PADDING_ID: u16 = 0x4246;

/// Deepest nesting of metadata.
const DEPTH_MAX: usize = 32;

/// Places in the reader's memory.
const ORDERED_DICT: u8 = 0;
const REBUILD: u8 = 1;
const FLOAT_STORAGE: u8 = 2;

/// A file whose outermost dictionary has the tensors, in an ordered dictionary under `weights_key`, and the metadata. Equal
/// input, equal bytes.
///
/// # Errors
/// What cannot be written: a number beyond 64 bits, or values that are nested too deep.
pub(crate) fn write_torch_file(
    weights_key: &str,
    tensors: &[TensorData<'_>],
    metadata: &Map<String, Json>,
) -> Result<Vec<u8>, String> {
    let mut archive = Archive::default();
    archive.add("data.pkl", &pickle(weights_key, tensors, metadata)?)?;
    archive.add("byteorder", b"little")?;
    for (i, tensor) in tensors.iter().enumerate() {
        let bytes: Vec<u8> = tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect();
        archive.add(&format!("data/{i}"), &bytes)?;
    }
    archive.add("version", b"3\n")?;
    archive.finish()
}

struct Archive(ZipArchiveWriter<Vec<u8>>);

impl Default for Archive {
    fn default() -> Self {
        Self(ZipArchiveWriter::new(Vec::new()))
    }
}

impl Archive {
    fn add(&mut self, name: &str, content: &[u8]) -> Result<(), String> {
        let name = format!("{FOLDER}/{name}");
        let unpadded = self.0.stream_offset() + LOCAL_HEADER_LEN + name.len() as u64 + EXTRA_HEADER_LEN;
        let padding = vec![b'Z'; (unpadded.next_multiple_of(ALIGNMENT) - unpadded) as usize];
        let zip = |error: rawzip::Error| error.to_string();
        let entry = self.0.new_file(name.as_str()).compression_method(CompressionMethod::STORE);
        let entry = entry.extra_field(ExtraFieldId::new(PADDING_ID), &padding, rawzip::Header::LOCAL).map_err(zip)?;
        let (mut writer, _) = entry.start().map_err(zip)?;
        writer.write_all(content).map_err(|error| error.to_string())?;
        let end = DataDescriptorOutput::new(crc32fast::hash(content), content.len() as u64);
        writer.finish(end).map_err(zip)?;
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>, String> {
        self.0.finish().map_err(|error| error.to_string())
    }
}

fn pickle(weights_key: &str, tensors: &[TensorData<'_>], metadata: &Map<String, Json>) -> Result<Vec<u8>, String> {
    let mut out = Pickle(b"\x80\x02".to_vec());
    // The three names that everything is made of, kept in the reader's memory.
    for (place, name) in [
        (ORDERED_DICT, "collections\nOrderedDict"),
        (REBUILD, "torch._utils\n_rebuild_tensor_v2"),
        (FLOAT_STORAGE, "torch\nFloatStorage"),
    ] {
        out.0.push(b'c');
        out.0.extend(name.as_bytes());
        out.0.extend([b'\n', b'q', place, b'0']);
    }
    out.0.extend(b"}(");
    out.text(weights_key);
    out.ordered_dict();
    out.0.push(b'(');
    for (i, tensor) in tensors.iter().enumerate() {
        out.text(tensor.name);
        out.tensor(i, tensor);
    }
    out.0.push(b'u');
    for (key, value) in metadata {
        out.text(key);
        out.json(value, 0)?;
    }
    out.0.extend(b"u.");
    Ok(out.0)
}

struct Pickle(Vec<u8>);

impl Pickle {
    fn ordered_dict(&mut self) {
        self.0.extend([b'h', ORDERED_DICT, b')', b'R']);
    }

    fn tensor(&mut self, number: usize, tensor: &TensorData<'_>) {
        self.0.extend([b'h', REBUILD, b'(', b'(']);
        self.text("storage");
        self.0.extend([b'h', FLOAT_STORAGE]);
        self.text(&number.to_string());
        self.text("cpu");
        self.int(tensor.data.len() as i64);
        self.0.extend(b"tQK\x00(");
        for &size in tensor.shape {
            self.int(size as i64);
        }
        self.0.extend(b"t(");
        for dimension in 0..tensor.shape.len() {
            self.int(tensor.shape[dimension + 1..].iter().product::<usize>() as i64);
        }
        self.0.extend(b"t\x89");
        self.ordered_dict();
        self.0.extend(b"tR");
    }

    fn json(&mut self, value: &Json, depth: usize) -> Result<(), String> {
        if depth == DEPTH_MAX {
            return Err(format!("metadata is nested more than {DEPTH_MAX} deep"));
        }
        match value {
            Json::Null => self.0.push(b'N'),
            Json::Bool(true) => self.0.push(0x88),
            Json::Bool(false) => self.0.push(0x89),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => self.int(value),
                (None, Some(value)) if !number.is_u64() => {
                    self.0.push(b'G');
                    self.0.extend(value.to_be_bytes());
                }
                _ => return Err(format!("metadata has the number {number}, which is beyond 64 bits")),
            },
            Json::String(text) => self.text(text),
            Json::Array(items) => {
                self.0.extend(b"](");
                for item in items {
                    self.json(item, depth + 1)?;
                }
                self.0.push(b'e');
            }
            Json::Object(pairs) => {
                self.0.extend(b"}(");
                for (key, value) in pairs {
                    self.text(key);
                    self.json(value, depth + 1)?;
                }
                self.0.push(b'u');
            }
        }
        Ok(())
    }

    fn int(&mut self, value: i64) {
        match (u8::try_from(value), i32::try_from(value)) {
            (Ok(value), _) => self.0.extend([b'K', value]),
            (_, Ok(value)) => {
                self.0.push(b'J');
                self.0.extend(value.to_le_bytes());
            }
            _ => {
                self.0.extend([0x8a, 8]);
                self.0.extend(value.to_le_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.0.push(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.as_bytes());
    }
}
