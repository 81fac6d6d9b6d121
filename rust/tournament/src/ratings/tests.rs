//! Tests of ratings on logs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ringrift_eval::GameRng;
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_selfplay::EngineSpec;

use super::*;
use crate::field::{Field, Openings};
use crate::pairing::Pairing;
use crate::participant::Participant;
use crate::tournament::Tournament;

const ENGINES: [&str; 3] = ["random", "heuristic", "minimax:nodes=200"];

/// The log of a small tournament.
fn log(folder: &Path, players: PlayerCount, games_per_line_up: u64) -> PathBuf {
    let board = BoardKind::Hex8;
    let participant =
        |text: &&str| Participant::new(*text, EngineSpec::parse(text, board, players).unwrap(), board, players);
    let tournament = Tournament {
        field: Field {
            board,
            players,
            participants: ENGINES.iter().map(participant).collect(),
            openings: Openings::Random { decisions: 6 },
            seed: 5,
            moves_max: 2_000,
            jobs: 2,
        },
        pairing: Pairing::RoundRobin,
        games_per_line_up,
    };
    let path = folder.join(format!("{}.jsonl", players.get()));
    tournament.play(&path, &AtomicBool::new(false), |_| {}).unwrap();
    path
}

#[test]
fn ratings_hang_on_the_set_of_games_alone_and_order_known_engines() {
    let folder = tempfile::tempdir().unwrap();
    let logs = [log(folder.path(), PlayerCount::Two, 16), log(folder.path(), PlayerCount::Three, 30)];
    let rated = |paths: &[PathBuf]| rate(&LogContent::load(paths).unwrap(), &[("random".into(), 400.0)]).unwrap();
    let pools = rated(&logs);
    assert_eq!(pools.len(), 2);
    for pool in &pools {
        let names: Vec<&str> = pool.engines.iter().map(|engine| engine.name.as_str()).collect();
        assert_eq!(names, ["minimax:nodes=200", "heuristic", "random"]);
        assert!((pool.engines[2].rating - 400.0).abs() < 1e-9 && pool.engines[2].is_anchor);
        assert!(pool.engines.iter().all(|engine| engine.is_anchor || engine.error > 0.0));
        for (one, row) in pool.meetings.iter().enumerate() {
            for (other, entry) in row.iter().enumerate() {
                let back = pool.meetings[other][one];
                assert!(entry.count == back.count && (entry.points + back.points - entry.count as f64).abs() < 1e-9);
            }
        }
        assert!(pool.meetings[0][2].points > 0.6 * pool.meetings[0][2].count as f64, "{:?}", pool.meetings);
    }
    // Lines of both logs, each twice, shuffled, in two files, behind each other.
    let mut lines: Vec<String> = Vec::new();
    for path in [&logs[0], &logs[1], &logs[0]] {
        lines.extend(fs::read_to_string(path).unwrap().lines().map(str::to_owned));
    }
    let mut rng = GameRng::new(1, 1, 1);
    for place in (1..lines.len()).rev() {
        lines.swap(place, rng.below(place + 1));
    }
    let (front, back) = lines.split_at(lines.len() / 3);
    let parts = [front, back].map(|part| part.join("\n") + "\n");
    let paths: Vec<PathBuf> = ["a", "b"].iter().map(|name| folder.path().join(name)).collect();
    fs::write(&paths[0], &parts[0]).unwrap();
    fs::write(&paths[1], &parts[1]).unwrap();
    assert_eq!(rated(&paths), pools);
    let unknown = rate(&LogContent::load(&paths).unwrap(), &[("best".into(), 400.0)]);
    assert_eq!(unknown, Err(RatingError::UnknownAnchor("best".into())));
}

/// The columns that upstream's leaderboard reads.
#[test]
fn store_has_ratings_and_games_in_upstreams_shape() {
    let folder = tempfile::tempdir().unwrap();
    let content = LogContent::load(&[log(folder.path(), PlayerCount::Three, 6)]).unwrap();
    let pools = rate(&content, &[]).unwrap();
    let path = folder.path().join("unified_elo.db");
    write_elo_store(&path, &content, &pools).unwrap();
    write_elo_store(&path, &content, &pools).unwrap();
    let store = rusqlite::Connection::open(&path).unwrap();
    let leaders: Vec<(String, f64, i64, i64, i64, i64)> = store
        .prepare(
            "SELECT participant_id, rating, games_played, wins, losses, draws FROM elo_ratings JOIN participants USING (participant_id)
             WHERE board_type = 'hex8' AND num_players = 3 AND games_played >= 1 ORDER BY rating DESC",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(leaders.len(), 3);
    for (leader, engine) in leaders.iter().zip(&pools[0].engines) {
        assert_eq!((leader.0.as_str(), leader.2), (engine.id.as_str(), engine.seats as i64));
        assert!((leader.1 - engine.rating).abs() < 1e-9 && leader.3 + leader.4 + leader.5 == leader.2);
    }
    let games: i64 =
        store.query_row("SELECT count(*) FROM match_history WHERE game_id IS NOT NULL", [], |row| row.get(0)).unwrap();
    assert_eq!(games as u64, pools[0].games);
    // What upstream's writers insert into the file.
    for column in ["game_id", "winner_id"] {
        store.execute(&format!("INSERT INTO match_history ({column}, board_type, num_players, timestamp) VALUES ('x', 'hex8', 2, 1)"), []).unwrap();
    }
}
