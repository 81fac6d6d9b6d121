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

/// What everything is made of, by its place in the reader's memory. torch's reader with `weights_only` knows few
/// instructions, so a name is remembered where it is first used.
const GLOBALS: [&str; 3] =
    ["collections\nOrderedDict\n", "torch._utils\n_rebuild_tensor_v2\n", "torch\nFloatStorage\n"];
const ORDERED_DICT: usize = 0;
const REBUILD: usize = 1;
const FLOAT_STORAGE: usize = 2;

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
    let mut out = Pickle { bytes: b"\x80\x02}(".to_vec(), known: [false; GLOBALS.len()] };
    out.text(weights_key);
    out.ordered_dict();
    out.bytes.push(b'(');
    for (i, tensor) in tensors.iter().enumerate() {
        out.text(tensor.name);
        out.tensor(i, tensor);
    }
    out.bytes.push(b'u');
    for (key, value) in metadata {
        out.text(key);
        out.json(value, 0)?;
    }
    out.bytes.extend(b"u.");
    Ok(out.bytes)
}

struct Pickle {
    bytes: Vec<u8>,
    /// Which of [`GLOBALS`] are in the reader's memory.
    known: [bool; GLOBALS.len()],
}

impl Pickle {
    fn global(&mut self, place: usize) {
        if self.known[place] {
            self.bytes.extend([b'h', place as u8]);
        } else {
            self.known[place] = true;
            self.bytes.push(b'c');
            self.bytes.extend(GLOBALS[place].as_bytes());
            self.bytes.extend([b'q', place as u8]);
        }
    }

    fn ordered_dict(&mut self) {
        self.global(ORDERED_DICT);
        self.bytes.extend(b")R");
    }

    fn tensor(&mut self, number: usize, tensor: &TensorData<'_>) {
        self.global(REBUILD);
        self.bytes.extend(b"((");
        self.text("storage");
        self.global(FLOAT_STORAGE);
        self.text(&number.to_string());
        self.text("cpu");
        self.int(tensor.data.len() as i64);
        self.bytes.extend(b"tQK\x00(");
        for &size in tensor.shape {
            self.int(size as i64);
        }
        self.bytes.extend(b"t(");
        for dimension in 0..tensor.shape.len() {
            self.int(tensor.shape[dimension + 1..].iter().product::<usize>() as i64);
        }
        self.bytes.extend(b"t\x89");
        self.ordered_dict();
        self.bytes.extend(b"tR");
    }

    fn json(&mut self, value: &Json, depth: usize) -> Result<(), String> {
        if depth == DEPTH_MAX {
            return Err(format!("metadata is nested more than {DEPTH_MAX} deep"));
        }
        match value {
            Json::Null => self.bytes.push(b'N'),
            Json::Bool(true) => self.bytes.push(0x88),
            Json::Bool(false) => self.bytes.push(0x89),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => self.int(value),
                (None, Some(value)) if !number.is_u64() => {
                    self.bytes.push(b'G');
                    self.bytes.extend(value.to_be_bytes());
                }
                _ => return Err(format!("metadata has the number {number}, which is beyond 64 bits")),
            },
            Json::String(text) => self.text(text),
            Json::Array(items) => {
                self.bytes.extend(b"](");
                for item in items {
                    self.json(item, depth + 1)?;
                }
                self.bytes.push(b'e');
            }
            Json::Object(pairs) => {
                self.bytes.extend(b"}(");
                for (key, value) in pairs {
                    self.text(key);
                    self.json(value, depth + 1)?;
                }
                self.bytes.push(b'u');
            }
        }
        Ok(())
    }

    fn int(&mut self, value: i64) {
        match (u8::try_from(value), i32::try_from(value)) {
            (Ok(value), _) => self.bytes.extend([b'K', value]),
            (_, Ok(value)) => {
                self.bytes.push(b'J');
                self.bytes.extend(value.to_le_bytes());
            }
            _ => {
                self.bytes.extend([0x8a, 8]);
                self.bytes.extend(value.to_le_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes.push(b'X');
        self.bytes.extend((text.len() as u32).to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }
}
