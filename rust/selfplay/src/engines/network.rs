//! Networks of engines: read once in a process, named by records, and found in folders of models.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use ringrift_nnue::{Network, NetworkError};
use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::Value;

/// The variable that names the folder of models.
pub const MODELS_VARIABLE: &str = "RINGRIFT_MODELS_DIR";

/// Where networks lie in a folder of models.
const SUBFOLDER: &str = "nnue";

/// A network that engines evaluate with, and the file that it was read from.
///
/// Two are equal if their files are: the name says nothing of what an engine plays.
#[derive(Clone)]
pub struct NamedNetwork {
    path: PathBuf,
    sha256: String,
    network: Arc<Network>,
}

/// Why an engine has no network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFileError {
    /// A folder of models cannot be read.
    #[error("cannot read the models in {}: {source}\nhint: {MODELS_VARIABLE} names the folder", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A checkpoint of torch.
    #[error(
        "{} is a checkpoint of torch, engines play with .nnue files\n\
         hint: `rrpipe train nnue` writes them; `rrpipe nnue info` says what a checkpoint holds",
        path.display()
    )]
    Checkpoint {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read, or is not that of a network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// It was trained for another game.
    #[error(
        "{} is a network for {board} and {players} players, the game is {own_board} with {own_players}\n\
         hint: a network plays the game that it was trained for; give another file",
        path.display()
    )]
    OtherGame {
        /// The file.
        path: PathBuf,
        /// Its board.
        board: BoardKind,
        /// Its number of players.
        players: usize,
        /// The board of the game.
        own_board: BoardKind,
        /// The number of players of the game.
        own_players: usize,
    },
}

impl NetworkFileError {
    /// What the system said, if something could not be read at all.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Folder { source, .. } => Some(source),
            Self::Network(error) => error.io(),
            _ => None,
        }
    }
}

/// The networks of this process by digest, as long as somebody has them.
static LOADED: Mutex<BTreeMap<[u8; 32], Weak<Network>>> = Mutex::new(BTreeMap::new());

impl NamedNetwork {
    /// The network in a file, for this board and number of players. What other engines of the process have read is shared.
    ///
    /// # Errors
    /// [`NetworkFileError`]: the file cannot be read, is damaged, or belongs to another game.
    pub fn load(path: &Path, board: BoardKind, players: PlayerCount) -> Result<Self, NetworkFileError> {
        let named = || path.to_owned();
        if path.extension().is_some_and(|ending| ending == "pt" || ending == "pth") {
            // A name that is wrong is no reason to call the file a checkpoint.
            std::fs::metadata(path).map_err(|source| NetworkError::Io { path: named(), source })?;
            return Err(NetworkFileError::Checkpoint { path: named() });
        }
        let network = Network::load(path)?;
        if (network.board(), network.players()) != (board, players) {
            return Err(NetworkFileError::OtherGame {
                path: named(),
                board: network.board(),
                players: network.players().get(),
                own_board: board,
                own_players: players.get(),
            });
        }
        Ok(Self { path: named(), sha256: network.sha256_hex(), network: share(network) })
    }

    /// A network that was read from no file.
    pub fn of_memory(network: Arc<Network>) -> Self {
        Self { path: PathBuf::from("memory.nnue"), sha256: network.sha256_hex(), network }
    }

    /// The network.
    pub const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The file, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the file without its ending: what records call the network.
    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// SHA-256 of the file, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The training run that its lineage names, if it does.
    pub fn run(&self) -> Option<String> {
        let lineage: Value = serde_json::from_str(self.network.lineage()).ok()?;
        lineage.get("run_id").or_else(|| lineage.get("run")).and_then(Value::as_str).map(str::to_owned)
    }
}

impl PartialEq for NamedNetwork {
    fn eq(&self, other: &Self) -> bool {
        self.sha256() == other.sha256()
    }
}

impl fmt::Debug for NamedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedNetwork({}, {})", self.path.display(), self.sha256())
    }
}

/// The network that the process has with this content already, or this one.
fn share(network: Network) -> Arc<Network> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = loaded.get(network.sha256()).and_then(Weak::upgrade) {
        return known;
    }
    loaded.retain(|_, known| known.strong_count() > 0);
    let network = Arc::new(network);
    loaded.insert(*network.sha256(), Arc::downgrade(&network));
    network
}

/// Folders of models, of which the first that has a network for a game gives it.
///
/// A network is a file `nnue/<board>_<n>p.nnue` in a folder, or one whose name goes on behind that: `square8_2p_best.nnue` comes
/// first, then `square8_2p.nnue`, then the one with the greatest number at its end, as in `square8_2p_v12.nnue`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Models {
    folders: Vec<PathBuf>,
    /// Whether somebody has named the first folder, which then has to be there.
    is_named: bool,
}

/// The folder of the networks that came with the program.
static SHIPPED: OnceLock<PathBuf> = OnceLock::new();

/// Says where the networks lie that came with the program; the first call counts.
pub fn set_shipped_models(folder: PathBuf) {
    // Whoever comes second names the same folder: there is one program in a process.
    let _ = SHIPPED.set(folder);
}

impl Models {
    /// No folders: rungs of the ladder play with the heuristic evaluation.
    pub const NONE: Self = Self { folders: Vec::new(), is_named: false };

    /// This folder alone.
    pub fn at(folder: PathBuf) -> Self {
        Self { folders: vec![folder], is_named: true }
    }

    /// The folder that [`MODELS_VARIABLE`] names, or else `models` in the working directory; then the networks that came with
    /// the program: those of the Python package, or `models` beside the executable. If the variable is set to nothing, there
    /// are no models.
    pub fn of_environment() -> Self {
        Self::of_variable(std::env::var_os(MODELS_VARIABLE))
    }

    /// The same with this value of the variable.
    pub fn of_variable(named: Option<OsString>) -> Self {
        if named.as_ref().is_some_and(|named| named.is_empty()) {
            return Self::NONE;
        }
        let is_named = named.is_some();
        let first = named.map_or_else(|| PathBuf::from("models"), PathBuf::from);
        let shipped = SHIPPED.get().cloned().or_else(|| Some(std::env::current_exe().ok()?.parent()?.join("models")));
        Self { folders: std::iter::once(first).chain(shipped).collect(), is_named }
    }

    /// The network for a game; none if no folder has one.
    ///
    /// # Errors
    /// [`NetworkFileError`]: it is there, and cannot be used; or a folder cannot be read.
    pub fn find(&self, board: BoardKind, players: PlayerCount) -> Result<Option<NamedNetwork>, NetworkFileError> {
        if let Some(first) = self.folders.first().filter(|_| self.is_named) {
            std::fs::read_dir(first).map_err(|source| NetworkFileError::Folder { path: first.clone(), source })?;
        }
        for folder in &self.folders {
            if let Some(path) = best_in(&folder.join(SUBFOLDER), board, players)? {
                return NamedNetwork::load(&path, board, players).map(Some);
            }
        }
        Ok(None)
    }
}

/// How good a name is for a network: greater ones come first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Merit {
    Version(u64),
    Plain,
    Best,
}

/// The merit of a file name for the network `stem`; none if it is no name for it.
fn merit(name: &str, stem: &str) -> Option<Merit> {
    let rest = name.strip_suffix(".nnue")?.strip_prefix(stem)?;
    match rest {
        "" => Some(Merit::Plain),
        "_best" => Some(Merit::Best),
        _ if rest.starts_with(['_', '-', '.']) => {
            let digits = rest.len() - rest.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            Some(Merit::Version(rest[rest.len() - digits..].parse().unwrap_or(0)))
        }
        _ => None,
    }
}

fn best_in(folder: &Path, board: BoardKind, players: PlayerCount) -> Result<Option<PathBuf>, NetworkFileError> {
    let failed = |source| NetworkFileError::Folder { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(failed(source)),
    };
    let stem = format!("{board}_{}p", players.get());
    let mut best = None;
    for entry in entries {
        let Ok(name) = entry.map_err(failed)?.file_name().into_string() else { continue };
        // Equal merits are told apart by name, so that the order of a folder does not matter.
        best = best.max(merit(&name, &stem).map(|merit| (merit, name)));
    }
    Ok(best.map(|(_, name)| folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAME: (BoardKind, PlayerCount) = (BoardKind::Square8, PlayerCount::Two);

    fn write(folder: &Path, name: &str, seed: u64) {
        let nnue = folder.join(SUBFOLDER);
        std::fs::create_dir_all(&nnue).unwrap();
        std::fs::write(nnue.join(name), Network::random(GAME.0, GAME.1, 64, seed).unwrap().to_bytes()).unwrap();
    }

    fn found(folder: &Path) -> Option<String> {
        Models::at(folder.to_owned()).find(GAME.0, GAME.1).unwrap().map(|network| network.name())
    }

    #[test]
    fn the_best_name_is_found_whatever_else_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(found(folder), None);
        write(folder, "square8_2plus.nnue", 1);
        write(folder, "nnue_square8_2p.nnue", 1);
        assert_eq!(found(folder), None);
        for (name, best) in [
            ("square8_2p_old.nnue", "square8_2p_old"),
            ("square8_2p_v9.nnue", "square8_2p_v9"),
            ("square8_2p_v10.nnue", "square8_2p_v10"),
            ("square8_2p_v2.nnue", "square8_2p_v10"),
            ("square8_2p.nnue", "square8_2p"),
            ("square8_2p_best.nnue", "square8_2p_best"),
            ("square8_2p_v11.nnue", "square8_2p_best"),
        ] {
            write(folder, name, 1);
            assert_eq!(found(folder).as_deref(), Some(best), "{name}");
        }
        assert_eq!(Models::at(folder.to_owned()).find(BoardKind::Hex8, GAME.1).unwrap(), None);
        assert_eq!(Models::NONE.find(GAME.0, GAME.1).unwrap(), None);
    }

    #[test]
    fn one_content_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        for (name, seed) in [("square8_2p_a.nnue", 1), ("square8_2p_b.nnue", 1), ("square8_2p_c.nnue", 2)] {
            write(folder.path(), name, seed);
        }
        let load = |name: &str| NamedNetwork::load(&folder.path().join(SUBFOLDER).join(name), GAME.0, GAME.1).unwrap();
        let (a, b, c) = (load("square8_2p_a.nnue"), load("square8_2p_b.nnue"), load("square8_2p_c.nnue"));
        assert!(Arc::ptr_eq(a.network(), b.network()) && !Arc::ptr_eq(a.network(), c.network()));
        assert!(a == b && a != c && a.name() != b.name());
        assert_eq!(a.sha256().len(), 64);
    }

    #[test]
    fn files_that_are_none_are_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        std::fs::write(folder.join("x.pt"), "PK").unwrap();
        std::fs::write(folder.join("bad.nnue"), "no network").unwrap();
        let hex8 = Network::random(BoardKind::Hex8, PlayerCount::Three, 64, 1).unwrap();
        std::fs::write(folder.join("hex8.nnue"), hex8.to_bytes()).unwrap();
        for (name, says) in [
            ("missing.nnue", "missing.nnue cannot be read"),
            ("missing.pt", "missing.pt cannot be read"),
            ("x.pt", "checkpoint of torch"),
            ("bad.nnue", "bad.nnue: this is no .nnue file"),
            ("hex8.nnue", "is a network for hex8 and 3 players, the game is square8 with 2"),
        ] {
            let message = NamedNetwork::load(&folder.join(name), GAME.0, GAME.1).unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("hint: "), "{name}: {message}");
        }
        // What is found by its name is not passed over.
        std::fs::create_dir(folder.join(SUBFOLDER)).unwrap();
        std::fs::copy(folder.join("hex8.nnue"), folder.join(SUBFOLDER).join("square8_2p.nnue")).unwrap();
        assert!(Models::at(folder.to_owned()).find(GAME.0, GAME.1).is_err());
        let message = Models::at(folder.join("none")).find(GAME.0, GAME.1).unwrap_err().to_string();
        assert!(message.contains(MODELS_VARIABLE), "{message}");
    }
}
