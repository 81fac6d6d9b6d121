//! Runs of self-play that are killed at random moments and resumed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use ringrift_eval::GameRng;
use ringrift_replay::{ContentDigest, GameFilter, StoreReader};

use crate::support::{rrpipe, run};

/// What a line of the log says that matters here.
#[derive(serde::Deserialize)]
struct LoggedGame {
    index: u64,
    db_game_id: String,
}

/// The files of a run.
struct Files {
    log: PathBuf,
    database: PathBuf,
}

impl Files {
    fn new(folder: &Path, name: &str) -> Self {
        Self { log: folder.join(format!("{name}.jsonl")), database: folder.join(format!("{name}.db")) }
    }

    /// The command that plays until the log has so many games.
    fn play(&self, games: u64) -> Command {
        let mut command = rrpipe();
        command.args([
            "selfplay",
            "--engine-mode",
            "heuristic-only",
            "--seed",
            "11",
            "--resume-from-jsonl",
            "--jobs",
            "2",
        ]);
        command.arg("--num-games").arg(games.to_string());
        command.arg("--log-jsonl").arg(&self.log).arg("--record-db").arg(&self.database);
        command
    }

    /// Appends the names of the games whose whole lines are in the log beyond `read`; returns where these lines end.
    fn read_log(&self, read: u64, names: &mut Vec<String>) -> u64 {
        let Ok(mut log) = fs::File::open(&self.log) else { return 0 };
        log.seek(SeekFrom::Start(read)).unwrap();
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for line in text[..whole].lines() {
            let game: LoggedGame = serde_json::from_str(line).unwrap();
            assert_eq!(game.index, names.len() as u64);
            names.push(game.db_game_id);
        }
        read + whole as u64
    }

    /// Content of the games in the database, by their names.
    fn digests(&self) -> BTreeSet<ContentDigest> {
        let mut reader = StoreReader::open(&self.database).unwrap();
        let ids = reader.ids(&GameFilter::default()).unwrap();
        let digests: BTreeSet<ContentDigest> =
            ids.iter().map(|id| reader.game(id).unwrap().content().unwrap()).collect();
        assert_eq!(digests.len(), ids.len(), "no game is there twice");
        digests
    }
}

/// 20 kills are quick; `RINGRIFT_KILLS=200` is the long test.
#[test]
#[cfg(unix)]
fn killed_runs_lose_no_game_and_complete_to_the_same_set() {
    let kills: u64 = std::env::var("RINGRIFT_KILLS").map_or(20, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let killed = Files::new(folder.path(), "killed");
    let mut random = GameRng::new(11, kills, GameRng::HOST);
    let (mut safe, mut read) = (Vec::new(), 0);
    for kill in 0..kills {
        // More games than it has time for, and not so many that a small disk is found wanting.
        let mut process =
            killed.play(safe.len() as u64 + 2000).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        if random.chance(0.8) {
            // Not before it begins to play; the others die while they open their files.
            let mut line = String::new();
            while !line.starts_with("[resume]") {
                line.clear();
                assert!(out.read_line(&mut line).unwrap() > 0, "ended by itself before kill {kill}");
            }
        }
        thread::sleep(Duration::from_micros(random.below(500_000) as u64));
        process.kill().unwrap();
        process.wait().unwrap();
        // Lines that were there stay as they are: they are in the database, and nothing is written before their end.
        let length = fs::metadata(&killed.log).map_or(0, |file| file.len());
        assert!(length >= read, "kill {kill}: of {read} bytes of whole lines {length} are left");
        read = killed.read_log(read, &mut safe);
        match StoreReader::open(&killed.database) {
            Ok(mut reader) => {
                assert_eq!(reader.integrity_faults(), Ok(Vec::new()), "kill {kill}");
                let ids = reader.ids(&GameFilter::default()).unwrap();
                let present: BTreeSet<&String> = ids.iter().collect();
                assert_eq!(present.len(), ids.len(), "kill {kill}: a game is there twice");
                assert!(safe.iter().all(|id| present.contains(id)), "kill {kill}");
            }
            // Killed before the tables were there.
            Err(error) => assert!(safe.is_empty(), "kill {kill}: {error}"),
        }
    }
    assert!(!safe.is_empty(), "no kill came after a game was safe");
    let total = safe.len() as u64 + 20;
    let smooth = Files::new(folder.path(), "smooth");
    for files in [&killed, &smooth] {
        let ran = run(&mut files.play(total));
        assert_eq!(ran.status, Some(0), "{}", ran.err);
        let mut logged = Vec::new();
        files.read_log(0, &mut logged);
        assert_eq!(logged.len() as u64, total);
    }
    assert_eq!(killed.digests(), smooth.digests());
    assert_eq!(killed.digests().len() as u64, total);
    eprintln!("{kills} kills, {} games safe before the last of them, {total} in the end", safe.len());
}
