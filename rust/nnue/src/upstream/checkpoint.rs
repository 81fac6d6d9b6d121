//! Checkpoints of upstream's networks: tensors with their metadata, out of and into `.pt` and `.safetensors` files.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ringrift_rules::PlayerCount;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use super::architecture::{Shapes, UpstreamArchitecture, UpstreamKind, not_nnue};
use super::error::UpstreamError;
use crate::torch_file::{FILE_BYTES_MAX, TensorData, TorchFile, TorchFileError, shown, write_torch_file};

/// Key of the weights in upstream's files.
const WEIGHTS: &str = "model_state_dict";

/// Key of all metadata, as one JSON text, in safetensors files.
const SAFETENSORS_METADATA: &str = "checkpoint";

/// One tensor of a network: `data: f32[shape]`, row by row.
#[derive(Clone, PartialEq, Debug)]
pub struct NamedTensor {
    /// Its name in the state of the model.
    pub name: String,
    /// Sizes of its dimensions.
    pub shape: Vec<usize>,
    /// Its elements.
    pub data: Vec<f32>,
}

/// A checkpoint of one of upstream's networks. Its tensors are exactly those of its architecture, and finite.
///
/// Metadata are the other keys of upstream's files, such as `board_type`, `epoch`, `val_loss`, `architecture_version` and
/// `num_players`. Source: nnue.md section 3.
#[derive(Clone, Debug)]
pub struct UpstreamCheckpoint {
    architecture: UpstreamArchitecture,
    tensors: Vec<NamedTensor>,
    metadata: Map<String, Json>,
    sha256: Option<String>,
}

impl UpstreamCheckpoint {
    /// Reads a `.pt` or `.safetensors` file, whatever its name is.
    ///
    /// # Errors
    /// As [`UpstreamCheckpoint::from_bytes`], and what the system says.
    pub fn load(path: &Path) -> Result<Self, UpstreamError> {
        let io = |source| UpstreamError::Io { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        File::open(path).map_err(io)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
        Self::from_bytes(&bytes)
    }

    /// Reads a `.pt` or `.safetensors` file out of memory.
    ///
    /// # Errors
    /// The file is damaged, unsafe, or holds no network that could be evaluated as upstream does.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UpstreamError> {
        let mut checkpoint = if is_safetensors(bytes) { from_safetensors(bytes)? } else { from_torch_file(bytes)? };
        checkpoint.sha256 = Some(hex(&Sha256::digest(bytes)));
        Ok(checkpoint)
    }

    /// Whether a file begins as those that [`UpstreamCheckpoint::from_bytes`] reads do, whatever is wrong with the rest.
    pub fn is_format_of(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK") || is_safetensors(bytes) || matches!(bytes, [0x80, 2..=5, ..])
    }

    /// Puts a checkpoint together. Metadata that follow from the tensors are added, `num_players` too if it is given.
    ///
    /// # Errors
    /// The tensors are not those of one of upstream's networks, or the metadata say otherwise.
    pub fn from_parts(
        tensors: Vec<NamedTensor>,
        players: Option<PlayerCount>,
        mut metadata: Map<String, Json>,
    ) -> Result<Self, UpstreamError> {
        if let Some(players) = players {
            metadata.insert("num_players".to_owned(), players.get().into());
        }
        let shapes = tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())).collect();
        let architecture = UpstreamArchitecture::of(&shapes, &metadata)?;
        let mut checkpoint = Self { architecture, tensors, metadata, sha256: None };
        checkpoint.check_elements()?;
        checkpoint.sort();
        checkpoint.describe();
        Ok(checkpoint)
    }

    /// What the network is.
    pub fn architecture(&self) -> UpstreamArchitecture {
        self.architecture
    }

    /// The number of players that the network was made for; none if the file does not say and any will do.
    pub fn players(&self) -> Option<PlayerCount> {
        match self.architecture.kind {
            UpstreamKind::MultiPlayer(players) => Some(players),
            _ => PlayerCount::try_from(self.metadata.get("num_players")?.as_u64()?).ok(),
        }
    }

    /// Its tensors, in the order of upstream's files.
    pub fn tensors(&self) -> &[NamedTensor] {
        &self.tensors
    }

    /// Everything else that the file says.
    pub fn metadata(&self) -> &Map<String, Json> {
        &self.metadata
    }

    /// SHA-256 of the file that the checkpoint was read from, in hexadecimal digits.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The checkpoint as a `.pt` file that upstream's loader and `torch.load(..., weights_only=True)` read. Equal
    /// checkpoints give equal bytes.
    ///
    /// # Errors
    /// Metadata that cannot be written.
    pub fn to_torch_file(&self) -> Result<Vec<u8>, UpstreamError> {
        let tensors: Vec<TensorData<'_>> = self.tensors.iter().map(NamedTensor::as_data).collect();
        write_torch_file(WEIGHTS, &tensors, &self.metadata).map_err(|what| UpstreamError::Metadata { what })
    }

    /// The checkpoint as a `.safetensors` file; all metadata are one JSON text under `checkpoint`. Equal checkpoints give
    /// equal bytes.
    ///
    /// # Errors
    /// Metadata that cannot be written.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, UpstreamError> {
        let bytes: Vec<Vec<u8>> = self
            .tensors
            .iter()
            .map(|tensor| tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect())
            .collect();
        let failed = |error: safetensors::SafeTensorError| UpstreamError::Metadata { what: error.to_string() };
        let mut views = Vec::with_capacity(bytes.len());
        for (tensor, bytes) in self.tensors.iter().zip(&bytes) {
            views.push((&tensor.name, TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map_err(failed)?));
        }
        // One key only: the order of several would change from run to run.
        let text = Json::Object(self.metadata.clone()).to_string();
        let metadata = HashMap::from([(SAFETENSORS_METADATA.to_owned(), text)]);
        safetensors::serialize(views, Some(metadata)).map_err(failed)
    }

    fn check_elements(&self) -> Result<(), UpstreamError> {
        for tensor in &self.tensors {
            let name = || shown(&tensor.name);
            let expected = tensor.shape.iter().product();
            if tensor.data.len() != expected {
                return Err(UpstreamError::Elements { name: name(), expected, got: tensor.data.len() });
            }
            let count = tensor.data.iter().filter(|value| !value.is_finite()).count();
            if count > 0 {
                return Err(UpstreamError::NotFinite { name: name(), count });
            }
        }
        Ok(())
    }

    fn sort(&mut self) {
        let order = self.architecture.tensors();
        let place = |tensor: &NamedTensor| order.iter().position(|(name, _)| *name == tensor.name);
        self.tensors.sort_by_key(place);
    }

    /// Adds what upstream's files say and the tensors show.
    fn describe(&mut self) {
        let found = self.architecture;
        let mut add = |key: &str, value: Json| {
            self.metadata.entry(key).or_insert(value);
        };
        add("board_type", found.board.name().into());
        add("hidden_dim", found.width.into());
        add("num_hidden_layers", found.layers.into());
        add("architecture_version", found.version().into());
        add("feature_version", found.features.number().into());
        add("input_dim", found.inputs().into());
        if let UpstreamKind::MultiPlayer(players) = found.kind {
            add("num_players", players.get().into());
        }
    }
}

impl NamedTensor {
    fn as_data(&self) -> TensorData<'_> {
        TensorData { name: &self.name, shape: &self.shape, data: &self.data }
    }
}

/// Whether a file begins as safetensors files do: eight bytes of length, then JSON.
fn is_safetensors(bytes: &[u8]) -> bool {
    !bytes.starts_with(b"PK") && bytes.get(8) == Some(&b'{')
}

fn from_torch_file(bytes: &[u8]) -> Result<UpstreamCheckpoint, UpstreamError> {
    let file = TorchFile::from_bytes(bytes).map_err(|error| match error {
        // What the file is says more than what it would run.
        TorchFileError::Foreign { ref tensors, .. }
            if tensors.iter().any(|name| name.starts_with("graph_encoder.")) =>
        {
            not_nnue(tensors.iter().map(String::as_str))
        }
        other => other.into(),
    })?;
    let metadata = file.metadata()?;
    // Upstream's loader takes a bare state of a model too.
    let infos = match file.tensors(Some(WEIGHTS))? {
        Some(infos) => infos,
        None if metadata.is_empty() => file.tensors(None)?.unwrap_or_default(),
        None => return Err(UpstreamError::NoWeights),
    };
    let shapes: Shapes = infos.iter().map(|info| (info.name().to_owned(), info.shape())).collect();
    let architecture = UpstreamArchitecture::of(&shapes, &metadata)?;
    let mut tensors = Vec::with_capacity(infos.len());
    for (info, (name, shape)) in infos.iter().zip(shapes) {
        tensors.push(NamedTensor { name, shape, data: file.elements(info)? });
    }
    finished(architecture, tensors, metadata)
}

fn from_safetensors(bytes: &[u8]) -> Result<UpstreamCheckpoint, UpstreamError> {
    let fault = |what: String| UpstreamError::Safetensors { what };
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(TorchFileError::TooLarge {
            what: "the file".to_owned(),
            bytes: bytes.len() as u64,
            max: FILE_BYTES_MAX,
        }
        .into());
    }
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| fault(error.to_string()))?;
    let text = header.metadata().as_ref().and_then(|all| all.get(SAFETENSORS_METADATA));
    let metadata = match text.map(|text| serde_json::from_str(text)) {
        None => Map::new(),
        Some(Ok(Json::Object(metadata))) => metadata,
        Some(_) => return Err(fault("its metadata are no JSON dictionary".to_owned())),
    };
    let file = SafeTensors::deserialize(bytes).map_err(|error| fault(error.to_string()))?;
    let mut views = file.tensors();
    views.sort_by(|(a, _), (b, _)| a.cmp(b));
    let shapes: Shapes = views.iter().map(|(name, view)| (name.clone(), view.shape().to_vec())).collect();
    let architecture = UpstreamArchitecture::of(&shapes, &metadata)?;
    let mut tensors = Vec::with_capacity(views.len());
    for (name, view) in views {
        if view.dtype() != Dtype::F32 {
            return Err(fault(format!("tensor {:?} has elements of type {}, not F32", shown(&name), view.dtype())));
        }
        let (elements, _) = view.data().as_chunks::<4>();
        let data = elements.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        tensors.push(NamedTensor { name, shape: view.shape().to_vec(), data });
    }
    finished(architecture, tensors, metadata)
}

fn finished(
    architecture: UpstreamArchitecture,
    tensors: Vec<NamedTensor>,
    metadata: Map<String, Json>,
) -> Result<UpstreamCheckpoint, UpstreamError> {
    let mut checkpoint = UpstreamCheckpoint { architecture, tensors, metadata, sha256: None };
    checkpoint.check_elements()?;
    checkpoint.sort();
    Ok(checkpoint)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
