//! Samples for networks: what they say of the games, and what becomes of files that are not as they should be.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "tests")]

mod support;

use std::fs;
use std::ops::Deref;
use std::sync::atomic::AtomicBool;

use ringrift_dataset::nnue::{Batch, BatchError, CacheState, SampleError, SampleOptions, Samples, open};
use ringrift_dataset::{ExportOptions, Output, Part, RowPlan, Selection, Split, export};
use ringrift_encode::Symmetry;
use ringrift_eval::Values;
use ringrift_nnue::FeatureSet;
use ringrift_replay::{StoreError, StoreReader};
use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, with_position};
use rusqlite::Connection;
use support::Silent;

/// A copy of a recorded database, and which games are in it.
struct Copy {
    files: support::Copy,
    board: BoardKind,
    players: PlayerCount,
}

impl Deref for Copy {
    type Target = support::Copy;
    fn deref(&self) -> &support::Copy {
        &self.files
    }
}

impl Copy {
    fn of(name: &str, board: BoardKind, players: PlayerCount) -> Self {
        Self { files: support::Copy::of(name), board, players }
    }

    /// Two games of three on square8.
    fn new() -> Self {
        Self::of("square8_3p_random", BoardKind::Square8, PlayerCount::Three)
    }

    fn options(&self) -> SampleOptions {
        SampleOptions { jobs: 2, ..SampleOptions::new(vec![self.path("games.db")], self.board, self.players) }
    }

    fn cached(&self) -> SampleOptions {
        SampleOptions { cache: Some(self.path("samples")), ..self.options() }
    }
}

fn run(options: &SampleOptions) -> Result<Samples, SampleError> {
    open(options, &AtomicBool::new(false), &mut Silent)
}

fn everything(samples: &Samples) -> Batch {
    let rows: Vec<i64> = (0..samples.len() as i64).collect();
    samples.batch(&rows, None, 0.5, true).unwrap()
}

/// The active features, ascending.
fn active(set: FeatureSet, position: &AnyPosition) -> Vec<Vec<u16>> {
    let mut list = Vec::new();
    position
        .players()
        .seats()
        .map(|seat| {
            with_position!(position, position => set.active(position, seat, &mut list));
            list.clone()
        })
        .collect()
}

/// What a batch says of its row `index`, the features ascending.
fn described(batch: &Batch, index: usize, seats: usize) -> Vec<Vec<u16>> {
    (0..seats)
        .map(|seat| {
            let at = index * seats + seat;
            let mut list = batch.features[batch.offsets[at] as usize..batch.offsets[at + 1] as usize].to_vec();
            list.sort_unstable();
            list
        })
        .collect()
}

#[test]
fn rows_are_the_choices_of_the_games_with_their_results() {
    for (name, board, players) in [
        ("square8_2p_swap", BoardKind::Square8, PlayerCount::Two),
        ("square8_3p_random", BoardKind::Square8, PlayerCount::Three),
        ("hex8_3p_random", BoardKind::Hex8, PlayerCount::Three),
    ] {
        let copy = Copy::of(name, board, players);
        let (samples, seats) = (run(&copy.options()).unwrap(), players.get());
        let (set, batch) = (FeatureSet::new(board, players), everything(&samples));
        let (plies, left): (Vec<u32>, Vec<u32>) = samples.plies().zip(samples.plies_left()).unzip();
        let (movers, games): (Vec<u8>, Vec<u32>) = samples.movers().zip(samples.game_of_rows()).unzip();
        let mut reader = StoreReader::open(&copy.path("games.db")).unwrap();
        let (mut row, mut turned) = (0, 0);
        for (number, game) in samples.games().iter().enumerate() {
            let replayed = reader.game(&game.id).unwrap().replay_all().unwrap();
            let values = Values::of_ranks(&replayed.end.ranks().unwrap(), players);
            let mut position = replayed.start.position;
            for (ply, &mv) in replayed.moves.iter().enumerate() {
                let mut legal = Vec::new();
                position.legal_moves(&mut legal);
                if legal.len() > 1 {
                    assert_eq!(described(&batch, row, seats), active(set, &position), "{name} row {row}");
                    let bucket = with_position!(&position, position => set.bucket(position));
                    assert_eq!(usize::from(batch.buckets[row]), bucket);
                    for (target, value) in batch.targets[row * seats..][..seats].iter().zip(values.of(players)) {
                        assert!((f64::from(*target) - value).abs() < 1e-6);
                    }
                    assert_eq!((plies[row] as usize, games[row] as usize), (ply, number));
                    assert_eq!(left[row] as usize, replayed.moves.len() - ply);
                    assert_eq!(usize::from(movers[row]), position.to_move().index());
                    if row % 17 == 0 {
                        for symmetry in Symmetry::all(board) {
                            let image = symmetry.position(&position).unwrap();
                            let batch = samples.batch(&[row as i64], Some(&[symmetry.number()]), 1.0, false).unwrap();
                            assert_eq!(described(&batch, 0, seats), active(set, &image), "{name} {symmetry:?}");
                            turned += 1;
                        }
                    }
                    row += 1;
                }
                position.make_move(mv);
            }
        }
        assert_eq!(row, samples.len());
        assert!(row > 20 && turned > 15, "{name}: {row} rows, {turned} turned");
        assert!(samples.has_search().all(|has| !has));
        assert!(samples.search_values().iter().all(|value| value.is_nan()));
    }
}

#[test]
fn batches_take_rows_in_any_order_and_as_often_as_asked() {
    let samples = run(&Copy::new().options()).unwrap();
    let all = everything(&samples);
    let rows: Vec<i64> = (0..3000).map(|i| (i * 7919) % samples.len() as i64).collect();
    let batch = samples.batch(&rows, Some(&vec![0; rows.len()]), 0.5, true).unwrap();
    assert_eq!(samples.batch(&rows, None, 0.5, false).unwrap(), batch);
    assert_eq!(batch.targets, samples.targets(&rows, 0.5).unwrap());
    for (index, &row) in rows.iter().enumerate() {
        assert_eq!(described(&batch, index, 3), described(&all, row as usize, 3));
        assert_eq!(batch.buckets[index], all.buckets[row as usize]);
    }
    assert_eq!(samples.batch(&[], None, 1.0, true).unwrap(), Batch { offsets: vec![0], ..Batch::default() });
    let last = samples.len() - 1;
    for (rows, symmetries, lambda, fault) in [
        (&[0, -1][..], None, 1.0, BatchError::Row { index: 1, row: -1, last }),
        (&[last as i64 + 1], None, 1.0, BatchError::Row { index: 0, row: last as i64 + 1, last }),
        (&[0, 0], Some(&[0][..]), 1.0, BatchError::Symmetries { got: 1, rows: 2 }),
        (&[0, 0], Some(&[7, 8]), 1.0, BatchError::Symmetry { index: 1, symmetry: 8, last: 7 }),
        (&[0], None, 1.5, BatchError::Lambda(1.5)),
    ] {
        assert_eq!(samples.batch(rows, symmetries, lambda, true).unwrap_err(), fault);
        assert!(fault.to_string().contains("hint: "));
    }
    assert!(matches!(samples.batch(&[0], None, f32::NAN, true), Err(BatchError::Lambda(_))));
}

#[test]
fn searches_share_the_targets_with_results() {
    let copy = Copy::new();
    let set = |number: u32, text: &str| {
        let first = "(SELECT MIN(game_id) FROM games)";
        format!(
            "UPDATE game_moves SET search_stats_json = '{text}' WHERE move_number = {number} AND game_id = {first};"
        )
    };
    let texts = [
        r#"{"moves": [["P0,0x1", 1.0, 3, 0.5]], "root_values": [0.2, 0.3, 0.5], "nodes": 7}"#,
        r#"{"root_values": [1, 1, 2]}"#,
        r#"{"root_values": null}"#,
        r#"{"nodes": 7}"#,
        r#"{"root_values": [0.5, 0.5]}"#,
        r#"{"root_values": [-1, 1, 1]}"#,
        r#"{"root_values": [0, 0, 0]}"#,
        r#"{"root_values": "much"}"#,
        "torn",
    ];
    let before = run(&SampleOptions { with_forced: true, ..copy.options() }).unwrap();
    copy.change(&texts.iter().zip(0..).map(|(text, number)| set(number, text)).collect::<String>());
    let samples = run(&SampleOptions { with_forced: true, ..copy.options() }).unwrap();
    assert_eq!((samples.report().rows_with_search, samples.report().rows_with_unusable_search), (2, 5));
    let game = samples.games().iter().map(|game| &game.id).min().unwrap();
    let at = samples.games().iter().position(|other| other.id == *game).unwrap();
    let first = samples.game_of_rows().position(|game| game as usize == at).unwrap();
    let (has, values): (Vec<bool>, _) = (samples.has_search().collect(), samples.search_values());
    assert_eq!(has.iter().filter(|&&has| has).count(), 2);
    assert_eq!(&values[first * 3..][..6], &[0.2, 0.3, 0.5, 0.25, 0.25, 0.5]);
    let results = samples.targets(&[first as i64, first as i64 + 2], 1.0).unwrap();
    let mixed = samples.targets(&[first as i64, first as i64 + 2], 0.25).unwrap();
    for ((mixed, result), search) in mixed.iter().zip(&results).zip([0.2, 0.3, 0.5]) {
        assert!((mixed - (0.25 * result + 0.75 * search)).abs() < 1e-6);
    }
    assert_eq!(mixed[3..], results[3..], "where no search was recorded, the result alone counts");
    assert_eq!(everything(&before).features, everything(&samples).features);
}

#[test]
fn options_choose_positions_and_games() {
    let copy = Copy::new();
    let all = run(&copy.options()).unwrap();
    let every = run(&SampleOptions { every: 4, ..copy.options() }).unwrap();
    let plies: Vec<(u32, u32)> = all.game_of_rows().zip(all.plies()).collect();
    let kept: Vec<(u32, u32)> = every.game_of_rows().zip(every.plies()).collect();
    for game in 0..2 {
        let of = |list: &[(u32, u32)]| list.iter().copied().filter(|row| row.0 == game).collect::<Vec<_>>();
        let (all, kept) = (of(&plies), of(&kept));
        let begin = all.iter().position(|row| row == &kept[0]).unwrap();
        assert!(begin < 4);
        assert_eq!(all.into_iter().skip(begin).step_by(4).collect::<Vec<_>>(), kept);
    }
    let forced = run(&SampleOptions { with_forced: true, ..copy.options() }).unwrap();
    assert_eq!(forced.len() as u32, forced.games().iter().map(|game| game.plies).sum::<u32>());
    let middle = run(&SampleOptions { ply_min: Some(20), ply_max: Some(40), ..copy.options() }).unwrap();
    assert!(middle.plies().eq(all.plies().filter(|ply| (20..=40).contains(ply))));
    let one = run(&SampleOptions { games_max: Some(1), ..copy.options() }).unwrap();
    assert_eq!((one.games().len(), &one.games()[0]), (1, &all.games()[0]));
    let longest = all.games().iter().map(|game| u64::from(game.plies)).max().unwrap();
    let selection = Selection { moves_min: Some(longest), ..Selection::default() };
    let long = run(&SampleOptions { selection, ..copy.options() }).unwrap();
    assert!(long.games().iter().all(|game| u64::from(game.plies) == longest));
    assert_eq!(long.report().considered(), 2);
    for (change, name) in [
        (SampleOptions { every: 0, ..copy.options() }, "every"),
        (SampleOptions { failed_share_max: f64::NAN, ..copy.options() }, "failed_share_max"),
        (SampleOptions { databases: Vec::new(), ..copy.options() }, "databases"),
        (
            SampleOptions {
                selection: Selection { exclude_sources: ["moon".to_owned()].into(), ..Selection::default() },
                ..copy.options()
            },
            "sources",
        ),
    ] {
        let error = run(&change).unwrap_err();
        assert!(matches!(error, SampleError::Option { .. }) && error.to_string().contains(name), "{error}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_samples() {
    let copy = Copy::of("square8_2p_heuristic", BoardKind::Square8, PlayerCount::Two);
    let one = run(&SampleOptions { jobs: 1, ..copy.options() }).unwrap();
    for jobs in [2, 3, 8, 0] {
        let other = run(&SampleOptions { jobs, ..copy.options() }).unwrap();
        assert_eq!((everything(&other), other.games(), other.report()), (everything(&one), one.games(), one.report()));
    }
}

#[test]
fn split_is_that_of_exports() {
    let copy = Copy::new();
    // The same games under other names.
    let mut databases = vec![copy.path("games.db")];
    for number in 0..6 {
        let path = copy.path(&format!("games{number}.db"));
        fs::copy(copy.path("games.db"), &path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for table in ["games", "game_players", "game_initial_state", "game_moves"] {
            connection.execute_batch(&format!("UPDATE {table} SET game_id = game_id || '-{number}'")).unwrap();
        }
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
        connection.close().unwrap();
        databases.push(path);
    }
    let split: Split = "0.5,0.25,0.25".parse().unwrap();
    let samples = run(&SampleOptions { databases: databases.clone(), ..copy.options() }).unwrap();
    let rows = samples.split(split);
    let outputs = Part::ALL.map(|part| Output { path: copy.path(&format!("{}.npz", part.name())), part });
    let options = ExportOptions {
        databases,
        outputs: outputs.to_vec(),
        plan: RowPlan::new(copy.board, copy.players),
        selection: Selection::default(),
        split: Some(split),
        games_max: None,
        rows_max: None,
        is_strict: true,
        jobs: 2,
    };
    let reports = export(&options, &AtomicBool::new(false), &mut Silent).unwrap();
    let games: Vec<u32> = samples.game_of_rows().collect();
    for (report, rows) in reports.iter().zip(&rows) {
        let mut games: Vec<u32> = rows.iter().map(|&row| games[row as usize]).collect();
        games.dedup();
        assert_eq!(games.len() as u64, report.tally.games);
        assert!(games.iter().all(|&game| split.part(&samples.games()[game as usize].id) == report.part));
    }
    let mut all = rows.concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..samples.len() as i64));
}

#[test]
fn the_same_game_twice_is_one() {
    let copy = Copy::new();
    let databases = vec![copy.path("games.db"), copy.path("games.db")];
    let samples = run(&SampleOptions { databases, ..copy.options() }).unwrap();
    assert_eq!(samples.games().len(), 2);
    assert_eq!(samples.report().reasons(), "duplicate 2");
}

#[test]
fn games_that_cannot_be_replayed_are_named_and_counted() {
    let first = "game_id = (SELECT MIN(game_id) FROM games)";
    for (sql, what) in [
        (format!("DELETE FROM game_moves WHERE move_number = 7 AND {first}"), "moves and has"),
        (format!("UPDATE game_moves SET move_json = '' WHERE move_number = 7 AND {first}"), "move 7: "),
        (format!("UPDATE games SET winner = 1 + winner % 3 WHERE {first}"), "by its moves"),
        (format!("UPDATE game_initial_state SET initial_state_json = 'torn' WHERE {first}"), "initial state"),
    ] {
        let copy = Copy::new();
        copy.change(&sql);
        let error = run(&copy.options()).unwrap_err();
        assert!(matches!(error, SampleError::TooManyFailed { failed: 1, considered: 2, .. }), "{error}");
        assert!(error.to_string().contains(what) && error.to_string().contains("hint: "), "{error}");
        let samples = run(&SampleOptions { failed_share_max: 0.5, ..copy.options() }).unwrap();
        let report = samples.report();
        assert_eq!((report.games, report.failed, report.failures.len()), (1, 1, 1));
        assert!(report.failures[0].2.contains(what));
    }
    let copy = Copy::new();
    copy.change(&format!(
        "UPDATE games SET total_moves = 20 WHERE {first}; DELETE FROM game_moves WHERE move_number >= 20 AND {first}"
    ));
    assert_eq!(run(&copy.options()).unwrap().report().reasons(), "no_winner 1");
}

#[test]
fn databases_without_samples_are_errors_by_name() {
    let copy = Copy::new();
    let error = run(&SampleOptions { databases: vec![copy.path("none.db")], ..copy.options() }).unwrap_err();
    assert!(matches!(error, SampleError::Store(StoreError::Missing { .. })), "{error}");
    fs::write(copy.path("text.db"), "no database").unwrap();
    let error = run(&SampleOptions { databases: vec![copy.path("text.db")], ..copy.options() }).unwrap_err();
    assert!(matches!(error, SampleError::Store(_)), "{error}");
    let error = run(&SampleOptions { board: BoardKind::Hex8, ..copy.options() }).unwrap_err();
    assert!(matches!(error, SampleError::NoGames { board: "hex8", players: 3, .. }), "{error}");
    let error = run(&SampleOptions { players: PlayerCount::Two, ..copy.options() }).unwrap_err();
    assert!(matches!(error, SampleError::NoGames { players: 2, .. }), "{error}");
    let error = run(&SampleOptions { ply_min: Some(100_000), ..copy.options() }).unwrap_err();
    assert!(matches!(error, SampleError::NoRows { considered: 2, .. }), "{error}");
    assert!(error.to_string().contains("no_rows 2"), "{error}");
    copy.change("DELETE FROM games");
    let error = run(&copy.options()).unwrap_err();
    assert!(matches!(error, SampleError::NoGames { .. }) && error.to_string().contains("hint: "), "{error}");
}

#[test]
fn stopped_work_leaves_nothing() {
    let copy = Copy::new();
    let error = open(&copy.cached(), &AtomicBool::new(true), &mut Silent).unwrap_err();
    assert!(matches!(error, SampleError::Interrupted));
    assert_eq!(copy.files(), ["games.db"]);
}

#[test]
fn kept_samples_are_those_of_the_same_games_and_settings_only() {
    let copy = Copy::new();
    let state = |options: &SampleOptions| {
        let samples = run(options).unwrap();
        (samples.report().cache.clone(), everything(&samples), samples.games().to_vec())
    };
    let (plain, ..) = state(&copy.options());
    assert_eq!(plain, CacheState::Off);
    let (written, batch, games) = state(&copy.cached());
    assert_eq!(written, CacheState::Written);
    assert_eq!(state(&copy.cached()), (CacheState::Loaded, batch.clone(), games.clone()));
    let loaded = run(&SampleOptions { jobs: 1, ..copy.cached() }).unwrap();
    assert_eq!((loaded.report().rows, loaded.report().games), (loaded.len() as u64, 2));
    fs::rename(copy.path("games.db"), copy.path("moved.db")).unwrap();
    let moved = SampleOptions { databases: vec![copy.path("moved.db")], ..copy.cached() };
    assert_eq!(state(&moved), (CacheState::Loaded, batch, games));
    let (other, fewer, _) = state(&SampleOptions { every: 3, ..moved.clone() });
    assert!(matches!(other, CacheState::Rewritten(why) if why.contains("have changed")));
    assert_eq!(state(&SampleOptions { every: 3, ..moved.clone() }).1, fewer);
    fs::rename(copy.path("moved.db"), copy.path("games.db")).unwrap();
    run(&copy.cached()).unwrap();
    copy.change("UPDATE games SET source = 'elsewhere'");
    assert!(matches!(state(&copy.cached()).0, CacheState::Rewritten(_)));
    assert_eq!(copy.files(), ["games.db", "samples"]);
}

#[test]
fn database_in_use_keeps_no_samples() {
    let copy = Copy::new();
    let writer = Connection::open(copy.path("games.db")).unwrap();
    writer.pragma_update(None, "journal_mode", "WAL").unwrap();
    writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    writer.execute_batch("CREATE TABLE other (x); INSERT INTO other VALUES (1)").unwrap();
    let samples = run(&copy.cached()).unwrap();
    assert_eq!(samples.report().cache, CacheState::InUse);
    assert!(!copy.path("samples").exists() && samples.games().len() == 2);
}

#[test]
fn other_files_are_left_as_they_are() {
    let copy = Copy::new();
    fs::write(copy.path("samples"), "my thesis").unwrap();
    let error = run(&copy.cached()).unwrap_err();
    assert!(matches!(error, SampleError::NotACache { .. }) && error.to_string().contains("hint: "), "{error}");
    assert_eq!(fs::read_to_string(copy.path("samples")).unwrap(), "my thesis");
    let error = run(&SampleOptions { cache: Some(copy.path("")), ..copy.options() }).unwrap_err();
    assert!(matches!(error, SampleError::NotACache { .. } | SampleError::File { .. }), "{error}");
    let error = run(&SampleOptions { cache: Some(copy.path("no/such/samples")), ..copy.options() }).unwrap_err();
    assert!(matches!(error, SampleError::File { .. } | SampleError::Store(_)), "{error}");
    fs::write(copy.path("samples"), "").unwrap();
    assert!(matches!(run(&copy.cached()).unwrap().report().cache, CacheState::Rewritten(_)));
}

#[test]
fn damaged_files_are_written_again() {
    let copy = Copy::new();
    let options = SampleOptions { every: 40, ..copy.cached() };
    let whole = everything(&run(&options).unwrap());
    let bytes = fs::read(copy.path("samples")).unwrap();
    let mut number = 0x9e37_79b9_u64;
    let mut draw = |below: usize| {
        number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (number >> 33) as usize % below
    };
    for round in 0..500 {
        let mut damaged = bytes.clone();
        match round % 5 {
            0 => damaged.truncate(draw(bytes.len() - 8) + 8),
            1 => damaged.extend_from_slice(&[0; 3]),
            2 => {
                // Lengths that are far too great.
                let at = 60 + draw(40);
                damaged[at] = damaged[at].wrapping_add(1 + draw(255) as u8);
            }
            3 => {
                let (from, to) = (draw(bytes.len()).max(8), draw(bytes.len()).max(8));
                damaged.swap(from, to);
            }
            _ => {
                let at = 8 + draw(bytes.len() - 8);
                damaged[at] ^= 1 << draw(8);
            }
        }
        fs::write(copy.path("samples"), &damaged).unwrap();
        let samples = run(&options).unwrap();
        let state = &samples.report().cache;
        assert!(matches!(state, CacheState::Rewritten(_)) != (damaged == bytes), "round {round}: {state}");
        assert_eq!(everything(&samples), whole, "round {round}");
    }
    // A file whose sums are right but whose numbers are not.
    for at in [120, 121, bytes.len() - 40] {
        let mut forged = bytes.clone();
        forged[at] = 0xff;
        let body = 100;
        let end = forged.len() - 4;
        let crc = crc32fast::hash(&forged[body..end]).to_le_bytes();
        forged[end..].copy_from_slice(&crc);
        fs::write(copy.path("samples"), &forged).unwrap();
        drop(run(&options).unwrap());
    }
}
