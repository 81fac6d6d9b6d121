//! The `.nnue` file: docs/nnue-format.md describes it byte by byte.

use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::architecture::{self, ACTIVATION_SCALE, L1, L2, OUTPUT_SCALE, WEIGHT_SCALE};
use crate::error::NetworkError;
use crate::features::{BUCKETS, FeatureSet};
use crate::network::{NetworkParts, check_width};

/// Most bytes that are read: twice the largest network.
pub(crate) const BYTES_MAX: u64 = 192 << 20;
/// Most bytes of a lineage.
pub(crate) const LINEAGE_MAX: usize = 64 << 10;

/// The first bytes: a name, and line ends that a transfer as text would change.
const MAGIC: [u8; 8] = *b"RRNNUE\r\n";
const VERSION: u32 = 1;
/// Bytes of the header.
const HEADER: usize = 64;
/// Bytes before the content of a section: its name and its length.
const SECTION: usize = 12;
/// Bytes of the checksum.
const CHECKSUM: usize = 32;

/// The sections in their order, by name and by what messages call them.
const SECTIONS: [(&str, &str); 9] = [
    ("FTW ", "feature weights"),
    ("FTB ", "feature biases"),
    ("L1W ", "weights of layer 1"),
    ("L1B ", "biases of layer 1"),
    ("L2W ", "weights of layer 2"),
    ("L2B ", "biases of layer 2"),
    ("OUTW", "output weights"),
    ("OUTB", "output biases"),
    ("LINE", "lineage"),
];

pub(crate) fn check_lineage(text: &str) -> Result<(), NetworkError> {
    let fault = |reason: String| Err(NetworkError::Lineage { reason });
    if text.len() > LINEAGE_MAX {
        return fault(format!("has {} bytes", text.len()));
    }
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(_) => Ok(()),
        Err(error) => fault(format!("is no JSON object: {error}")),
    }
}

/// Lengths of the sections but the last one, in bytes.
fn lengths(features: FeatureSet, width: usize) -> [usize; 8] {
    let n = features.players().get();
    [
        2 * features.len() * width,
        2 * width,
        BUCKETS * L1 * n * width / 2,
        4 * BUCKETS * L1,
        BUCKETS * L2 * L1,
        4 * BUCKETS * L2,
        BUCKETS * L2,
        4 * BUCKETS,
    ]
}

/// The bytes of a file.
pub(crate) fn format(parts: &NetworkParts) -> Vec<u8> {
    let features = parts.features();
    let mut out = Vec::with_capacity(HEADER + 2 * parts.feature_weights.len() + (1 << 16));
    out.extend(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.push(parts.board as u8);
    out.push(parts.players.get() as u8);
    for number in [parts.width, L1, L2, BUCKETS, SECTIONS.len()] {
        out.extend((number as u16).to_le_bytes());
    }
    out.extend(architecture::hash(parts.players, parts.width).to_le_bytes());
    out.extend(features.hash().to_le_bytes());
    out.extend((features.len() as u32).to_le_bytes());
    for scale in [ACTIVATION_SCALE, WEIGHT_SCALE, OUTPUT_SCALE] {
        out.extend((scale as u32).to_le_bytes());
    }
    out.resize(HEADER, 0);
    let words = |numbers: &[i16]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let sums = |numbers: &[i32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let bytes = |numbers: &[i8]| numbers.iter().map(|&number| number.cast_unsigned()).collect::<Vec<u8>>();
    let contents = [
        words(&parts.feature_weights),
        words(&parts.feature_biases),
        bytes(&parts.l1_weights),
        sums(&parts.l1_biases),
        bytes(&parts.l2_weights),
        sums(&parts.l2_biases),
        bytes(&parts.out_weights),
        sums(&parts.out_biases),
        parts.lineage.clone().into_bytes(),
    ];
    for ((name, _), content) in SECTIONS.iter().zip(contents) {
        out.extend(name.as_bytes());
        out.extend((content.len() as u64).to_le_bytes());
        out.extend(content);
    }
    let checksum = Sha256::digest(&out);
    out.extend(checksum);
    out
}

/// Reads numbers one after the other from bytes whose number is known to suffice.
struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// The next number of so many bytes, lowest first.
    fn number(&mut self, bytes: usize) -> u64 {
        self.take(bytes).iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }
}

/// The header, once it is known to be of a network that this program can read.
struct Header {
    features: FeatureSet,
    width: usize,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, NetworkError> {
        if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) || bytes.is_empty() {
            return Err(NetworkError::Magic { got: bytes[..bytes.len().min(MAGIC.len())].to_vec() });
        }
        if bytes.len() < HEADER {
            return Err(NetworkError::Truncated { expected: HEADER, got: bytes.len() });
        }
        let mut reader = Reader { rest: &bytes[MAGIC.len()..HEADER] };
        let version = reader.number(4) as u32;
        if version != VERSION {
            return Err(NetworkError::Version { got: version, expected: VERSION });
        }
        let board = reader.number(1);
        let board = BoardKind::ALL
            .into_iter()
            .find(|&kind| kind as u64 == board)
            .ok_or_else(|| fault("the board", board, "0 to 3"))?;
        let players = reader.number(1);
        let players = PlayerCount::try_from(players).map_err(|_| fault("the number of players", players, "2 to 4"))?;
        let width = reader.number(2) as usize;
        check_width(width)?;
        let features = FeatureSet::new(board, players);
        for (what, bytes, expected) in [
            ("the size of layer 1", 2, L1),
            ("the size of layer 2", 2, L2),
            ("the number of buckets", 2, BUCKETS),
            ("the number of sections", 2, SECTIONS.len()),
        ] {
            expect(what, reader.number(bytes), expected)?;
        }
        let (got, expected) = (reader.number(8), architecture::hash(players, width));
        if got != expected {
            return Err(NetworkError::Architecture { got, expected });
        }
        let (got, expected) = (reader.number(8), features.hash());
        if got != expected {
            return Err(NetworkError::Features { got, expected });
        }
        expect("the number of features", reader.number(4), features.len())?;
        expect("the scale of activations", reader.number(4), ACTIVATION_SCALE as usize)?;
        expect("the scale of weights", reader.number(4), WEIGHT_SCALE as usize)?;
        expect("the scale of outputs", reader.number(4), OUTPUT_SCALE as usize)?;
        while !reader.rest.is_empty() {
            expect("a reserved byte", reader.number(1), 0)?;
        }
        Ok(Self { features, width })
    }
}

fn fault(what: &'static str, got: u64, expected: &str) -> NetworkError {
    NetworkError::Header { what, got, expected: expected.to_owned() }
}

fn expect(what: &'static str, got: u64, expected: usize) -> Result<(), NetworkError> {
    if got == expected as u64 { Ok(()) } else { Err(fault(what, got, &expected.to_string())) }
}

/// The arrays of a file whose header, lengths and checksum are right. They are not checked for anything else.
pub(crate) fn parse(bytes: &[u8]) -> Result<NetworkParts, NetworkError> {
    if bytes.len() as u64 > BYTES_MAX {
        return Err(NetworkError::TooLarge { most: BYTES_MAX });
    }
    let Header { features, width } = Header::read(bytes)?;
    let lengths = lengths(features, width);
    // All but the lineage, whose length is in its section.
    let fixed = HEADER + SECTIONS.len() * SECTION + lengths.iter().sum::<usize>() + CHECKSUM;
    if bytes.len() < fixed {
        return Err(NetworkError::Truncated { expected: fixed, got: bytes.len() });
    }
    let mut reader = Reader { rest: &bytes[HEADER..] };
    let mut contents: [&[u8]; SECTIONS.len()] = [&[]; SECTIONS.len()];
    for (index, (content, &(name, what))) in contents.iter_mut().zip(&SECTIONS).enumerate() {
        let got = reader.take(4);
        if got != name.as_bytes() {
            let got = String::from_utf8_lossy(got).into_owned();
            return Err(NetworkError::Section { expected: name, got });
        }
        let length = reader.number(8);
        match lengths.get(index) {
            Some(&expected) => expect_length(what, length, expected)?,
            None if length > LINEAGE_MAX as u64 => {
                return Err(NetworkError::Lineage { reason: format!("has {length} bytes") });
            }
            None => {
                let expected = fixed + length as usize;
                if bytes.len() < expected {
                    return Err(NetworkError::Truncated { expected, got: bytes.len() });
                }
                if bytes.len() > expected {
                    return Err(NetworkError::TrailingBytes { expected, got: bytes.len() });
                }
            }
        }
        *content = reader.take(length as usize);
    }
    if Sha256::digest(&bytes[..bytes.len() - CHECKSUM])[..] != *reader.rest {
        return Err(NetworkError::Checksum);
    }
    let words = |index: usize| contents[index].as_chunks().0.iter().map(|&word| i16::from_le_bytes(word)).collect();
    let sums = |index: usize| contents[index].as_chunks().0.iter().map(|&sum| i32::from_le_bytes(sum)).collect();
    let signed = |index: usize| contents[index].iter().map(|&byte| byte.cast_signed()).collect();
    let lineage = std::str::from_utf8(contents[8]);
    Ok(NetworkParts {
        board: features.board(),
        players: features.players(),
        width,
        feature_weights: words(0),
        feature_biases: words(1),
        l1_weights: signed(2),
        l1_biases: sums(3),
        l2_weights: signed(4),
        l2_biases: sums(5),
        out_weights: signed(6),
        out_biases: sums(7),
        lineage: lineage.map_err(|error| NetworkError::Lineage { reason: format!("is no text: {error}") })?.to_owned(),
    })
}

fn expect_length(what: &'static str, got: u64, expected: usize) -> Result<(), NetworkError> {
    if got == expected as u64 {
        Ok(())
    } else {
        Err(NetworkError::Length { part: what, expected, got: usize::try_from(got).unwrap_or(usize::MAX) })
    }
}
