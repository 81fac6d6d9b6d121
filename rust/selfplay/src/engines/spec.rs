//! What plays a seat: kind, budget and settings, and their text.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use ringrift_heuristic::{EvalMode, ProfileFileError, Weights, board_profile_name};
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_search::{InvalidLimits, InvalidSetting, Limits};

use super::ladder::{LadderError, rung};
use super::network::{Models, NamedNetwork, NetworkFileError};
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

/// Settings of the heuristic evaluation: an engine that has one of them evaluates with no network.
const HEURISTIC_SETTINGS: [&str; 6] = ["eval", "profile", "weights", "weight_noise", "tempo", "reserve"];

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
/// `d6:think` (with the think time of the rung), `d6:time_ms=500`, `heuristic:weights=best.json#hex8_2p`,
/// `minimax:nnue=models/nnue/square8_2p.nnue`, `d6:nnue=none`.
#[derive(Clone, PartialEq, Debug)]
pub struct EngineSpec {
    /// The kind.
    pub kind: EngineKind,
    /// Budget of every decision; engines that do not search have none.
    pub limits: Option<Limits>,
    /// Probability of a random move instead, in `[0, 1]`.
    pub randomness: f64,
    /// The network that it evaluates with, in place of the heuristic evaluation.
    pub nnue: Option<NamedNetwork>,
    /// Weights of the heuristic evaluation.
    pub weights: NamedWeights,
    /// Features of the heuristic evaluation.
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
        "{spec:?}: there is no setting {given:?}\nhint: the settings are nodes, time_ms, depth, randomness, threads, nnue, eval, profile, weights, weight_noise, tempo, reserve and explore; for mcts and gumbel_mcts also {settings}",
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
    /// A file with a network, or a folder of models.
    #[error("{spec:?}: {source}")]
    Network {
        /// The whole text.
        spec: String,
        /// What is wrong with it.
        source: NetworkFileError,
    },
    /// A network, and a setting of the heuristic evaluation.
    #[error(
        "{spec:?}: {name} is a setting of the heuristic evaluation, nnue takes its place\nhint: leave out nnue or {name}"
    )]
    TwoEvaluations {
        /// The whole text.
        spec: String,
        /// The setting.
        name: &'static str,
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
            nnue: None,
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

    /// The engine that a text names, for a board and a number of players; rungs of the ladder take their networks from
    /// [`Models::of_environment`].
    ///
    /// # Errors
    /// [`SpecError`] names what is wrong, and what is possible.
    pub fn parse(text: &str, board: BoardKind, players: PlayerCount) -> Result<Self, SpecError> {
        Self::parse_with(text, board, players, &Models::of_environment())
    }

    /// The same with the networks of these models.
    ///
    /// # Errors
    /// As [`EngineSpec::parse`].
    pub fn parse_with(text: &str, board: BoardKind, players: PlayerCount, models: &Models) -> Result<Self, SpecError> {
        Self::parse_choosing(text, None, board, players, models)
    }

    /// The engine that a text names, with the network in this file, as if the text ended with the setting `nnue`.
    ///
    /// # Errors
    /// As [`EngineSpec::parse`].
    pub fn parse_with_network(
        text: &str,
        file: &Path,
        board: BoardKind,
        players: PlayerCount,
    ) -> Result<Self, SpecError> {
        Self::parse_choosing(text, Some(file), board, players, &Models::NONE)
    }

    fn parse_choosing(
        text: &str,
        file: Option<&Path>,
        board: BoardKind,
        players: PlayerCount,
        models: &Models,
    ) -> Result<Self, SpecError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim();
        let rung_number = name.strip_prefix(['d', 'D']).and_then(|number| number.parse::<u8>().ok());
        let mut spec = match (EngineKind::from_name(name), rung_number) {
            (Some(kind), _) => Self::new(kind, board, players),
            (None, Some(number)) => rung(number, board, players)?.spec(board, players, None),
            (None, None) => return Err(SpecError::UnknownKind { given: name.chars().take(40).collect() }),
        };
        let mut limits = (None, None, None);
        let (mut nnue, mut of_heuristic) = (file, None);
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
                ("nnue", _) => nnue = Some(Path::new(value.trim())),
                (key, _) => {
                    spec.set(text, key, value.trim(), &mut limits)?;
                    of_heuristic = of_heuristic.or(HEURISTIC_SETTINGS.into_iter().find(|&name| name == key));
                }
            }
        }
        spec.choose_network(text, nnue, of_heuristic, (board, players), models)?;
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

    /// Takes the network that the text names, or the one of the rung; a setting of the heuristic evaluation asks for that.
    fn choose_network(
        &mut self,
        spec: &str,
        nnue: Option<&Path>,
        of_heuristic: Option<&'static str>,
        (board, players): (BoardKind, PlayerCount),
        models: &Models,
    ) -> Result<(), SpecError> {
        let failed = |source| SpecError::Network { spec: spec.to_owned(), source };
        let bad = |value: &Path, expected: &str| SpecError::BadValue {
            spec: spec.to_owned(),
            name: "nnue",
            value: value.display().to_string(),
            expected: expected.to_owned(),
        };
        match (nnue, of_heuristic) {
            (Some(value), _) if self.kind == EngineKind::Random => return Err(bad(value, "random evaluates nothing")),
            (Some(value), _) if value == "none" => {}
            (Some(value), _) if value == "" => {
                return Err(bad(value, "give a file (.nnue), or none for the heuristic evaluation"));
            }
            (Some(_), Some(name)) => return Err(SpecError::TwoEvaluations { spec: spec.to_owned(), name }),
            (Some(file), None) => {
                self.nnue = Some(NamedNetwork::load(file, board, players).map_err(failed)?);
                if self.substitute_for.is_some() {
                    self.substitute_for = self.kind.is_tree_search().then_some("policy network");
                }
            }
            (None, None) => {
                let rung = self.difficulty.map(|number| rung(number, board, players)).transpose()?;
                if rung.is_some_and(|rung| rung.takes_nnue())
                    && let Some(network) = models.find(board, players).map_err(failed)?
                {
                    (self.nnue, self.substitute_for) = (Some(network), None);
                }
            }
            (None, Some(_)) => {}
        }
        Ok(())
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
    /// A text that [`EngineSpec::parse`] takes, but for weights from a file, and networks of files with a comma in their name.
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
        if let Some(nnue) = &self.nnue {
            set(f, format_args!("nnue={}", nnue.path().display()))?;
        } else if self.kind != EngineKind::Random {
            set(f, format_args!("eval={}", self.mode.name()))?;
            set(f, format_args!("profile={}", self.weights.name))?;
        }
        let is_heuristic = self.nnue.is_none();
        if is_heuristic && (self.tempo - TEMPO_DEFAULT).abs() > f64::EPSILON {
            set(f, format_args!("tempo={}", self.tempo))?;
        }
        if is_heuristic && self.kind.is_search() {
            set(f, format_args!("reserve={}", self.reserve))?;
        }
        if is_heuristic && self.weight_noise > 0.0 {
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
        EngineSpec::parse_with(text, BoardKind::Hex8, PlayerCount::Three, &Models::NONE)
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
            ("random:nnue=a.nnue", "random evaluates nothing"),
            ("minimax:nnue", "give a file (.nnue), or none"),
            ("minimax:nnue=no/such.nnue", "no/such.nnue"),
            ("minimax:profile=heuristic_v1_balanced,nnue=a.nnue", "leave out nnue or profile"),
            ("descent:nnue=a.nnue,tempo=5", "leave out nnue or tempo"),
        ] {
            let message = parse(text).map(|spec| spec.to_string()).unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("hint: "), "{text}: {message}");
        }
    }

    /// A folder of models with networks of square8 for two and three players, and the first one's file.
    fn models() -> (tempfile::TempDir, Models, String) {
        let folder = tempfile::tempdir().unwrap();
        let nnue = folder.path().join("nnue");
        std::fs::create_dir(&nnue).unwrap();
        for (players, name) in [(PlayerCount::Two, "square8_2p.nnue"), (PlayerCount::Three, "square8_3p_v2.nnue")] {
            let network = ringrift_nnue::Network::random(BoardKind::Square8, players, 64, 1).unwrap();
            std::fs::write(nnue.join(name), network.to_bytes()).unwrap();
        }
        let models = Models::at(folder.path().to_owned());
        let file = nnue.join("square8_2p.nnue").to_str().unwrap().to_owned();
        (folder, models, file)
    }

    #[test]
    fn rungs_take_the_network_of_the_models_and_say_what_stands_in_without() {
        let (_folder, models, file) = models();
        let of = |text: &str, models: &Models| {
            let spec = EngineSpec::parse_with(text, BoardKind::Square8, PlayerCount::Two, models).unwrap();
            (spec.nnue.as_ref().map(NamedNetwork::name), spec.substitute_for)
        };
        let named = Some("square8_2p".to_owned());
        for rung in ["d4", "d5", "d6", "d6:nodes=5"] {
            assert_eq!(of(rung, &models), (named.clone(), None), "{rung}");
            assert_eq!(of(rung, &Models::NONE), (None, Some("network")), "{rung}");
        }
        // Neither wanted, nor of the kind that is wanted.
        assert_eq!(of("d2", &models), (None, None));
        assert_eq!(of("d7", &models), (None, None));
        assert_eq!(of("d8", &models), (None, Some("network")));
        assert_eq!(of("minimax", &models), (None, None));
        // What the text says counts.
        assert_eq!(of("d4:nnue=none", &models), (None, Some("network")));
        assert_eq!(of("d4:eval=light", &models), (None, Some("network")));
        assert_eq!(of(&format!("d8:nnue={file}"), &Models::NONE), (named.clone(), Some("policy network")));
        assert_eq!(of(&format!("d4:nnue={file}"), &Models::NONE), (named, None));
        // No network for this game: a rung does without, a file is refused.
        let hex8 = |text: &str| EngineSpec::parse_with(text, BoardKind::Hex8, PlayerCount::Two, &models);
        assert_eq!(hex8("d4").unwrap().substitute_for, Some("network"));
        assert!(hex8(&format!("d4:nnue={file}")).unwrap_err().to_string().contains("network for square8"));
    }

    #[test]
    fn engines_with_a_network_play_and_name_it() {
        use ringrift_eval::GameRng;
        use ringrift_rules::{MoveList, Position, RuleOptions, Square8};
        use ringrift_search::Stop;

        let (_folder, _, file) = models();
        let (board, players) = (BoardKind::Square8, PlayerCount::Two);
        let position = Position::<Square8>::initial(players, RuleOptions::standard(board, players));
        let mut legal = MoveList::new();
        position.legal_moves(&mut legal);
        for kind in EngineKind::ALL.into_iter().filter(|&kind| kind != EngineKind::Random) {
            let budget = if kind.is_search() { ",nodes=300" } else { "" };
            let spec = EngineSpec::parse(&format!("{kind}:nnue={file}{budget}"), board, players).unwrap();
            assert_eq!(EngineSpec::parse(&spec.to_string(), board, players).unwrap(), spec, "{spec}");
            let mut rng = GameRng::new(1, 0, 0);
            let mut engine = spec.engine::<Square8>(&mut rng, &Stop::new()).unwrap();
            let digest = spec.nnue.as_ref().unwrap().sha256().to_owned();
            assert!(engine.describe().contains(&digest[..8]), "{kind}: {}", engine.describe());
            let decision = engine.choose(&position, &legal, &mut rng).unwrap();
            assert!(legal.contains(&decision.mv) && decision.evaluations > 0, "{kind}");
            let record = spec.record();
            assert_eq!(record.nn_model_id.as_deref(), Some("square8_2p"), "{kind}");
            assert_eq!(record.model_sha256, Some(digest), "{kind}");
            assert_eq!(record.settings["nnue_file"], "square8_2p.nnue", "{kind}");
            assert!(!record.settings.contains_key("heuristic_profile"), "{kind}");
            // Built for another board, it fails instead of playing with something else.
            assert!(spec.engine::<ringrift_rules::Hex8>(&mut rng, &Stop::new()).is_err(), "{kind}");
        }
    }
}
