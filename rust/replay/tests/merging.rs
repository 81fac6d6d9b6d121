//! Merging: what is taken, what is not, and that nothing is lost either way.

use std::{
    collections::HashSet,
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{
    MergeError, MergeOptions, MergeOutcome, MergeReport, NewGame, OnConflict, Parts, RecordForm, StoreError,
    StoreReader, StoreWriter, Stored, WriterOptions, verify_game,
};
use serde_json::Value;

#[path = "support/merge.rs"]
mod helpers;
#[path = "support/play.rs"]
mod play;
mod support;

use helpers::{change, counts, game, id, ids, merged, query, rows, run, store};

/// Unpacks a database that upstream wrote.
fn unpack(file: &Path, folder: &Path) -> PathBuf {
    let path = folder.join(file.file_stem().expect("a name"));
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(file).expect("a readable file");
    MultiGzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip");
    std::fs::write(&path, bytes).expect("room for a database");
    path
}

fn databases(folder: &Path, place: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a folder entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(".db.gz")).collect();
    files.sort();
    files.into_iter().map(|file| unpack(&file, place)).collect()
}

/// Merges the databases of upstream in a folder that have so many bytes at most, and compares every row.
fn merge_databases(folder: &Path, bytes_max: u64) -> MergeReport {
    let place = tempfile::tempdir().expect("a folder");
    let mut inputs = databases(folder, place.path());
    inputs.retain(|path| path.metadata().expect("a file").len() <= bytes_max || std::fs::remove_file(path).is_err());
    let before: Vec<Vec<u8>> = inputs.iter().map(|path| std::fs::read(path).expect("a file")).collect();
    let output = place.path().join("merged.db");
    let report = merged(&inputs.iter().map(PathBuf::as_path).collect::<Vec<_>>(), &output);
    assert_eq!(report.total.rejected, 0, "{:#?}", report.faults);
    for (path, before) in inputs.iter().zip(&before) {
        assert!(std::fs::read(path).expect("a file") == *before, "{} was written to", path.display());
    }
    assert_eq!(std::fs::read_dir(place.path()).expect("a folder").count(), inputs.len() + 1, "no file is left over");
    let mut reader = StoreReader::open(&output).expect("a database");
    assert_eq!(reader.integrity_faults(), Ok(Vec::new()));
    // Every row of every input is there as it was, unless its game was there already.
    let taken: HashSet<String> = rows(&output).into_iter().collect();
    let mut missing = 0;
    for input in &inputs {
        let rows = rows(input);
        missing += rows.iter().filter(|row| !taken.contains(*row)).count();
    }
    assert!(missing == 0 || report.total.duplicate > 0, "{missing} rows are missing");
    assert_eq!(report.total.enriched, report.total.duplicate);
    assert_eq!(report.games_in_output, report.total.new);
    report
}

#[test]
fn sample_of_databases_is_merged_row_by_row() {
    let report = merge_databases(&support::repository().join("tests/data/dbs"), u64::MAX);
    assert_eq!(counts(&report), [7, 0, 0, 0, 0, 0]);
}

#[test]
fn all_databases_are_merged() {
    let Some(folder) = support::parity("dbs") else { return };
    // The two largest take as long as all others; `RINGRIFT_ALL_DATABASES=1` takes them too.
    let is_all = std::env::var_os("RINGRIFT_ALL_DATABASES").is_some();
    let report = merge_databases(&folder, if is_all { u64::MAX } else { 10 << 20 });
    // One of them is a copy of another, with probabilities of moves.
    assert_eq!((report.total.new, report.total.duplicate), (if is_all { 20 } else { 18 }, 3));
}

#[test]
fn duplicates_are_dropped_by_name_and_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), (0..4).map(|i| game(1, i)));
    let other_form = WriterOptions { form: RecordForm::UPSTREAM_LEAN, ..WriterOptions::default() };
    let writer = StoreWriter::open(&place("b.db"), other_form).unwrap();
    // The same games in another form, one of them under another name.
    for index in 2..6 {
        let mut again = game(1, index);
        if index == 3 {
            again.id = "another name".into();
        }
        assert_eq!(writer.store(&again), Ok(Stored::New));
    }
    drop(writer);
    let output = place("merged.db");
    let report = merged(&[&a, &place("b.db")], &output);
    assert_eq!(counts(&report), [6, 1, 1, 0, 0, 0]);
    assert_eq!(ids(&output), (0..6).map(|i| id(1, i)).collect::<Vec<_>>());
    let per_source: Vec<u64> = report.sources.iter().map(|source| source.counts.new).collect();
    assert_eq!(per_source, [4, 2]);
    // Merging again adds nothing, whether into a new output or the same.
    let before = rows(&output);
    let report = merged(&[&a, &place("b.db")], &output);
    assert_eq!(
        (counts(&report), report.outcome, report.games_in_output),
        ([0, 7, 1, 0, 0, 0], MergeOutcome::Extended, 6)
    );
    assert_eq!(rows(&output), before);
}

#[test]
fn duplicate_gives_the_notes_of_its_searches() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let plain = store(&place("plain.db"), [game(1, 0), game(1, 1)]);
    let noted = store(&place("noted.db"), [game(1, 0), game(1, 1)]);
    let set = |path: &Path, column: &str, value: &str, number: i64| {
        let name = id(1, 0);
        change(
            path,
            &format!("UPDATE game_moves SET {column} = {value} WHERE game_id = '{name}' AND move_number = {number}"),
        );
    };
    set(&noted, "move_probs", "'{\"a\": 0.25}'", 4);
    set(&noted, "heuristic_features", "zeroblob(196)", 5);
    set(&plain, "move_probs", "'{\"b\": 0.5}'", 6);
    set(&noted, "move_probs", "'{\"c\": 0.5}'", 6);
    // What the kept game says itself stays.
    let notes = |path: &Path| -> String {
        query(path, "SELECT group_concat(move_number || coalesce(move_probs, '-') || coalesce(length(heuristic_features), '-'), ' ')
                     FROM game_moves WHERE move_probs IS NOT NULL OR heuristic_features IS NOT NULL")
    };
    let expected = "4{\"a\": 0.25}- 5-196 6{\"b\": 0.5}-";
    let output = place("new.db");
    let report = merged(&[&plain, &noted], &output);
    assert_eq!((counts(&report), report.total.enriched, notes(&output).as_str()), ([2, 2, 0, 0, 0, 0], 1, expected));
    let report = merged(&[&noted], &plain);
    assert_eq!((counts(&report), report.total.enriched, notes(&plain).as_str()), ([0, 2, 0, 0, 0, 0], 1, expected));
    assert_eq!(merged(&[&noted], &plain).total.enriched, 0, "nothing is missing any more");
}

#[test]
fn merge_adds_to_an_output_that_self_play_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let output = store(&place("games.db"), (0..3).map(|i| game(1, i)));
    let mut renamed = game(1, 2);
    renamed.id = "another name".into();
    let input = store(&place("b.db"), vec![renamed, game(1, 1), game(1, 7)]);
    let before = rows(&output);
    let report = merged(&[&input], &output);
    assert_eq!(
        (counts(&report), report.outcome, report.games_in_output),
        ([1, 1, 1, 0, 0, 0], MergeOutcome::Extended, 4)
    );
    let after = rows(&output);
    assert!(before.iter().all(|row| after.contains(row)));
    assert!(rows(&input).iter().filter(|row| row.contains(&id(1, 7))).all(|row| after.contains(row)));
    assert_eq!(StoreReader::open(&output).unwrap().integrity_faults(), Ok(Vec::new()));
    assert_eq!(query::<i64>(&output, "SELECT COUNT(*) FROM rr_merged_games WHERE source IS NULL"), 3);
    // Stragglers of a game that is gone do not stand in the way.
    change(&output, &format!("PRAGMA foreign_keys = OFF; DELETE FROM games WHERE game_id = '{}'", id(1, 7)));
    assert_eq!(counts(&merged(&[&input], &output)), [1, 1, 1, 0, 0, 0]);
    assert_eq!(rows(&output), after);
}

#[test]
fn other_game_of_a_name_is_kept_aside_or_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), [game(1, 0), game(1, 1)]);
    let impostor = NewGame { id: id(1, 0), ..game(2, 0) };
    let b = store(&place("b.db"), [impostor]);
    let output = place("skip.db");
    let report = merged(&[&a, &b], &output);
    assert_eq!(counts(&report), [2, 0, 0, 1, 0, 0]);
    assert_eq!((report.faults[0].kind.as_str(), report.faults[0].game_id.as_str()), ("conflict", id(1, 0).as_str()));
    assert_eq!(query::<String>(&output, "SELECT kind FROM rr_quarantine"), "conflict");
    // All rows are there, and say the same again.
    let packed: Vec<u8> = query(&output, "SELECT rows FROM rr_quarantine");
    let mut text = String::new();
    MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    let moves = kept["game_moves"].as_array().unwrap();
    assert_eq!(moves.len(), game(2, 0).moves.len());
    assert_eq!(
        moves[3]["move_json"].as_str().unwrap(),
        query::<String>(&b, "SELECT move_json FROM game_moves WHERE move_number = 3")
    );
    assert!(kept["games"][0]["metadata_json"].is_string() && kept["game_players"].as_array().unwrap().len() == 2);

    let output = place("rename.db");
    let rename = |inputs: Vec<PathBuf>, dedupe| MergeOptions {
        on_conflict: OnConflict::Rename,
        dedupe_by_game_id: dedupe,
        ..MergeOptions::new(inputs, output.clone())
    };
    let report = run(&rename(vec![a.clone(), b.clone()], false)).unwrap();
    assert_eq!((counts(&report), report.total.renamed), ([3, 0, 0, 0, 0, 0], 1));
    let name = ids(&output).pop().unwrap();
    assert!(name.starts_with(&format!("{}-", id(1, 0))), "{name}");
    let mut reader = StoreReader::open(&output).unwrap();
    let taken = reader.game_with(&name, Parts::All).unwrap();
    assert_eq!(verify_game(&taken).differences, []);
    assert_eq!(Ok(&taken.content().unwrap()), reader_content(&b, &id(1, 0)).as_ref());
    // A second time it is a duplicate.
    assert_eq!(counts(&run(&rename(vec![b.clone()], false)).unwrap()), [0, 0, 1, 0, 0, 0]);
    // With the flag, a name that was met in this merge is not given to two games.
    std::fs::remove_file(&output).unwrap();
    assert_eq!(counts(&run(&rename(vec![a, b], true)).unwrap()), [2, 0, 0, 1, 0, 0]);
}

fn reader_content(path: &Path, id: &str) -> Result<ringrift_replay::ContentDigest, StoreError> {
    StoreReader::open(path)?.game(id)?.content()
}

#[test]
fn rejects_stop_the_merge_unless_their_share_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let bad = store(&place("bad.db"), (0..10).map(|i| game(1, i)));
    let sql = format!(
        "UPDATE game_moves SET move_json = json_set(move_json, '$.to.x', 7, '$.to.y', 7, '$.type', 'move_stack',
         '$.from', json('{{\"x\":0,\"y\":0}}')) WHERE game_id = '{}' AND move_number = 9",
        id(1, 4)
    );
    change(&bad, &sql);
    let output = store(&place("output.db"), [game(2, 0)]);
    let before = std::fs::read(&output).unwrap();
    for target in [&output, &place("new.db")] {
        let error = run(&MergeOptions::new(vec![bad.clone()], target.clone())).unwrap_err();
        let MergeError::TooManyRejects { rejected: 1, considered, faults, .. } = &error else { panic!("{error}") };
        assert!((5..=10).contains(considered), "stopped as soon as it is clear: {considered}");
        assert_eq!((faults[0].ply, faults[0].field.as_str()), (Some(9), "move"));
        let text = error.to_string();
        assert!(
            text.contains("ply 9: move") && text.contains("\nhint: ") && text.contains("--max-reject-share"),
            "{text}"
        );
    }
    assert!(std::fs::read(&output).unwrap() == before && !place("new.db").exists());
    // The share is accepted: the work of before is used, and the game is kept aside.
    let options = MergeOptions { max_reject_share: 0.1, ..MergeOptions::new(vec![bad.clone()], output.clone()) };
    let report = run(&options).unwrap();
    assert_eq!((counts(&report), report.resumed), ([9, 0, 0, 0, 1, 0], true));
    assert_eq!(ids(&output).len(), 10);
    assert_eq!(query::<i64>(&output, "SELECT ply FROM rr_quarantine WHERE kind = 'reject'"), 9);
    // Again: the game is rejected again, and kept aside once.
    assert_eq!(counts(&run(&options).unwrap()), [0, 9, 0, 0, 1, 0]);
    assert_eq!(query::<i64>(&output, "SELECT COUNT(*) FROM rr_quarantine"), 1);
    // A valid record of the same game in another input is taken.
    let good = store(&place("good.db"), [game(1, 4)]);
    assert_eq!(counts(&run(&MergeOptions { inputs: vec![good], ..options }).unwrap()), [1, 0, 0, 0, 0, 0]);
    // What was kept aside travels on.
    let onward = place("onward.db");
    merged(&[&output], &onward);
    assert_eq!(query::<i64>(&onward, "SELECT COUNT(*) FROM rr_quarantine"), 1);
}
