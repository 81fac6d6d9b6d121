//! Which of upstream's networks a set of tensors is, and why it is none.

use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::{Map, Value as Json};

use super::error::UpstreamError;
use super::features::UpstreamFeatures;
use crate::torch_file::shown;

/// Width of all layers after the first.
pub const LAYER_WIDTH: usize = 32;

/// Width of the layer before the policy.
const POLICY_WIDTH: usize = 64;

/// Widest first layer, and most layers after it, that are read; upstream has 1,024 and 2.
const WIDTH_MAX: usize = 4096;
const LAYERS_MAX: usize = 16;

/// What a network gives.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum UpstreamKind {
    /// One value, for the player whose view the features are (`RingRiftNNUE`).
    Value,
    /// One value for each player, by seat (`MultiPlayerNNUE`).
    MultiPlayer(PlayerCount),
    /// One value, and scores for the cells that moves start from and end on (`RingRiftNNUEWithPolicy`).
    Policy,
}

impl UpstreamKind {
    /// Upstream's name of the class.
    pub const fn class_name(self) -> &'static str {
        match self {
            Self::Value => "RingRiftNNUE",
            Self::MultiPlayer(_) => "MultiPlayerNNUE",
            Self::Policy => "RingRiftNNUEWithPolicy",
        }
    }
}

/// How the layers between the first and the last are connected.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum UpstreamBody {
    /// Each layer is added to its input: `hidden_blocks.i`.
    Residual,
    /// Each layer replaces its input: `hidden.0`, `hidden.2` and so on.
    Plain,
}

/// The architecture of one of upstream's networks; what it fixes are names and shapes of all tensors.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct UpstreamArchitecture {
    /// What it gives.
    pub kind: UpstreamKind,
    /// Its board.
    pub board: BoardKind,
    /// What it sees.
    pub features: UpstreamFeatures,
    /// Width of the first layer.
    pub width: usize,
    /// Number of layers between the first and the last.
    pub layers: usize,
    /// How they are connected.
    pub body: UpstreamBody,
}

/// Names and shapes of tensors.
pub(super) type Shapes = Vec<(String, Vec<usize>)>;

impl UpstreamArchitecture {
    /// Upstream's version of the architecture: what its training writes for it.
    pub const fn version(&self) -> &'static str {
        match (self.kind, self.body, self.features) {
            (UpstreamKind::MultiPlayer(_), ..) => "v1.0.0-mp",
            (UpstreamKind::Policy, ..) => "v1.1.0",
            (UpstreamKind::Value, UpstreamBody::Plain, _) => "v1.0.0",
            (UpstreamKind::Value, UpstreamBody::Residual, UpstreamFeatures::V3) => "v1.4.0",
            (UpstreamKind::Value, UpstreamBody::Residual, _) => "v1.3.0",
        }
    }

    /// Number of values that the network gives.
    pub const fn outputs(&self) -> usize {
        match self.kind {
            UpstreamKind::Value | UpstreamKind::Policy => 1,
            UpstreamKind::MultiPlayer(players) => players.get(),
        }
    }

    /// Number of inputs of the first layer.
    pub const fn inputs(&self) -> usize {
        self.features.len(self.board)
    }

    /// Cells of the grid that policies score.
    pub const fn grid(&self) -> usize {
        let side = self.board.spec().size as usize;
        side * side
    }

    /// Why upstream's own loader, which knows one shape of network, gives random weights for it; none if it reads it.
    pub const fn upstream_fault(&self) -> Option<&'static str> {
        match (self.kind, self.body) {
            (UpstreamKind::Value, UpstreamBody::Plain) => {
                Some("ai-service has no place for these layers and fills the gap with random weights")
            }
            (UpstreamKind::Value, UpstreamBody::Residual) if self.width != 256 || self.layers != 2 => {
                Some("ai-service builds networks of width 256 with 2 layers only")
            }
            (UpstreamKind::Value, _) if matches!(self.features, UpstreamFeatures::V2) => {
                Some("ai-service moves the weights of the globals onto markers")
            }
            (UpstreamKind::MultiPlayer(_) | UpstreamKind::Policy, _)
                if !matches!(self.features, UpstreamFeatures::V3) =>
            {
                Some("ai-service reads such networks with features of version 3 only")
            }
            _ => None,
        }
    }

    /// Names and shapes of all tensors, in the order of upstream's files.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut all = Shapes::new();
        let mut linear = |name: &str, outputs: usize, inputs: usize| {
            all.push((format!("{name}.weight"), vec![outputs, inputs]));
            all.push((format!("{name}.bias"), vec![outputs]));
        };
        linear("accumulator", self.width, self.inputs());
        for layer in 0..self.layers {
            let inputs = if layer == 0 { 2 * self.width } else { LAYER_WIDTH };
            match self.body {
                UpstreamBody::Plain => linear(&format!("hidden.{}", 2 * layer), LAYER_WIDTH, inputs),
                UpstreamBody::Residual => {
                    linear(&format!("hidden_blocks.{layer}.fc"), LAYER_WIDTH, inputs);
                    if inputs != LAYER_WIDTH {
                        linear(&format!("hidden_blocks.{layer}.projection"), LAYER_WIDTH, inputs);
                    }
                }
            }
        }
        if self.kind == UpstreamKind::Policy {
            linear("value_head", 1, LAYER_WIDTH);
            linear("policy_hidden.0", POLICY_WIDTH, LAYER_WIDTH);
            linear("from_head", self.grid(), POLICY_WIDTH);
            linear("to_head", self.grid(), POLICY_WIDTH);
        } else {
            linear("output", self.outputs(), LAYER_WIDTH);
        }
        all
    }

    /// The architecture that has exactly these tensors.
    pub(super) fn of(shapes: &Shapes, metadata: &Map<String, Json>) -> Result<Self, UpstreamError> {
        check_family(shapes)?;
        let shape_of = |name: &str| shapes.iter().find(|(found, _)| found == name).map(|(_, shape)| shape.as_slice());
        let missing = |name: &str| UpstreamError::Missing { names: vec![name.to_owned()] };
        let matrix = |name: &str| match shape_of(name) {
            None => Err(missing(name)),
            Some(&[outputs, inputs]) => Ok((outputs, inputs)),
            Some(other) => Err(wrong_shape(name, "two dimensions", other)),
        };
        let (width, inputs) = matrix("accumulator.weight")?;
        if !(1..=WIDTH_MAX).contains(&width) {
            return Err(wrong_shape("accumulator.weight", "1 to 4096 rows", &[width, inputs]));
        }
        let (board, features) = board_of(inputs, metadata)?;
        let has_layer = |body, layer: usize| match body {
            UpstreamBody::Residual => shape_of(&format!("hidden_blocks.{layer}.fc.weight")).is_some(),
            UpstreamBody::Plain => shape_of(&format!("hidden.{}.weight", 2 * layer)).is_some(),
        };
        let body = if has_layer(UpstreamBody::Residual, 0) { UpstreamBody::Residual } else { UpstreamBody::Plain };
        let layers = (0..LAYERS_MAX).take_while(|&layer| has_layer(body, layer)).count();
        if layers == 0 {
            return Err(missing("hidden_blocks.0.fc.weight"));
        }
        let kind = if shape_of("value_head.weight").is_some() {
            UpstreamKind::Policy
        } else {
            match matrix("output.weight")? {
                (1, _) => UpstreamKind::Value,
                (rows, columns) => match PlayerCount::try_from(rows as u64) {
                    Ok(players) => UpstreamKind::MultiPlayer(players),
                    Err(_) => return Err(wrong_shape("output.weight", "1 to 4 rows", &[rows, columns])),
                },
            }
        };
        let found = Self { kind, board, features, width, layers, body };
        found.check_tensors(shapes)?;
        found.check_metadata(metadata)?;
        Ok(found)
    }

    fn check_tensors(&self, shapes: &Shapes) -> Result<(), UpstreamError> {
        const NAMES_MAX: usize = 8;
        let expected = self.tensors();
        let is_there = |name: &String, list: &Shapes| list.iter().any(|(other, _)| other == name);
        let names: Vec<String> =
            expected.iter().map(|(name, _)| name).filter(|name| !is_there(name, shapes)).cloned().collect();
        if !names.is_empty() {
            return Err(UpstreamError::Missing { names });
        }
        let unknown = shapes.iter().map(|(name, _)| name).filter(|name| !is_there(name, &expected));
        let names: Vec<String> = unknown.take(NAMES_MAX).map(|name| shown(name)).collect();
        if !names.is_empty() {
            return Err(UpstreamError::Unknown { names });
        }
        for (name, shape) in &expected {
            if let Some((_, got)) = shapes.iter().find(|(found, got)| found == name && got != shape) {
                return Err(wrong_shape(name, &format!("{shape:?}"), got));
            }
        }
        Ok(())
    }

    fn check_metadata(&self, metadata: &Map<String, Json>) -> Result<(), UpstreamError> {
        if metadata.get("quantized").and_then(Json::as_bool) == Some(true) {
            let example = "quantized".to_owned();
            return Err(UpstreamError::Variant {
                variant: "quantised weights",
                example,
                hint: "use the checkpoint from before the quantisation",
            });
        }
        let known = [
            ("hidden_dim", self.width),
            ("num_hidden_layers", self.layers),
            ("input_dim", self.inputs()),
            ("feature_version", self.features.number().into()),
        ];
        let seats = match self.kind {
            UpstreamKind::MultiPlayer(players) => Some(("num_players", players.get())),
            _ => None,
        };
        for (key, found) in known.into_iter().chain(seats) {
            if let Some(says) = metadata.get(key).filter(|says| says.as_u64() != Some(found as u64)) {
                let (says, found) = (shown(&says.to_string()), found.to_string());
                return Err(UpstreamError::Contradiction { key, says, found });
            }
        }
        Ok(())
    }
}

fn wrong_shape(name: &str, expected: &str, got: &[usize]) -> UpstreamError {
    UpstreamError::Shape { name: name.to_owned(), expected: expected.to_owned(), got: got.to_vec() }
}

/// Refuses tensors of other networks and of variants of this one, in words that say which.
fn check_family(shapes: &Shapes) -> Result<(), UpstreamError> {
    /// Parts of names, what they show, and what helps.
    const VARIANTS: [(&str, &str, &str); 5] = [
        (
            "_orig_mod.",
            "the wrapping of torch.compile",
            "save the state of the model inside: model._orig_mod.state_dict()",
        ),
        (
            "module.",
            "the wrapping of a parallel model",
            "save the state of the model inside: model.module.state_dict()",
        ),
        (
            ".weight_orig",
            "spectral norm",
            "train without --spectral-norm; upstream's own loader gives random weights for it",
        ),
        ("acc_batch_norm.", "batch norm", "train without --batch-norm; upstream's own loader leaves it out"),
        (
            "head_projections.",
            "several heads",
            "train with --num-heads 1; upstream's own loader gives random weights for it",
        ),
    ];
    const KNOWN: [&str; 5] = ["accumulator", "hidden_blocks", "hidden", "output", "value_head"];
    if shapes.is_empty() {
        return Err(UpstreamError::NoWeights);
    }
    for (part, variant, hint) in VARIANTS {
        let is_it = |name: &&(String, Vec<usize>)| match part.strip_prefix('.') {
            Some(_) => name.0.ends_with(part),
            None => name.0.starts_with(part),
        };
        if let Some((example, _)) = shapes.iter().find(is_it) {
            return Err(UpstreamError::Variant { variant, example: shown(example), hint });
        }
    }
    let first_part = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    if shapes.iter().any(|(name, _)| KNOWN.contains(&first_part(name).as_str())) {
        return Ok(());
    }
    Err(not_nnue(shapes.iter().map(|(name, _)| name.as_str())))
}

/// The refusal of a file whose tensors are those of something else.
pub(super) fn not_nnue<'a>(mut names: impl Iterator<Item = &'a str> + Clone) -> UpstreamError {
    let tensors = names.clone().count();
    let first = names.clone().next().unwrap_or_default();
    let cage = names.find(|name| name.starts_with("graph_encoder."));
    let (looks_like, hint) = if cage.is_some() {
        (
            "CAGE, a graph network",
            "upstream published a CAGE checkpoint as nnue_square8_2p.pt; its loader plays with random weights instead",
        )
    } else {
        ("another network", "an NNUE begins with accumulator.weight")
    };
    UpstreamError::NotNnue { tensors, example: shown(cage.unwrap_or(first)), looks_like, hint }
}

/// Board and features by the width of the first layer, which decides in upstream too. The board's name must agree.
fn board_of(inputs: usize, metadata: &Map<String, Json>) -> Result<(BoardKind, UpstreamFeatures), UpstreamError> {
    let by_width = UpstreamFeatures::of_len(inputs);
    let lengths = |board: BoardKind| UpstreamFeatures::ALL.map(|version| version.len(board).to_string()).join(", ");
    let Some(says) = metadata.get("board_type") else {
        return by_width.ok_or_else(|| UpstreamError::Inputs {
            inputs,
            board: "none of the boards".to_owned(),
            hint: BoardKind::ALL.map(|board| format!("{} has {}", board.name(), lengths(board))).join("; "),
        });
    };
    let named = says.as_str().and_then(|name| BoardKind::ALL.into_iter().find(|board| board.name() == name));
    let Some(named) = named else {
        let found = "those of square8, square19, hex8 or hexagonal".to_owned();
        return Err(UpstreamError::Contradiction { key: "board_type", says: shown(&says.to_string()), found });
    };
    match by_width {
        Some((board, features)) if board == named => Ok((board, features)),
        other => {
            let board = named.name().to_owned();
            let hint = match other {
                Some((board, features)) => {
                    format!("{} with features of version {} has", board.name(), features.number())
                }
                None => format!("{board} has {}", lengths(named)),
            };
            Err(UpstreamError::Inputs { inputs, board, hint })
        }
    }
}
