//! Power loss while games are stored: whatever of the unsynced writes reaches the disk, acknowledged games are there.
//!
//! A test binary of its own: the recording file layer is the default of its whole process.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Mutex, atomic::AtomicBool},
};

use ringrift_replay::{
    Ack, GameFilter, MergeOptions, NewGame, StoreError, StoreReader, StoreWriter, Stored, WriterOptions, game_id, merge,
};
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_test_vfs::{Chance, Disk, Event, mark, record, stop};

#[path = "support/play.rs"]
mod play;

/// The recorder is one for the process.
static RECORDER: Mutex<()> = Mutex::new(());

const SEED: u64 = 50;
/// Fewest moments at which the power fails.
const CRASHES_MIN: usize = 500;

fn game(index: u64) -> NewGame {
    play::random_game(BoardKind::Hex8, PlayerCount::Two, SEED, index, false)
}

fn id(index: u64) -> String {
    game_id(&format!("run {SEED}"), index)
}

/// Stores games in several sessions, alone and in groups, and notes each acknowledgement.
fn sessions(path: &Path) -> Vec<Event> {
    record(path.parent().expect("a folder"));
    let mut next = 0;
    for groups in [[1, 1, 3].as_slice(), &[2, 5], &[1, 8, 1]] {
        let writer = StoreWriter::open(path, WriterOptions::default()).expect("a database");
        for &games in groups {
            let indexes = next..next + games;
            let acks: Vec<Ack> = indexes
                .clone()
                .map(|index| game(index).encode(writer.form()).and_then(|game| writer.submit(game)).expect("a game"))
                .collect();
            for (index, ack) in indexes.zip(acks) {
                assert_eq!(ack.wait(), Ok(Stored::New));
                mark(index);
            }
            next += games;
        }
        // Carries the log over into the database and removes it.
        writer.close().expect("a clean end");
    }
    stop()
}

/// Puts what is left of the files into a folder.
fn restore(files: &BTreeMap<PathBuf, Vec<u8>>, folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir(folder).expect("a folder");
    for (path, content) in files {
        std::fs::write(folder.join(path.file_name().expect("a name")), content).expect("room for a file");
    }
}

/// Opens what is left: every game that was promised is there, and every game that is there is whole.
fn check(path: &Path, promised: &BTreeSet<String>, what: &str) {
    // A writer recovers the file, as the next run would.
    let writer = StoreWriter::open(path, WriterOptions::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
    drop(writer);
    let mut reader = StoreReader::open(path).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(reader.integrity_faults(), Ok(Vec::new()), "{what}");
    let ids = reader.ids(&GameFilter::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let present: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(present.len(), ids.len(), "{what}: a game twice");
    assert!(promised.is_subset(&present), "{what}: lost {:?}", promised.difference(&present));
    for id in &ids {
        let end = reader.game(id).and_then(|game| game.end());
        assert!(end.is_ok_and(|end| end.outcome().is_some()), "{what}: game {id} is not whole");
    }
}

#[test]
fn acknowledged_games_survive_power_loss_at_any_moment() {
    let _alone = RECORDER.lock();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recorded").join("games.db");
    std::fs::create_dir(path.parent().expect("a folder")).expect("a folder");
    let events = sessions(&path);
    let moments = events.len();
    let (mut disk, mut promised, mut crashes) = (Disk::default(), BTreeSet::new(), 0);
    let step = (moments / (CRASHES_MIN + 20)).max(1);
    let place = folder.path().join("left");
    for (moment, event) in events.iter().enumerate() {
        disk.apply(event);
        if let Event::Mark(index) = event {
            promised.insert(id(*index));
        }
        // Moments around syncs, removals and promises matter most.
        let matters = !matches!(event, Event::Write { .. });
        if moment % step != 0 && !matters {
            continue;
        }
        // All, none or some of what was not synced reaches the disk.
        let survive = [0, 128, 256, 30, 220][crashes % 5];
        restore(&disk.after_power_loss(Chance::new(moment as u64, survive)), &place);
        let what = format!("after event {moment} of {moments}, {survive}/256 of the unsynced sectors on the disk");
        check(&place.join("games.db"), &promised, &what);
        crashes += 1;
    }
    assert!(crashes >= CRASHES_MIN, "{crashes} crashes at {moments} moments");
    assert_eq!(promised.len(), 22);
    eprintln!("{crashes} power losses at {moments} moments, {} games promised: none lost", promised.len());
}

/// The simulation can tell: without syncing, games are lost.
#[test]
fn games_are_lost_if_nothing_is_synced() {
    let _alone = RECORDER.lock();
    let events = {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("games.db");
        let mut events = sessions_of_one_game(&path);
        events.retain(|event| !matches!(event, Event::Sync { .. }));
        events
    };
    let mut disk = Disk::default();
    for event in &events {
        disk.apply(event);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("left");
    restore(&disk.after_power_loss(Chance::new(1, 0)), &place);
    let lost = match StoreReader::open(&place.join("games.db")) {
        Ok(mut reader) => reader.game(&id(0)).is_err(),
        Err(error) => matches!(error, StoreError::Missing { .. } | StoreError::NotAStore { .. }),
    };
    assert!(lost);
}

fn sessions_of_one_game(path: &Path) -> Vec<Event> {
    record(path.parent().expect("a folder"));
    let writer = StoreWriter::open(path, WriterOptions::default()).expect("a database");
    assert_eq!(writer.store(&game(0)), Ok(Stored::New));
    std::mem::forget(writer);
    stop()
}

/// The games of a merge go into a database that has games; the power fails at moments of that.
#[test]
fn output_of_a_merge_survives_power_loss_at_any_moment() {
    let _alone = RECORDER.lock();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("recorded").join("games.db");
    std::fs::create_dir(output.parent().expect("a folder")).expect("a folder");
    let input = folder.path().join("input.db");
    let store = |path: &Path, indexes: std::ops::Range<u64>| {
        let writer = StoreWriter::open(path, WriterOptions::default()).expect("a database");
        for index in indexes {
            assert_eq!(writer.store(&game(index)), Ok(Stored::New));
        }
        writer.close().expect("a clean end");
    };
    store(&input, 2..6);
    record(output.parent().expect("a folder"));
    store(&output, 0..3);
    mark(0);
    let options = MergeOptions::new(vec![input], output.clone());
    let report = merge(&options, &AtomicBool::new(false), &mut |_| {}).expect("a merge");
    assert_eq!((report.total.new, report.total.duplicate), (3, 1));
    mark(1);
    // The work file is not what is looked at here.
    let mut events = stop();
    let of_output = |path: &PathBuf| path.parent() == output.parent();
    events.retain(|event| match event {
        Event::Create { path }
        | Event::Write { path, .. }
        | Event::Truncate { path, .. }
        | Event::Sync { path }
        | Event::Delete { path, .. } => of_output(path),
        _ => true,
    });
    let (mut disk, mut promised, mut crashes) = (Disk::default(), BTreeSet::new(), 0);
    let place = folder.path().join("left");
    for (moment, event) in events.iter().enumerate() {
        disk.apply(event);
        if let Event::Mark(stage) = event {
            promised.extend(if *stage == 0 { 0..3 } else { 0..6 }.map(id));
        }
        if promised.is_empty() || (moment % 5 != 0 && matches!(event, Event::Write { .. })) {
            continue;
        }
        let survive = [0, 128, 256, 30, 220][crashes % 5];
        restore(&disk.after_power_loss(Chance::new(moment as u64, survive)), &place);
        let what = format!("after event {moment} of {}, {survive}/256 on the disk", events.len());
        check(&place.join("games.db"), &promised, &what);
        crashes += 1;
    }
    assert_eq!(promised.len(), 6);
    assert!(crashes > 20, "{crashes}");
    eprintln!("{crashes} power losses while games were added: none lost");
}
