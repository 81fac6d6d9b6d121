//! What plays a seat: kind, budget and settings, and their text.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use ringrift_heuristic::{EvalMode, ProfileFileError, Weights, board_profile_name};
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_search::{InvalidLimits, InvalidSetting, Limits};

use super::ladder::{LadderError, rung};
use super::tree::{self, TreeSettings};
use crate::settings::NamedWeights;

/// Nodes of a search that names no limit.
const NODES_DEFAULT: u64 = 2_000;

/// What having the move is worth, in points.
const TEMPO_DEFAULT: f64 = 140.0;

/// What a ring in hand is worth to searches on this board, in points on top of its weight.
///
/// Searches that count rings in hand as little as the built-in profiles do place three a turn on the hexagonal boards, lead
/// everywhere, and lose as the last player with a ring in hand stands. Tuned: 40 points in all, of 8, 15, 25, 40 and 80;
/// `docs/strength.md` has what it is worth. On square8 no value is better for all searches.
const fn reserve_default(board: BoardKind) -> f64 {
    match board {
        BoardKind::Square8 | BoardKind::Square19 => 0.0,
        BoardKind::Hex8 | BoardKind::Hexagonal => 37.0,
    }
}

/// Most threads of one search.
const THREADS_MAX: u32 = 256;

/// Kinds of engines.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EngineKind {
    /// Every legal move with the same probability.
    Random,
    /// One ply ahead.
    Heuristic,
    /// Alpha-beta; with three and four players, paranoid.
    Minimax,
    /// Alpha-beta against the strongest reply of one opponent; with two players, minimax.
    BestReply,
    /// Every seat for itself.
    MaxN,
    /// Unbounded best-first minimax.
    Descent,
    /// Monte-Carlo tree search with PUCT.
    Mcts,
    /// Monte-Carlo tree search with Gumbel selection at the root.
    Gumbel,
}

impl EngineKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Random,
        Self::Heuristic,
        Self::Minimax,
        Self::BestReply,
        Self::MaxN,
        Self::Descent,
        Self::Mcts,
        Self::Gumbel,
    ];

    /// Spelling in commands and records: upstream's names of AI types.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Heuristic => "heuristic",
            Self::Minimax => "minimax",
            Self::BestReply => "brs",
            Self::MaxN => "maxn",
            Self::Descent => "descent",
            Self::Mcts => "mcts",
            Self::Gumbel => "gumbel_mcts",
        }
    }

    /// Whether it looks further than one ply, and so has a budget.
    pub const fn is_search(self) -> bool {
        !matches!(self, Self::Random | Self::Heuristic)
    }

    /// Whether it searches a tree of visits.
    pub const fn is_tree_search(self) -> bool {
        matches!(self, Self::Mcts | Self::Gumbel)
    }

    /// Whether its search can use several threads. Descent cannot: each of its iterations needs what the one before found.
    pub const fn takes_threads(self) -> bool {
        self.is_search() && !matches!(self, Self::Descent)
    }

    /// The kind of this name; `-` and `_` are the same.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An engine that can be built for any board.
///
/// As text: a kind, or `dN` for a rung of the ladder, then settings: `minimax`, `mcts:nodes=5000,threads=2`,
/// `d6:think` (with the think time of the rung), `d6:time_ms=500`, `heuristic:weights=best.json#hex8_2p`.
#[derive(Clone, PartialEq, Debug)]
pub struct EngineSpec {
    /// The kind.
    pub kind: EngineKind,
    /// Budget of every decision; engines that do not search have none.
    pub limits: Option<Limits>,
    /// Probability of a random move instead, in `[0, 1]`.
    pub randomness: f64,
    /// Weights of the evaluation.
    pub weights: NamedWeights,
    /// Features of the evaluation.
    pub mode: EvalMode,
    /// Spread of random factors on the weights, drawn anew for every game; 0 leaves them as they are.
    pub weight_noise: f64,
    /// Threads of the search. Results repeat with 1 only.
    pub threads: u32,
    /// Whether a tree search explores as in self-play: noise at the root, moves drawn by visits in the opening.
    pub explores: bool,
    /// What having the move is worth to descent and tree searches, in points.
    pub tempo: f64,
    /// What a ring in hand is worth to searches, in points on top of its weight.
    pub reserve: f64,
    /// Settings of tree searches.
    pub tree: TreeSettings,
    /// Rung of the ladder that this is, for the records.
    pub difficulty: Option<u8>,
    /// What the rung would use if it were there, for the records.
    pub substitute_for: Option<&'static str>,
}

/// A text that names no engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Neither a kind nor a rung.
    #[error(
        "there is no engine {given:?}\nhint: the engines are {}, and d1 to d{} of the ladder",
        kinds(),
        super::LADDER_MAX
    )]
    UnknownKind {
        /// What was given.
        given: String,
    },
    /// A rung that is not there.
    #[error(transparent)]
    Ladder(#[from] LadderError),
    /// A setting that nobody knows.
    #[error(
        "{spec:?}: there is no setting {given:?}\nhint: the settings are nodes, time_ms, depth, randomness, threads, eval, profile, weights, weight_noise, tempo, reserve and explore; for mcts and gumbel_mcts also {settings}",
        settings = tree::NAMES.join(", ")
    )]
    UnknownSetting {
        /// The whole text.
        spec: String,
        /// What was given.
        given: String,
    },
    /// A setting with a value that it cannot have.
    #[error("{spec:?}: {name}={value}\nhint: {expected}")]
    BadValue {
        /// The whole text.
        spec: String,
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is expected.
        expected: String,
    },
    /// A file with weights.
    #[error("{spec:?}: {source}")]
    Weights {
        /// The whole text.
        spec: String,
        /// What is wrong with it.
        source: ProfileFileError,
    },
    /// Limits that cannot be.
    #[error(transparent)]
    Limits(#[from] InvalidLimits),
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
}

fn kinds() -> String {
    EngineKind::ALL.map(EngineKind::name).join(", ")
}

impl EngineSpec {
    /// An engine of this kind with the default settings for a board.
    pub fn new(kind: EngineKind, board: BoardKind, players: PlayerCount) -> Self {
        let profile = board_profile_name(board, players);
        let weights = Weights::of_profile(&profile).unwrap_or_default();
        Self {
            kind,
            limits: kind.is_search().then(|| Limits::nodes(NODES_DEFAULT).expect("a budget above 0")),
            randomness: 0.0,
            weights: NamedWeights { name: profile, weights },
            mode: if kind.is_search() { EvalMode::Full } else { EvalMode::of_self_play(board) },
            weight_noise: 0.0,
            threads: 1,
            explores: false,
            tempo: TEMPO_DEFAULT,
            reserve: if kind.is_search() { reserve_default(board) } else { 0.0 },
            tree: TreeSettings::default(),
            difficulty: None,
            substitute_for: None,
        }
    }

    /// The engine that a text names, for a board and a number of players.
    ///
    /// # Errors
    /// [`SpecError`] names what is wrong, and what is possible.
    pub fn parse(text: &str, board: BoardKind, players: PlayerCount) -> Result<Self, SpecError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim();
        let rung_number = name.strip_prefix(['d', 'D']).and_then(|number| number.parse::<u8>().ok());
        let mut spec = match (EngineKind::from_name(name), rung_number) {
            (Some(kind), _) => Self::new(kind, board, players),
            (None, Some(number)) => rung(number, board, players)?.spec(board, players),
            (None, None) => return Err(SpecError::UnknownKind { given: name.chars().take(40).collect() }),
        };
        let mut limits = (None, None, None);
        for setting in settings.split(',').map(str::trim).filter(|setting| !setting.is_empty()) {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            match (key.trim(), rung_number) {
                ("think", Some(number)) if value.is_empty() => {
                    limits.1 = Some(rung(number, board, players)?.think_time);
                }
                ("think", Some(_)) => {
                    let (spec, value) = (text.to_owned(), value.trim().to_owned());
                    let expected = "write think alone for the time of the rung, or time_ms for another one".to_owned();
                    return Err(SpecError::BadValue { spec, name: "think", value, expected });
                }
                (key, _) => spec.set(text, key, value.trim(), &mut limits)?,
            }
        }
        if let (nodes, time, depth) = limits
            && (nodes.is_some() || time.is_some() || depth.is_some())
        {
            spec.limits = Some(Limits::new(nodes, time, depth)?);
        }
        if spec.kind.is_tree_search() {
            spec.tree.options(spec.kind, board, spec.explores, spec.threads).check()?;
        }
        Ok(spec)
    }

    fn set(
        &mut self,
        spec: &str,
        key: &str,
        value: &str,
        limits: &mut (Option<u64>, Option<Duration>, Option<u32>),
    ) -> Result<(), SpecError> {
        let bad = |name: &'static str, expected: &str| SpecError::BadValue {
            spec: spec.to_owned(),
            name,
            value: value.to_owned(),
            expected: expected.to_owned(),
        };
        let budget = |name: &'static str| {
            if self.kind.is_search() { Ok(()) } else { Err(bad(name, "random and heuristic do not search")) }
        };
        match key {
            "nodes" => {
                budget("nodes")?;
                limits.0 = Some(number(value).ok_or_else(|| bad("nodes", "give a number of nodes above 0"))?);
            }
            "time_ms" => {
                budget("time_ms")?;
                let time = number::<u64>(value).ok_or_else(|| bad("time_ms", "give milliseconds above 0"))?;
                limits.1 = Some(Duration::from_millis(time));
            }
            "depth" => {
                budget("depth")?;
                limits.2 = Some(number(value).ok_or_else(|| bad("depth", "give a number of plies above 0"))?);
            }
            "randomness" => {
                let probability = |x: &f64| (0.0..=1.0).contains(x);
                self.randomness = number(value)
                    .filter(probability)
                    .ok_or_else(|| bad("randomness", "give a probability from 0 to 1"))?;
            }
            "weight_noise" => {
                let part = |x: &f64| (0.0..1.0).contains(x);
                self.weight_noise =
                    number(value).filter(part).ok_or_else(|| bad("weight_noise", "give a part from 0 to below 1"))?;
            }
            "threads" => {
                let valid = |x: &u32| (1..=THREADS_MAX).contains(x);
                let threads =
                    number(value).filter(valid).ok_or_else(|| bad("threads", "give a number from 1 to 256"))?;
                if threads > 1 && !self.kind.takes_threads() {
                    let takes: Vec<_> =
                        EngineKind::ALL.iter().filter(|kind| kind.takes_threads()).map(|kind| kind.name()).collect();
                    let takes = takes.join(", ");
                    return Err(bad("threads", &format!("{} uses one thread; {takes} take several", self.kind)));
                }
                self.threads = threads;
            }
            "eval" => {
                self.mode = value.parse().map_err(|_| bad("eval", "give full or light"))?;
            }
            "explore" => {
                self.explores = value.parse().map_err(|_| bad("explore", "give true or false"))?;
            }
            "tempo" => {
                let points = |x: &f64| (0.0..=10_000.0).contains(x);
                self.tempo = number(value).filter(points).ok_or_else(|| bad("tempo", "give points from 0 to 10000"))?;
            }
            "reserve" => {
                budget("reserve")?;
                let points = |x: &f64| (0.0..=10_000.0).contains(x);
                self.reserve =
                    number(value).filter(points).ok_or_else(|| bad("reserve", "give points from 0 to 10000"))?;
            }
            "profile" => {
                let weights = Weights::of_profile(value).ok_or_else(|| {
                    let names: Vec<&str> = Weights::profile_names().collect();
                    bad("profile", &format!("the built-in profiles are {}", names.join(", ")))
                })?;
                self.weights = NamedWeights { name: value.to_owned(), weights };
            }
            "weights" => {
                let (file, name) = value.rsplit_once('#').ok_or_else(|| {
                    bad("weights", "give a file and the name of a profile in it: weights=profiles.json#hex8_2p")
                })?;
                self.weights = NamedWeights::load(Path::new(file), name)
                    .map_err(|source| SpecError::Weights { spec: spec.to_owned(), source })?;
            }
            _ => match self.tree.set(self.kind, key, value) {
                Some(taken) => taken.map_err(|(name, expected)| bad(name, expected))?,
                None => {
                    let given = key.chars().take(40).collect();
                    return Err(SpecError::UnknownSetting { spec: spec.to_owned(), given });
                }
            },
        }
        Ok(())
    }

    /// Whether its games repeat: with the clock or several threads they do not.
    pub fn is_deterministic(&self) -> bool {
        self.threads == 1 && self.limits.is_none_or(|limits| limits.is_deterministic())
    }
}

impl fmt::Display for EngineSpec {
    /// A text that [`EngineSpec::parse`] takes, but for weights from a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        let mut separator = ':';
        let mut set = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
            write!(f, "{separator}{text}")?;
            separator = ',';
            Ok::<(), fmt::Error>(())
        };
        if let Some(limits) = &self.limits {
            if let Some(nodes) = limits.nodes_max() {
                set(f, format_args!("nodes={nodes}"))?;
            }
            if let Some(time) = limits.time_max() {
                set(f, format_args!("time_ms={}", time.as_millis()))?;
            }
            if let Some(depth) = limits.depth_max() {
                set(f, format_args!("depth={depth}"))?;
            }
        }
        if self.randomness > 0.0 {
            set(f, format_args!("randomness={}", self.randomness))?;
        }
        if self.threads > 1 {
            set(f, format_args!("threads={}", self.threads))?;
        }
        if self.kind != EngineKind::Random {
            set(f, format_args!("eval={}", self.mode.name()))?;
            set(f, format_args!("profile={}", self.weights.name))?;
        }
        if (self.tempo - TEMPO_DEFAULT).abs() > f64::EPSILON {
            set(f, format_args!("tempo={}", self.tempo))?;
        }
        if self.kind.is_search() {
            set(f, format_args!("reserve={}", self.reserve))?;
        }
        if self.weight_noise > 0.0 {
            set(f, format_args!("weight_noise={}", self.weight_noise))?;
        }
        if self.explores {
            set(f, format_args!("explore=true"))?;
        }
        write!(f, "{}", self.tree)
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EngineSpec, SpecError> {
        EngineSpec::parse(text, BoardKind::Hex8, PlayerCount::Three)
    }

    #[test]
    fn texts_are_read_and_written_alike() {
        for text in [
            "random",
            "heuristic:randomness=0.25",
            "mcts:nodes=50,threads=2,explore=true",
            "d5:time_ms=20",
            "BRS",
            "mcts:c=0.8,fpu=0.2,priors=one_ply@40,scale=250,widen=8",
            "mcts:priors=uniform",
            "mcts:priors=light",
            "gumbel-mcts:considered=8,c_scale=0.5,priors=one_ply",
            "minimax:threads=2",
            "maxn:depth=2,threads=4",
            "descent:threads=1",
            "descent:reserve=12.5",
            "minimax:reserve=0",
        ] {
            let Ok(spec) = parse(&text.to_lowercase()) else { panic!("{text}") };
            let again = EngineSpec {
                difficulty: spec.difficulty,
                substitute_for: spec.substitute_for,
                ..parse(&spec.to_string()).unwrap()
            };
            assert_eq!(again, spec, "{spec}");
        }
        assert_eq!(parse("gumbel-mcts").unwrap().kind, EngineKind::Gumbel);
        assert!(!parse("mcts:time_ms=5").unwrap().is_deterministic() && parse("mcts").unwrap().is_deterministic());
    }

    #[test]
    fn wrong_texts_are_named_with_what_is_possible() {
        for (text, says) in [
            ("minmax", "the engines are random, heuristic, minimax"),
            ("", "there is no engine \"\""),
            ("d0", "d0"),
            ("d12", "d12"),
            ("d4:think=5", "write think alone"),
            ("mcts:node=5", "there is no setting \"node\""),
            ("mcts:nodes", "nodes="),
            ("mcts:nodes=-5", "nodes=-5"),
            ("mcts:nodes=0", "budget of 0 nodes"),
            ("mcts:time_ms=0", "budget of 0 milliseconds"),
            ("random:nodes=5", "do not search"),
            ("mcts:randomness=NaN", "probability"),
            ("mcts:threads=0", "1 to 256"),
            ("heuristic:profile=best", "heuristic_v1_balanced"),
            ("heuristic:weights=a.json", "weights=profiles.json#hex8_2p"),
            ("heuristic:weights=no/such.json#x", "no/such.json"),
            ("minimax:eval=half", "full or light"),
            ("descent:threads=2", "descent uses one thread; minimax, brs, maxn, mcts, gumbel_mcts take several"),
            ("heuristic:threads=2", "heuristic uses one thread"),
            ("minimax:c=1", "a setting of mcts and gumbel_mcts"),
            ("gumbel_mcts:fpu=1", "a setting of mcts; gumbel_mcts has considered and c_scale"),
            ("mcts:considered=4", "a setting of gumbel_mcts"),
            ("mcts:priors=best", "light, uniform, one_ply"),
            ("mcts:priors=one_ply@0", "temperature in points"),
            ("mcts:c=-1", "exploration is a number from 0 to 1000"),
            ("mcts:c=inf", "a number from 0 to 1000"),
            ("mcts:scale=0", "points above 0"),
            ("mcts:widen=0", "widening first is a number of moves"),
            ("gumbel_mcts:considered=0", "considered moves is a number of moves"),
            ("mcts:nodes=99999999999999999999", "number of nodes above 0"),
        ] {
            let message = parse(text).map(|spec| spec.to_string()).unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("hint: "), "{text}: {message}");
        }
    }
}
