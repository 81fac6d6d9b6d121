//! Databases that upstream wrote are read, replay without difference, and can be told apart by their content.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{GameFilter, Parts, StoreReader, verify_game};

mod support;

/// Unpacks a database into a folder.
fn unpack(file: &Path, folder: &Path) -> PathBuf {
    let path = folder.join(file.file_stem().expect("a name"));
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(file).expect("a readable file");
    MultiGzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip");
    std::fs::write(&path, bytes).expect("room for a database");
    path
}

fn databases(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".db.gz"))
        .collect();
    files.sort();
    files
}

/// Verifies every game of every database; returns files, games, plies and states.
fn verify(folder: &Path) -> (usize, usize, usize, usize) {
    let place = tempfile::tempdir().expect("a folder");
    let (files, mut games, mut plies, mut states) = (databases(folder), 0, 0, 0);
    for file in &files {
        let path = unpack(file, place.path());
        let mut reader = StoreReader::open(&path).expect("a replay database");
        assert_eq!(reader.integrity_faults(), Ok(Vec::new()));
        for game in reader.games(&GameFilter::default(), Parts::All).expect("a list of games") {
            let game = game.expect("a game");
            let verified = verify_game(&game);
            let shown = &verified.differences[..verified.differences.len().min(5)];
            assert!(shown.is_empty(), "{}: {shown:#?}", file.display());
            games += 1;
            plies += verified.plies;
            states += verified.states;
        }
        let beside = std::fs::read_dir(place.path()).expect("a folder").count();
        assert_eq!(beside, 1, "reading leaves no file behind");
        std::fs::remove_file(&path).expect("a file that can be removed");
    }
    (files.len(), games, plies, states)
}

#[test]
fn sample_of_databases_verifies_without_difference() {
    let (files, games, plies, states) = verify(&support::repository().join("tests/data/dbs"));
    assert!(files >= 3 && games >= 6 && plies > 500 && states > 20, "{files} {games} {plies} {states}");
}

#[test]
fn all_databases_verify_without_difference() {
    let Some(folder) = support::parity("dbs") else { return };
    let (files, games, plies, states) = verify(&folder);
    eprintln!("{files} databases, {games} games, {plies} plies, {states} states: no difference");
    assert!(games > 20);
}
