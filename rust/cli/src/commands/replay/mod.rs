//! `rrpipe replay`: the games of a replay database.

mod export;
mod list;
mod show;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use ringrift_replay::{GameFilter, GameOrder, StoreError, StoreReader};
use ringrift_rules::{BoardKind, PlayerCount};

use super::position::{parse_board, parse_players};
use crate::{Context, ExitCode, Failure, exit};

/// List, show and export the games of a replay database
///
/// Databases are those that self-play writes, here or in upstream, of any schema version. They are never changed.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Args),
    Show(show::Args),
    Export(export::Args),
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::List(args) => list::run(args, context),
        Action::Show(args) => show::run(args, context),
        Action::Export(args) => export::run(args, context),
    }
}

/// Which games to take; without any of these, all.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
struct FilterArgs {
    /// Game of this name; may be given again
    #[arg(long, value_name = "ID")]
    game_id: Vec<String>,
    /// Board: square8, square19, hex8 or hexagonal
    #[arg(long, alias = "board", value_name = "BOARD", value_parser = parse_board)]
    board_type: Option<BoardKind>,
    /// Number of players, 2 to 4
    #[arg(long, alias = "players", value_name = "N", value_parser = parse_players)]
    num_players: Option<PlayerCount>,
    /// Status, such as completed
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Number of the winner
    #[arg(long, value_name = "N")]
    winner: Option<u64>,
    /// How the game ended: a part of the termination reason, such as territory
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// What recorded the game
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Engine mode of the run
    #[arg(long, value_name = "MODE")]
    engine_mode: Option<String>,
    /// Least number of moves
    #[arg(long, value_name = "N")]
    moves_min: Option<u64>,
    /// Greatest number of moves
    #[arg(long, value_name = "N")]
    moves_max: Option<u64>,
    /// Leave out games that are marked as unfit for training
    #[arg(long)]
    trainable: bool,
    /// Most games
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

impl From<&FilterArgs> for GameFilter {
    fn from(args: &FilterArgs) -> Self {
        Self {
            board: args.board_type.map(|board| board.name().to_owned()),
            num_players: args.num_players.map(|players| players.get() as u64),
            status: args.status.clone(),
            winner: args.winner,
            source: args.source.clone(),
            engine_mode: args.engine_mode.clone(),
            reason: args.reason.clone(),
            moves_min: args.moves_min,
            moves_max: args.moves_max,
            ids: args.game_id.clone(),
            trainable: args.trainable,
            order: GameOrder::Stored,
            limit: args.limit,
        }
    }
}

fn open(path: &Path) -> Result<StoreReader, Failure> {
    StoreReader::open(path).map_err(store_failure)
}

/// A database that cannot be read or written: a device error, or a damaged file.
pub(crate) fn store_failure(error: StoreError) -> Failure {
    Failure::new(if error.is_environment() { exit::IO } else { exit::BAD_INPUT }, error)
}

/// The database that a command reads.
#[derive(Clone, Debug, clap::Args)]
struct FileArg {
    /// Replay database
    #[arg(value_name = "FILE")]
    path: PathBuf,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ringrift_replay::{NewGame, StateDocument, StoreWriter, WriterOptions};
    use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};
    use ringrift_selfplay::{GameRng, playout_moves};

    use crate::exit;
    use crate::testing::{Ran, rrpipe};

    /// A database with a game on each of two boards.
    fn database(folder: &Path) -> String {
        let path = folder.join("games.db");
        let writer = StoreWriter::open(&path, WriterOptions::default()).unwrap();
        for (id, board, players) in
            [("one", BoardKind::Square8, PlayerCount::Two), ("two", BoardKind::Hex8, PlayerCount::Three)]
        {
            let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
            let (_, moves) = playout_moves(&start, &mut GameRng::new(7, 0, GameRng::HOST), 5000, &mut MoveList::new());
            let moves = moves.into_iter().map(Into::into).collect();
            let metadata = serde_json::json!({"rng_seed": 7, "source": "test", "player_1_ai_type": "random"});
            let metadata = metadata.as_object().unwrap().clone();
            writer.store(&NewGame::new(id.into(), StateDocument::new(start), moves, metadata)).unwrap();
        }
        path.to_str().unwrap().to_owned()
    }

    fn ok(args: &[&str]) -> Ran {
        let ran = rrpipe(args);
        assert_eq!(ran.exit, exit::OK, "{args:?}: {}", ran.err);
        ran
    }

    #[test]
    fn games_are_listed_and_filtered() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        let ran = ok(&["replay", "list", &path]);
        assert_eq!((ran.out.lines().count(), ran.err.as_str()), (3, "2 games\n"));
        let ran = ok(&["replay", "list", &path, "--board-type", "hex8", "--num-players", "3", "--format", "json"]);
        let row: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&row["game_id"], &row["rng_seed"], &row["source"]), (&"two".into(), &7.into(), &"test".into()));
        assert_eq!(ok(&["replay", "list", &path, "--moves-min", "100000"]).err, "0 games\n");
    }

    #[test]
    fn positions_are_shown_by_name_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        let by_name = ok(&["replay", "show", &path, "--game-id", "two", "--ply", "9", "--format", "notation"]);
        let by_number = ok(&["replay", "show", &path, "--game-id", "1", "--ply", "9", "--format", "notation"]);
        assert_eq!(by_name.out, by_number.out);
        assert!(ok(&["replay", "show", &path, "--game-id", "two"]).out.contains("hex8"));
        assert!(ok(&["replay", "show", &path, "--format", "svg"]).out.starts_with("<svg "));
        let ran = rrpipe(&["replay", "show", &path, "--game-id", "three"]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(
            ran.err.contains("has no game \"three\"") && ran.err.contains("hint: `rrpipe replay list"),
            "{}",
            ran.err
        );
        assert_eq!(rrpipe(&["replay", "show", &path, "--ply", "99999"]).exit, exit::BAD_INPUT);
        assert_eq!(rrpipe(&["replay", "show", "no/such.db"]).exit, exit::IO);
    }

    #[test]
    fn exported_traces_and_databases_verify() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        let traces = folder.path().join("games.jsonl");
        ok(&["replay", "export", &path, "--format", "trace", "--output", traces.to_str().unwrap()]);
        let ran = ok(&["verify", &path, traces.to_str().unwrap()]);
        assert_eq!(ran.out.matches(": 2 games, ").count(), 2, "{}", ran.out);
        assert!(ran.out.contains("total: 2 files, 4 games, ") && ran.out.ends_with(" 0 differences\n"), "{}", ran.out);
        let ran = ok(&["verify", folder.path().to_str().unwrap()]);
        assert!(ran.out.contains("total: 2 files"), "{}", ran.out);
    }

    #[test]
    fn games_are_exported_as_lines_text_and_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        let lines = ok(&["replay", "export", &path]).out;
        let records: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((records.len(), &records[1]["db_game_id"], &records[1]["index"]), (2, &"two".into(), &1.into()));
        let text = ok(&["replay", "export", &path, "--format", "text", "--game-id", "one"]).out;
        assert!(text.starts_with("game one\nsquare8 with 1 (random), 2 (heuristic)\n"), "{text}");
        let frames = folder.path().join("frames");
        let ran = ok(&[
            "replay",
            "export",
            &path,
            "--format",
            "svg",
            "--game-id",
            "one",
            "--output",
            frames.to_str().unwrap(),
        ]);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", "1 games\n"));
        let moves = records[0]["moves"].as_array().unwrap().len();
        assert_eq!(std::fs::read_dir(frames.join("one")).unwrap().count(), moves + 1);
        assert_eq!(rrpipe(&["replay", "export", &path, "--format", "svg"]).exit, exit::USAGE);
    }

    #[test]
    fn damaged_games_are_differences_and_foreign_files_bad_input() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        // Of another length in the text of a move, and nowhere else.
        let at = bytes.windows(16).rposition(|text| text == b"\"moveNumber\":20,").unwrap();
        let mut changed = bytes.clone();
        changed[at + 14] = b'7';
        std::fs::write(&path, changed).unwrap();
        let ran = rrpipe(&["verify", &path]);
        assert_eq!(ran.exit, exit::DIFFERENCES, "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(", ply 19, moveNumber: expected 27, got 20"), "{}", ran.out);
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(rrpipe(&["verify", &path]).exit, exit::BAD_INPUT);
        std::fs::write(&path, "no database").unwrap();
        for command in [["verify", &path].as_slice(), &["replay", "list", &path], &["replay", "export", &path]] {
            let ran = rrpipe(command);
            assert_eq!(ran.exit, exit::BAD_INPUT);
            assert!(ran.err.contains("is not an SQLite database"), "{}", ran.err);
        }
    }
}
