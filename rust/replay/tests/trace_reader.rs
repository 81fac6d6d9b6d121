//! The trace reader on whole, truncated and damaged files.

use std::{
    io::{Cursor, Read as _, Write as _},
    path::Path,
};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use ringrift_replay::{Trace, TraceError, TraceReader, verify_trace};

mod support;

/// Games of a sample file, one line each.
fn lines() -> Vec<String> {
    let path = support::repository().join("tests/data/traces/scen_square8_2p.jsonl.gz");
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path).expect("a sample")).read_to_string(&mut text).expect("gzip text");
    text.lines().map(str::to_owned).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn read(bytes: Vec<u8>) -> Vec<Result<Trace, TraceError>> {
    TraceReader::new(Path::new("sample"), Cursor::new(bytes)).expect("memory").collect()
}

/// Number of games before the error, and the error.
fn failure(bytes: Vec<u8>) -> (usize, TraceError) {
    let mut items = read(bytes);
    match items.pop() {
        Some(Err(error)) => {
            assert!(items.iter().all(Result::is_ok), "nothing follows an error");
            assert!(error.to_string().contains("hint: "), "{error}");
            (items.len(), error)
        }
        _ => panic!("no error"),
    }
}

/// The error and the cause below it, as the command line prints them.
fn with_cause(error: &TraceError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}\n{}", cause.unwrap_or_default())
}

#[test]
fn plain_gzip_and_several_members_read_alike() {
    let lines = lines();
    let text = lines[..3].join("\n");
    let mut members = gzip(&format!("{}\n", lines[0]));
    members.extend(gzip(&format!("\n{}\n{}", lines[1], lines[2])));
    for bytes in [text.clone().into_bytes(), gzip(&text), members] {
        let ids: Vec<String> = read(bytes).into_iter().map(|trace| trace.expect("a game").id).collect();
        assert_eq!(ids.len(), 3);
    }
    assert_eq!(read(Vec::new()).len(), 0);
    assert_eq!(read(b"\n \r\n".to_vec()).len(), 0);
}

#[test]
fn truncated_gzip_gives_the_games_before_the_end_and_then_an_error() {
    let lines = lines();
    let bytes = gzip(&lines.join("\n"));
    for keep in [2, 9, 10, 11, 100, bytes.len() / 2, bytes.len() - 9, bytes.len() - 1] {
        let (games, error) = failure(bytes[..keep].to_vec());
        assert!(matches!(error, TraceError::Io { .. }), "{error}");
        assert!(games < lines.len());
    }
}

#[test]
fn damaged_gzip_is_an_error() {
    let whole = gzip(&lines().join("\n"));
    for at in [3, 12, whole.len() / 3, whole.len() - 6, whole.len() - 2] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x5a;
        // A damaged header field may go unnoticed; damaged content never does.
        if at > 10 {
            failure(bytes);
        } else {
            read(bytes);
        }
    }
    let mut trailing = whole;
    trailing.extend_from_slice(b"more");
    failure(trailing);
}

#[test]
fn damaged_lines_are_named() {
    let lines = lines();
    let half = &lines[1][..lines[1].len() / 2];
    for (bad, expected) in [
        (half, "EOF while parsing"),
        ("{}", "missing field `id`"),
        ("[1, 2]", "invalid type"),
        ("not JSON", "expected ident"),
        (r#"{"id": 7}"#, "invalid type: integer `7`, expected a string"),
    ] {
        let text = format!("{}\n{bad}\n{}\n", lines[0], lines[2]);
        let (games, error) = failure(text.into_bytes());
        assert_eq!(games, 1);
        let message = with_cause(&error);
        assert!(message.starts_with("sample, line 2: ") && message.contains(expected), "{message}");
    }
    let mut bytes = format!("{}\n", lines[0]).into_bytes();
    bytes.extend_from_slice(b"\xff\xfe{}\n");
    assert_eq!(failure(bytes).0, 1);
}

#[test]
fn wrong_types_and_deep_nesting_are_errors() {
    let good = &lines()[0];
    for (from, to) in [
        (r#""players":2"#, r#""players":"two""#),
        (r#""players":2"#, r#""players":-2"#),
        (r#""victoryThreshold":"#, r#""victoryThreshold":9999"#),
        (r#""plies":["#, r#""plies":[7,"#),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, *good, "{from}");
        let (games, error) = failure(bad.into_bytes());
        assert!(games == 0 && matches!(error, TraceError::Json { line: 1, .. }), "{error}");
    }
    let deep = good.replacen(r#""plies":["#, &format!(r#""plies":[{{"u":{}"#, "[".repeat(100_000)), 1);
    assert!(with_cause(&failure(deep.into_bytes()).1).contains("recursion limit"));
}

#[test]
fn impossible_games_are_differences_and_not_panics() {
    let good = &lines()[0];
    let trace = |text: &str| read(text.as_bytes().to_vec()).remove(0).expect("a game");
    assert_eq!(verify_trace(&trace(good)), []);
    for (from, to, field) in [
        (r#""board":"square8""#, r#""board":"square9""#, "initial state"),
        (r#""players":2"#, r#""players":5"#, "initial state"),
        ("ringrift-state 1", "ringrift-state 2", "initial state"),
        (r#""lpsRoundsRequired":3"#, r#""lpsRoundsRequired":0"#, "hash"),
        (r#""c":""#, r#""c":"x"#, "chosen move"),
        (r#""h":""#, r#""h":"0"#, "hash"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, *good, "{from}");
        let differences = verify_trace(&trace(&bad));
        let found = differences.iter().any(|difference| difference.field == field);
        assert!(found || from.contains("lps"), "{from}: {differences:?}");
    }
}

#[test]
fn changed_move_json_is_a_difference() {
    let path = support::repository().join("tests/data/traces/square8_2p.jsonl.gz");
    let mut trace = TraceReader::open(&path).expect("a sample").next().expect("a game").expect("a game");
    let ply = trace.plies.iter().position(|ply| ply.upstream.is_some()).expect("a ply with move JSON");
    let json = trace.plies[ply].upstream.as_mut().expect("move JSON");
    json["thinkTime"] = 5.into();
    let fields: Vec<String> = verify_trace(&trace).into_iter().map(|difference| difference.field).collect();
    assert_eq!(fields, ["move JSON"]);
}

#[test]
fn missing_files_are_named() {
    let Err(error) = TraceReader::open(Path::new("no/such/file.jsonl.gz")) else { panic!("it is there") };
    assert!(error.to_string().contains("no/such/file.jsonl.gz"), "{error}");
}
