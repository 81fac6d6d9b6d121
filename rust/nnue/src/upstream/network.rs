//! The forward pass of upstream's networks, in `f32` as upstream computes it.

use std::path::Path;

use ringrift_eval::{Scores, zero_sum};
use ringrift_rules::{Board, PlayerCount, PlayerId, Position};

use super::architecture::{LAYER_WIDTH, UpstreamArchitecture, UpstreamBody, UpstreamKind};
use super::checkpoint::UpstreamCheckpoint;
use super::error::UpstreamError;

/// What upstream multiplies values by to get scores. Source: nnue.md section 4.
pub(super) const SCORE_SCALE: f64 = 10_000.0;

/// A fully connected layer: `weights: f32[outputs, inputs]`.
#[derive(Clone, Debug)]
struct Linear {
    weights: Vec<f32>,
    biases: Vec<f32>,
}

impl Linear {
    fn of(checkpoint: &UpstreamCheckpoint, name: &str) -> Self {
        let find = |part: &str| {
            let mut tensors = checkpoint.tensors().iter();
            let tensor = tensors.find(|tensor| tensor.name.strip_prefix(name) == Some(part));
            tensor.expect("a checkpoint has all tensors of its architecture").data.clone()
        };
        Self { weights: find(".weight"), biases: find(".bias") }
    }

    /// The same layer for inputs whose second half repeats the first.
    fn folded(mut self) -> Self {
        let inputs = self.weights.len() / self.biases.len();
        let rows = self.weights.chunks_exact(inputs);
        self.weights = rows
            .flat_map(|row| {
                let (first, second) = row.split_at(inputs / 2);
                first.iter().zip(second).map(|(a, b)| a + b)
            })
            .collect();
        self
    }

    fn apply(&self, inputs: &[f32], outputs: &mut Vec<f32>) {
        outputs.clear();
        let rows = self.weights.chunks_exact(inputs.len()).zip(&self.biases);
        outputs.extend(rows.map(|(row, bias)| bias + row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f32>()));
    }
}

/// One layer between the first and the last.
#[derive(Clone, Debug)]
struct Layer {
    linear: Linear,
    /// What the input passes on its way around the layer, if its width is another one.
    around: Option<Linear>,
}

/// A policy of upstream: move scores are `from[from cell] + to[to cell]`, cells as in [`super::UpstreamFeatures`]. A move
/// that starts nowhere takes the centre `(side / 2, side / 2)`, one that ends nowhere its start.
#[derive(Clone, Debug)]
struct Policy {
    hidden: Linear,
    from: Linear,
    to: Linear,
}

/// One of upstream's networks, ready to evaluate.
#[derive(Clone, Debug)]
pub struct UpstreamNetwork {
    architecture: UpstreamArchitecture,
    players: Option<PlayerCount>,
    sha256: Option<String>,
    /// `f32[inputs, width]`: one row per feature, so that the many that are 0 cost nothing.
    first: Vec<f32>,
    first_biases: Vec<f32>,
    layers: Vec<Layer>,
    output: Linear,
    policy: Option<Policy>,
}

/// What a forward pass computes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Forward {
    /// `f32[width]`: the first layer before it is cut to `0..=1`.
    pub accumulator: Vec<f32>,
    /// `f32[32]`: what the last layer sees.
    pub hidden: Vec<f32>,
    /// `f32[1] or f32[players] in [-1, 1]`: the player whose view the features are, or all players by seat.
    pub values: Vec<f32>,
    /// `f32[side * side]`: scores of cells that moves start from; empty without a policy.
    pub from_logits: Vec<f32>,
    /// `f32[side * side]`: scores of cells that moves end on; empty without a policy.
    pub to_logits: Vec<f32>,
}

impl UpstreamNetwork {
    /// Makes a network of a checkpoint.
    pub fn new(checkpoint: &UpstreamCheckpoint) -> Self {
        let architecture = checkpoint.architecture();
        let first = Linear::of(checkpoint, "accumulator");
        let (inputs, width) = (architecture.inputs(), architecture.width);
        let mut transposed = vec![0.0; inputs * width];
        for (column, row) in first.weights.chunks_exact(inputs).enumerate() {
            for (feature, &weight) in row.iter().enumerate() {
                transposed[feature * width + column] = weight;
            }
        }
        let layer = |i: usize| {
            // The first of them gets the accumulator twice.
            let linear = |name: &str| {
                let linear = Linear::of(checkpoint, name);
                if i == 0 { linear.folded() } else { linear }
            };
            match architecture.body {
                UpstreamBody::Plain => Layer { linear: linear(&format!("hidden.{}", 2 * i)), around: None },
                UpstreamBody::Residual => {
                    let is_wider = i == 0 && 2 * width != LAYER_WIDTH;
                    let around = is_wider.then(|| linear(&format!("hidden_blocks.{i}.projection")));
                    Layer { linear: linear(&format!("hidden_blocks.{i}.fc")), around }
                }
            }
        };
        let is_policy = architecture.kind == UpstreamKind::Policy;
        Self {
            architecture,
            players: checkpoint.players(),
            sha256: checkpoint.sha256().map(str::to_owned),
            first: transposed,
            first_biases: first.biases,
            layers: (0..architecture.layers).map(layer).collect(),
            output: Linear::of(checkpoint, if is_policy { "value_head" } else { "output" }),
            policy: is_policy.then(|| Policy {
                hidden: Linear::of(checkpoint, "policy_hidden.0"),
                from: Linear::of(checkpoint, "from_head"),
                to: Linear::of(checkpoint, "to_head"),
            }),
        }
    }

    /// Reads a `.pt` or `.safetensors` file.
    ///
    /// # Errors
    /// As [`UpstreamCheckpoint::load`].
    pub fn load(path: &Path) -> Result<Self, UpstreamError> {
        UpstreamCheckpoint::load(path).map(|checkpoint| Self::new(&checkpoint))
    }

    /// What the network is.
    pub fn architecture(&self) -> UpstreamArchitecture {
        self.architecture
    }

    /// The number of players that the network was made for; none if any will do.
    pub fn players(&self) -> Option<PlayerCount> {
        self.players
    }

    /// Whether the network scores moves too.
    pub fn has_policy(&self) -> bool {
        self.policy.is_some()
    }

    /// SHA-256 of the file, in hexadecimal digits.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// Checks that the network serves positions of the board and number of players.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, board: ringrift_rules::BoardKind, players: PlayerCount) -> Result<(), UpstreamError> {
        let network = self.architecture.board;
        if board != network {
            return Err(UpstreamError::OtherBoard { network, position: board });
        }
        match self.architecture.kind {
            UpstreamKind::MultiPlayer(network) if network != players => {
                Err(UpstreamError::OtherPlayers { network: network.get(), position: players.get() })
            }
            _ => Ok(()),
        }
    }

    /// Evaluates a vector of features.
    ///
    /// # Errors
    /// It does not have [`UpstreamArchitecture::inputs`] elements.
    pub fn forward(&self, features: &[f32], out: &mut Forward) -> Result<(), UpstreamError> {
        let (expected, got) = (self.architecture.inputs(), features.len());
        if expected != got {
            return Err(UpstreamError::BufferLength { expected, got });
        }
        self.accumulate(features, &mut out.accumulator);
        let mut x: Vec<f32> = out.accumulator.iter().map(|value| value.clamp(0.0, 1.0)).collect();
        let mut y = Vec::new();
        for layer in &self.layers {
            layer.linear.apply(&x, &mut y);
            for value in &mut y {
                *value = value.clamp(0.0, 1.0);
            }
            if self.architecture.body == UpstreamBody::Residual {
                add_around(layer, &x, &mut y);
            }
            std::mem::swap(&mut x, &mut y);
        }
        self.output.apply(&x, &mut out.values);
        for value in &mut out.values {
            *value = value.tanh();
        }
        out.hidden.clone_from(&x);
        out.from_logits.clear();
        out.to_logits.clear();
        if let Some(policy) = &self.policy {
            policy.hidden.apply(&x, &mut y);
            for value in &mut y {
                *value = value.clamp(0.0, 1.0);
            }
            policy.from.apply(&y, &mut out.from_logits);
            policy.to.apply(&y, &mut out.to_logits);
        }
        Ok(())
    }

    fn accumulate(&self, features: &[f32], accumulator: &mut Vec<f32>) {
        accumulator.clone_from(&self.first_biases);
        let rows = self.first.chunks_exact(self.architecture.width);
        for (row, &feature) in rows.zip(features).filter(|(_, feature)| **feature != 0.0) {
            for (sum, weight) in accumulator.iter_mut().zip(row) {
                *sum += feature * weight;
            }
        }
    }

    /// Upstream's score of every player: 10,000 times the value that the network gives the player from their own view.
    ///
    /// # Errors
    /// As [`UpstreamNetwork::check`].
    pub fn scores<B: Board>(&self, position: &Position<B>, scratch: &mut Scratch) -> Result<Scores, UpstreamError> {
        self.check(B::KIND, position.players())?;
        let mut scores = Scores::default();
        for seat in position.players().seats() {
            scores[seat] = SCORE_SCALE * f64::from(self.value(position, seat, scratch)?);
        }
        Ok(scores)
    }

    /// Half the difference between a player's score and the best of the others, which upstream's minimax takes.
    ///
    /// # Errors
    /// As [`UpstreamNetwork::check`].
    pub fn zero_sum<B: Board>(
        &self,
        position: &Position<B>,
        seat: PlayerId,
        scratch: &mut Scratch,
    ) -> Result<f64, UpstreamError> {
        let scores = self.scores(position, scratch)?;
        Ok(zero_sum(&scores, position.players(), seat, false))
    }

    /// The value of a player from their own view.
    pub(super) fn value<B: Board>(
        &self,
        position: &Position<B>,
        seat: PlayerId,
        scratch: &mut Scratch,
    ) -> Result<f32, UpstreamError> {
        scratch.features.resize(self.architecture.inputs(), 0.0);
        self.architecture.features.write(position, seat, &mut scratch.features)?;
        self.forward(&scratch.features, &mut scratch.forward)?;
        let place = match self.architecture.kind {
            UpstreamKind::MultiPlayer(_) => seat.index(),
            _ => 0,
        };
        Ok(scratch.forward.values[place])
    }
}

/// Adds to the outputs of a layer what goes around it.
fn add_around(layer: &Layer, x: &[f32], y: &mut [f32]) {
    let mut passed = Vec::new();
    let around = match &layer.around {
        Some(projection) => {
            projection.apply(x, &mut passed);
            &passed
        }
        None => x,
    };
    for (y, x) in y.iter_mut().zip(around) {
        *y += x;
    }
}

/// Memory that evaluations use again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    features: Vec<f32>,
    forward: Forward,
}
