//! Files of networks: both ways, and every fault by its name.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ringrift_eval::GameRng;
use ringrift_nnue::{Network, NetworkError, NetworkParts};
use ringrift_rules::{BoardKind, PlayerCount};
use sha2::{Digest as _, Sha256};
use support::wanted;

fn network() -> Network {
    Network::random(BoardKind::Hex8, PlayerCount::Two, 64, 11).unwrap()
}

fn fault(bytes: &[u8]) -> NetworkError {
    let error = Network::from_bytes(bytes).unwrap_err();
    assert!(error.to_string().contains("\nhint: "), "{error}");
    error
}

/// The bytes with a change and the checksum that belongs to it.
fn resealed(mut bytes: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    bytes.truncate(bytes.len() - 32);
    change(&mut bytes);
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    bytes
}

#[test]
fn networks_come_back_from_their_bytes() {
    for (board, players, width) in [
        (BoardKind::Square8, PlayerCount::Two, 64),
        (BoardKind::Hex8, PlayerCount::Four, 128),
        (BoardKind::Square19, PlayerCount::Three, 64),
        (BoardKind::Hexagonal, PlayerCount::Four, 64),
    ] {
        let network = Network::random(board, players, width, 3).unwrap();
        let bytes = network.to_bytes();
        let again = Network::from_bytes(&bytes).unwrap();
        assert!(again.to_bytes() == bytes && again.to_parts() == network.to_parts());
        assert_eq!(again.sha256(), network.sha256());
        assert_eq!(again.sha256()[..], Sha256::digest(&bytes)[..]);
        assert_eq!((again.board(), again.players(), again.width()), (board, players, width));
        assert_eq!(again.lineage(), "{\"random\": 3}");
        let other = Network::random(board, players, width, 4).unwrap();
        assert!(other.to_bytes() != bytes && other.sha256() != network.sha256());
    }
}

#[test]
fn layout_is_the_documented_one() {
    let network = Network::random(BoardKind::Square8, PlayerCount::Three, 128, 3).unwrap();
    let (bytes, parts) = (network.to_bytes(), network.to_parts());
    assert_eq!(&bytes[..12], b"RRNNUE\r\n\x01\0\0\0");
    assert_eq!(bytes[12..24], [0, 3, 128, 0, 16, 0, 32, 0, 4, 0, 9, 0]);
    assert_eq!(bytes[32..40], network.features().hash().to_le_bytes());
    assert_eq!(bytes[40..44], (network.features().len() as u32).to_le_bytes());
    assert_eq!(bytes[44..56], [255, 0, 0, 0, 64, 0, 0, 0, 0xc0, 0x1f, 0, 0]);
    assert_eq!(bytes[56..64], [0; 8]);
    let mut at = 64;
    let mut section = |name: &[u8], length: usize| {
        assert_eq!(&bytes[at..at + 4], name);
        assert_eq!(bytes[at + 4..at + 12], (length as u64).to_le_bytes());
        at += 12 + length;
        &bytes[at - length..at]
    };
    let weights = section(b"FTW ", 2 * 128 * network.features().len());
    // Weight 5 of feature 7.
    assert_eq!(weights[2 * (7 * 128 + 5)..][..2], parts.feature_weights[7 * 128 + 5].to_le_bytes());
    section(b"FTB ", 2 * 128);
    let l1 = section(b"L1W ", 4 * 16 * 3 * 64);
    // Bucket 2, output 9, input 70.
    assert_eq!(l1[(2 * 16 + 9) * 192 + 70].cast_signed(), parts.l1_weights[(2 * 16 + 9) * 192 + 70]);
    section(b"L1B ", 4 * 4 * 16);
    section(b"L2W ", 4 * 32 * 16);
    section(b"L2B ", 4 * 4 * 32);
    section(b"OUTW", 4 * 32);
    section(b"OUTB", 4 * 4);
    assert_eq!(section(b"LINE", parts.lineage.len()), parts.lineage.as_bytes());
    assert_eq!(bytes[at..], Sha256::digest(&bytes[..at])[..]);
}

#[test]
fn faults_have_names() {
    let bytes = network().to_bytes();
    assert!(matches!(fault(b""), NetworkError::Magic { .. }));
    assert!(matches!(fault(b"PK\x03\x04 and what else a checkpoint has"), NetworkError::Magic { .. }));
    assert!(matches!(fault(&bytes[..20]), NetworkError::Truncated { got: 20, expected: 64 }));
    let expected = bytes.len();
    assert!(matches!(fault(&bytes[..expected - 1]), NetworkError::Truncated { expected: all, .. } if all == expected));
    assert!(matches!(fault(&[&bytes[..], b"x"].concat()), NetworkError::TrailingBytes { .. }));
    let change = |at: usize, byte: u8| resealed(bytes.clone(), |bytes| bytes[at] = byte);
    assert!(matches!(fault(&change(8, 2)), NetworkError::Version { got: 2, expected: 1 }));
    assert!(matches!(fault(&change(12, 4)), NetworkError::Header { what: "the board", got: 4, .. }));
    // Another board or number of seats: the features are none of theirs.
    assert!(matches!(fault(&change(12, 0)), NetworkError::Features { .. }));
    assert!(matches!(fault(&change(13, 3)), NetworkError::Architecture { .. }));
    assert!(matches!(fault(&change(13, 5)), NetworkError::Header { what: "the number of players", got: 5, .. }));
    assert!(matches!(fault(&change(14, 65)), NetworkError::Width(65)));
    assert!(matches!(fault(&change(16, 8)), NetworkError::Header { what: "the size of layer 1", .. }));
    assert!(matches!(fault(&change(24, !bytes[24])), NetworkError::Architecture { .. }));
    assert!(matches!(fault(&change(32, !bytes[32])), NetworkError::Features { .. }));
    assert!(matches!(fault(&change(44, 127)), NetworkError::Header { what: "the scale of activations", .. }));
    assert!(matches!(fault(&change(60, 1)), NetworkError::Header { what: "a reserved byte", .. }));
    assert!(matches!(fault(&change(64, b'X')), NetworkError::Section { expected: "FTW ", .. }));
    assert!(matches!(fault(&change(75, 1)), NetworkError::Length { part: "feature weights", .. }));
    let mut flipped = bytes.clone();
    flipped[5_000] ^= 1;
    assert!(matches!(fault(&flipped), NetworkError::Checksum));
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(fault(&flipped), NetworkError::Checksum));
    // A lineage that is no JSON, with the right checksum.
    let brace = bytes.len() - 33;
    assert_eq!(bytes[brace], b'}');
    assert!(matches!(fault(&change(brace, b' ')), NetworkError::Lineage { .. }));
    assert!(matches!(fault(&change(brace, 0xff)), NetworkError::Lineage { .. }));
}

#[test]
fn files_are_named_in_their_faults() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nnue");
    let error = Network::load(&path).unwrap_err();
    assert!(error.io().is_some() && error.to_string().contains("a.nnue cannot be read"), "{error}");
    std::fs::write(&path, b"nothing of the kind").unwrap();
    let error = Network::load(&path).unwrap_err();
    assert!(error.io().is_none() && error.to_string().contains("a.nnue: this is no .nnue file"), "{error}");
    std::fs::write(&path, network().to_bytes()).unwrap();
    assert_eq!(Network::load(&path).unwrap().sha256(), network().sha256());
}

fn parts_fault(change: impl FnOnce(&mut NetworkParts)) -> NetworkError {
    let mut parts = network().to_parts();
    change(&mut parts);
    let error = Network::from_parts(&parts).unwrap_err();
    assert!(error.to_string().contains("\nhint: "), "{error}");
    error
}

#[test]
fn arrays_are_checked() {
    let parts = network().to_parts();
    assert_eq!(Network::from_parts(&parts).unwrap().sha256(), network().sha256());
    assert!(matches!(parts_fault(|parts| parts.width = 96), NetworkError::Width(96)));
    assert!(matches!(parts_fault(|parts| parts.width = 0), NetworkError::Width(0)));
    assert!(matches!(
        parts_fault(|parts| parts.feature_weights.truncate(100)),
        NetworkError::Length { part: "feature_weights", got: 100, .. }
    ));
    assert!(matches!(
        parts_fault(|parts| parts.out_weights.push(1)),
        NetworkError::Length { part: "out_weights", expected: 128, got: 129 }
    ));
    assert!(matches!(parts_fault(|parts| parts.board = BoardKind::Square8), NetworkError::Length { .. }));
    assert!(matches!(
        parts_fault(|parts| parts.l2_biases[3] = i32::MIN),
        NetworkError::BiasOverflow { part: "l2_biases", got: i32::MIN }
    ));
    assert!(matches!(parts_fault(|parts| parts.lineage = "[]".into()), NetworkError::Lineage { .. }));
    assert!(matches!(
        parts_fault(|parts| parts.lineage = format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 16))),
        NetworkError::Lineage { .. }
    ));
    assert!(Network::random(BoardKind::Hex8, PlayerCount::Two, 100, 1).is_err());
}

#[test]
fn sums_beyond_sixteen_bits_are_refused() {
    let features = network().features();
    let width = network().width();
    // All weights 0: a bias has the whole range.
    let mut parts = network().to_parts();
    parts.feature_weights.fill(0);
    parts.feature_biases.fill(i16::MAX);
    assert!(Network::from_parts(&parts).is_ok());
    // One marker more, and one less.
    parts.feature_weights[3] = 1;
    let error = Network::from_parts(&parts).unwrap_err();
    assert!(matches!(error, NetworkError::AccumulatorOverflow { index: 3, reach: 32_768, limit: 32_767 }), "{error}");
    parts.feature_biases.fill(i16::MIN);
    assert!(Network::from_parts(&parts).is_ok());
    parts.feature_weights[3] = -1;
    let error = Network::from_parts(&parts).unwrap_err();
    assert!(matches!(error, NetworkError::AccumulatorOverflow { index: 3, reach: -32_769, .. }), "{error}");

    // Of a cell only the largest content counts; of cells, all do: 61 * 500 + 2267 = 32767.
    parts.feature_biases.fill(2_267);
    parts.feature_weights.fill(0);
    for cell in 0..61 {
        for k in 0..4 {
            parts.feature_weights[(cell * features.per_cell() + k) * width] = 500;
        }
    }
    assert!(Network::from_parts(&parts).is_ok());
    // The last feature: a ring is due for a line.
    parts.feature_weights[(features.len() - 1) * width] = 1;
    assert!(matches!(
        Network::from_parts(&parts).unwrap_err(),
        NetworkError::AccumulatorOverflow { index: 0, reach: 32_768, .. }
    ));
}

/// `RINGRIFT_TEST_MUTATIONS` sets the number of damaged files: 10,000 for the long run.
#[test]
fn damaged_files_are_refused_or_equal() {
    let network = Network::random(BoardKind::Hex8, PlayerCount::Two, 64, 12).unwrap();
    let bytes = network.to_bytes();
    let other = Network::random(BoardKind::Hex8, PlayerCount::Three, 64, 13).unwrap().to_bytes();
    let mut names = std::collections::BTreeSet::new();
    for trial in 0..wanted("RINGRIFT_TEST_MUTATIONS", 600) as u64 {
        let mut rng = GameRng::new(99, trial, GameRng::HOST);
        let mut damaged = bytes.clone();
        // The header and the heads of sections half of the time, where most decisions are made.
        let place =
            |rng: &mut GameRng, len: usize| if rng.chance(0.5) { rng.below(len.min(80)) } else { rng.below(len) };
        match rng.below(6) {
            0 => {
                for _ in 0..=rng.below(4) {
                    let at = place(&mut rng, damaged.len());
                    damaged[at] ^= 1 << rng.below(8);
                }
            }
            1 => damaged.truncate(place(&mut rng, bytes.len())),
            2 => {
                let at = place(&mut rng, damaged.len());
                let count = rng.below(100).min(damaged.len() - at);
                damaged.drain(at..at + count);
            }
            3 => {
                let (at, from) = (place(&mut rng, damaged.len()), place(&mut rng, other.len()));
                let count = rng.below(400).min(other.len() - from);
                damaged.splice(at..at, other[from..from + count].iter().copied());
            }
            4 => {
                let (at, from) = (place(&mut rng, damaged.len()), place(&mut rng, other.len()));
                let count = rng.below(400).min(other.len() - from).min(damaged.len() - at);
                damaged[at..at + count].copy_from_slice(&other[from..from + count]);
            }
            _ => {
                let at = place(&mut rng, damaged.len() - 8);
                damaged[at..at + 8].copy_from_slice(&[u8::MAX; 8]);
            }
        }
        // Every other one with the checksum that belongs to it, so that what is behind that is reached.
        if rng.chance(0.5) && damaged.len() > 32 {
            damaged = resealed(damaged, |_| ());
        }
        match Network::from_bytes(&damaged) {
            Ok(read) => assert!(read.to_bytes() == damaged, "trial {trial} was read as something else"),
            Err(error) => {
                assert!(error.to_string().contains("\nhint: "), "{error}");
                let name = format!("{error:?}");
                names.insert(name.split([' ', '(', '{']).next().unwrap().to_owned());
            }
        }
    }
    for name in ["Magic", "Version", "Truncated", "Section", "Checksum", "Architecture", "Features", "Header", "Width"]
    {
        assert!(names.contains(name), "{name} is not among {names:?}");
    }
}
