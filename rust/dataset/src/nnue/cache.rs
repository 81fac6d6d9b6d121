//! The file that keeps samples: whole or not there, and never believed without a look at every number.
//!
//! All numbers are little-endian:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `RRNNUESM` |
//! | 4 | version, 1 |
//! | 1, 1, 2 | board (place in the list of boards), players, 0 |
//! | 8 | feature hash |
//! | 32 | key: SHA-256 of settings, version of the program, and SHA-256 of each database |
//! | 8 x 5 | games, bytes of their names, rows, features, bytes of the report |
//! | 4 | CRC-32 of the bytes before |
//! | 22 a game | `f32[4]` win shares, `u32` moves, `u16` length of the name |
//! | | names, one after the other |
//! | 20 a row | `u32` game, `u32` ply, `u16[4]` search shares, `u16` features, `u8` bucket, `u8` seat to move |
//! | 2 a feature | features of the rows as seat 0 sees them |
//! | | report, JSON |
//! | 4 | CRC-32 of everything behind the head |

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ringrift_nnue::FeatureSet;
use ringrift_replay::{StoreError, files::AtomicFile};
use ringrift_rules::BoardKind;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::error::SampleError;
use super::options::SampleOptions;
use super::samples::{GameSample, Row, Samples};
use crate::source::Source;

const MAGIC: &[u8; 8] = b"RRNNUESM";
const VERSION: u32 = 1;
const HEAD_LEN: usize = 8 + 4 + 4 + 8 + 32 + 5 * 8 + 4;
const GAME_LEN: usize = 4 * 4 + 4 + 2;
const ROW_LEN: usize = 4 + 4 + 8 + 2 + 1 + 1;

/// Bytes that are read or written at once: a multiple of the length of every record.
const CHUNK: usize = GAME_LEN * ROW_LEN * 256;

/// What became of the file that keeps the samples.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum CacheState {
    /// None was asked for.
    #[default]
    Off,
    /// The samples are from it.
    Loaded,
    /// It is new.
    Written,
    /// It was written again, for this reason.
    Rewritten(String),
    /// There is none, because a database is in use and can change at any moment.
    InUse,
}

impl std::fmt::Display for CacheState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Loaded => f.write_str("loaded"),
            Self::Written => f.write_str("written"),
            Self::Rewritten(why) => write!(f, "rewritten: {why}"),
            Self::InUse => f.write_str("not written: a database is in use"),
        }
    }
}

/// What samples were made from: equal keys mean equal samples.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// None if a database is being written to. Where the databases are makes no difference.
    pub fn of(options: &SampleOptions, sources: &[Source], stop: &AtomicBool) -> Result<Option<Self>, SampleError> {
        let mut inputs = Vec::new();
        for source in sources {
            let hash = source.sha256(&|| stop.load(Ordering::Relaxed)).map_err(|error| {
                SampleError::from(StoreError::Io { path: source.path.clone(), message: error.to_string() })
            })?;
            if stop.load(Ordering::Relaxed) {
                return Err(SampleError::Interrupted);
            }
            match hash {
                Some(hash) => inputs.push(hash),
                None => return Ok(None),
            }
        }
        let settings = json!({
            "version": VERSION,
            "ringrift_core_version": env!("CARGO_PKG_VERSION"),
            "settings": options.to_json(),
            "inputs": inputs,
        });
        Ok(Some(Self(Sha256::digest(settings.to_string()).into())))
    }
}

/// Folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The head of a file.
struct Head {
    board: u8,
    players: u8,
    feature_hash: u64,
    key: Key,
    games: u64,
    name_bytes: u64,
    rows: u64,
    features: u64,
    report_bytes: u64,
}

impl Head {
    fn of(key: Key, samples: &Samples, report: &[u8]) -> Self {
        let set = samples.set;
        Self {
            board: place_of(set.board()),
            players: set.players().get() as u8,
            feature_hash: set.hash(),
            key,
            games: samples.games.len() as u64,
            name_bytes: samples.games.iter().map(|game| game.id.len() as u64).sum(),
            rows: samples.rows.len() as u64,
            features: samples.features.len() as u64,
            report_bytes: report.len() as u64,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_LEN);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[self.board, self.players, 0, 0]);
        out.extend_from_slice(&self.feature_hash.to_le_bytes());
        out.extend_from_slice(&self.key.0);
        for number in [self.games, self.name_bytes, self.rows, self.features, self.report_bytes] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// The head, after its magic and checksum were found right.
    fn from_bytes(bytes: &[u8; HEAD_LEN]) -> Self {
        let mut fields = Fields(&bytes[12..]);
        let [board, players, _, _] = fields.take();
        let feature_hash = u64::from_le_bytes(fields.take());
        let key = Key(fields.take());
        let mut number = || u64::from_le_bytes(fields.take());
        let (games, name_bytes, rows, features, report_bytes) = (number(), number(), number(), number(), number());
        Self { board, players, feature_hash, key, games, name_bytes, rows, features, report_bytes }
    }

    /// Length of the file that has this head; none if there can be no such file.
    fn file_len(&self) -> Option<u64> {
        let parts = [
            (self.games, GAME_LEN as u64),
            (self.name_bytes, 1),
            (self.rows, ROW_LEN as u64),
            (self.features, 2),
            (self.report_bytes, 1),
        ];
        parts.into_iter().try_fold(HEAD_LEN as u64 + 4, |sum, (count, len)| sum.checked_add(count.checked_mul(len)?))
    }
}

/// Little-endian fields, one after the other; what is beyond the end is 0.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk().map_or(([0; N], &[][..]), |(field, rest)| (*field, rest));
        self.0 = rest;
        field
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }
}

fn place_of(board: BoardKind) -> u8 {
    BoardKind::ALL.iter().position(|&one| one == board).unwrap_or(usize::from(u8::MAX)) as u8
}

/// The samples of the file, if it has those of the key, or why it has not. The outer error is final: the file is
/// something else, or cannot be read.
pub(crate) fn load(path: &Path, key: &Key, set: FeatureSet) -> Result<Result<Samples, CacheState>, SampleError> {
    let io = SampleError::file("read", path);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Err(CacheState::Written)),
        Err(error) => return Err(io(error)),
    };
    let data = file.metadata().map_err(&io)?;
    let foreign = |what: &str| Err(SampleError::NotACache { path: path.to_owned(), what: what.to_owned() });
    if !data.is_file() {
        return foreign("it is a folder or a device");
    }
    if data.len() == 0 {
        return Ok(Err(CacheState::Rewritten("it was empty".into())));
    }
    let mut file = BufReader::with_capacity(1 << 20, file);
    let mut head = [0; HEAD_LEN];
    let read = read_up_to(&mut file, &mut head).map_err(&io)?;
    if !head[..read].starts_with(MAGIC) {
        return foreign("it does not begin like one");
    }
    let rewritten = |why: &str| Ok(Err(CacheState::Rewritten(why.to_owned())));
    if read < HEAD_LEN {
        return rewritten("it was torn");
    }
    if u32::from_le_bytes([head[8], head[9], head[10], head[11]]) != VERSION {
        return rewritten("it is of another version");
    }
    let (bytes, crc) = head.split_at(HEAD_LEN - 4);
    if crc32fast::hash(bytes).to_le_bytes() != crc {
        return rewritten("its head was damaged");
    }
    let head = Head::from_bytes(&head);
    if head.key != *key {
        return rewritten("the databases, the settings or the program have changed");
    }
    let about = (head.board, head.players, head.feature_hash);
    if about != (place_of(set.board()), set.players().get() as u8, set.hash()) {
        return rewritten("its head contradicts itself");
    }
    if head.file_len() != Some(data.len()) {
        return rewritten("it was torn");
    }
    match read_body(&mut file, &head, set) {
        Ok(samples) => Ok(Ok(samples)),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Ok(Err(CacheState::Rewritten(format!("it was damaged: {error}"))))
        }
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => rewritten("it was torn"),
        Err(error) => Err(io(error)),
    }
}

fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Reads records and checks their sum.
struct Body<'a, R> {
    file: &'a mut R,
    crc: crc32fast::Hasher,
    buffer: Vec<u8>,
}

impl<R: Read> Body<'_, R> {
    /// Calls `each` with records of `len` bytes, `count` of them.
    fn records(
        &mut self,
        count: u64,
        len: usize,
        mut each: impl FnMut(&[u8]) -> Result<(), &'static str>,
    ) -> io::Result<()> {
        let mut left = count * len as u64;
        while left > 0 {
            let take = left.min(CHUNK as u64) as usize;
            self.buffer.resize(take, 0);
            self.file.read_exact(&mut self.buffer)?;
            self.crc.update(&self.buffer);
            self.buffer.chunks_exact(len).try_for_each(&mut each).map_err(damaged)?;
            left -= take as u64;
        }
        Ok(())
    }

    fn bytes(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count as usize];
        self.file.read_exact(&mut bytes)?;
        self.crc.update(&bytes);
        Ok(bytes)
    }
}

fn damaged(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// What follows the head. The lengths are those of the file, so that memory for them is not taken in vain.
fn read_body(file: &mut impl Read, head: &Head, set: FeatureSet) -> io::Result<Samples> {
    let mut body = Body { file, crc: crc32fast::Hasher::new(), buffer: Vec::new() };
    let mut samples = Samples::new(set);
    let seats = set.players().get();
    let mut lens = Vec::with_capacity(head.games as usize);
    samples.games.reserve_exact(head.games as usize);
    body.records(head.games, GAME_LEN, |record| {
        let mut fields = Fields(record);
        let shares = [(); 4].map(|()| f32::from_le_bytes(fields.take()));
        let plies = fields.u32();
        lens.push(usize::from(fields.u16()));
        if !shares.iter().all(|share| (0.0..=1.0).contains(share)) {
            return Err("shares that are none");
        }
        samples.games.push(GameSample { id: "".into(), shares, plies });
        Ok(())
    })?;
    let names = String::from_utf8(body.bytes(head.name_bytes)?).map_err(|_| damaged("names that are no text"))?;
    let mut names = &names[..];
    for (game, len) in samples.games.iter_mut().zip(lens) {
        let (name, rest) = names.split_at_checked(len).ok_or_else(|| damaged("names of other lengths"))?;
        game.id = name.into();
        names = rest;
    }
    if !names.is_empty() {
        return Err(damaged("names of other lengths"));
    }
    samples.rows.reserve_exact(head.rows as usize);
    let mut start = 0;
    body.records(head.rows, ROW_LEN, |record| {
        let mut fields = Fields(record);
        let (game, ply) = (fields.u32(), fields.u32());
        let search = [(); 4].map(|()| fields.u16());
        let len = fields.u16();
        let [bucket, mover] = fields.take();
        let fits = samples.games.get(game as usize).is_some_and(|game| ply < game.plies)
            && usize::from(bucket) < set.bucket_count()
            && usize::from(mover) < seats
            && search[seats..].iter().all(|&share| share == 0);
        if !fits {
            return Err("a row of no game, ply, bucket or seat");
        }
        samples.rows.push(Row { start, game, ply, search, len, bucket, mover });
        start += u64::from(len);
        Ok(())
    })?;
    if start != head.features {
        return Err(damaged("rows with more or fewer features"));
    }
    samples.features.reserve_exact(head.features as usize);
    body.records(head.features, 2, |record| {
        let feature = Fields(record).u16();
        samples.features.push(feature);
        if usize::from(feature) < set.len() { Ok(()) } else { Err("a feature that there is not") }
    })?;
    let report = body.bytes(head.report_bytes)?;
    let crc = body.crc.finalize();
    let mut expected = [0; 4];
    file.read_exact(&mut expected)?;
    if crc.to_le_bytes() != expected {
        return Err(damaged("its checksum does not fit"));
    }
    samples.report = serde_json::from_slice(&report).map_err(|error| damaged(error.to_string()))?;
    samples.report.cache = CacheState::Loaded;
    Ok(samples)
}

/// Writes the file, whole or not at all.
pub(crate) fn save(path: &Path, key: &Key, samples: &Samples) -> Result<(), SampleError> {
    let io = SampleError::file("write", path);
    let report = serde_json::to_vec(&samples.report).map_err(|error| io(error.into()))?;
    let mut file = AtomicFile::create(path).map_err(&io)?;
    let write = |file: &mut AtomicFile| -> io::Result<()> {
        file.write_all(&Head::of(*key, samples, &report).to_bytes())?;
        let mut body = Writer { file, crc: crc32fast::Hasher::new(), buffer: Vec::with_capacity(CHUNK + 64) };
        for game in &samples.games {
            game.shares.iter().for_each(|share| body.buffer.extend_from_slice(&share.to_le_bytes()));
            body.buffer.extend_from_slice(&game.plies.to_le_bytes());
            let len = u16::try_from(game.id.len()).map_err(|_| damaged("the name of a game is too long"))?;
            body.buffer.extend_from_slice(&len.to_le_bytes());
            body.flush_if_full()?;
        }
        for game in &samples.games {
            body.buffer.extend_from_slice(game.id.as_bytes());
            body.flush_if_full()?;
        }
        for row in &samples.rows {
            body.buffer.extend_from_slice(&row.game.to_le_bytes());
            body.buffer.extend_from_slice(&row.ply.to_le_bytes());
            row.search.iter().for_each(|share| body.buffer.extend_from_slice(&share.to_le_bytes()));
            body.buffer.extend_from_slice(&row.len.to_le_bytes());
            body.buffer.extend_from_slice(&[row.bucket, row.mover]);
            body.flush_if_full()?;
        }
        for features in samples.features.chunks(CHUNK / 2) {
            body.buffer.extend(features.iter().flat_map(|feature| feature.to_le_bytes()));
            body.flush_if_full()?;
        }
        body.buffer.extend_from_slice(&report);
        body.flush()?;
        let crc = body.crc.finalize();
        file.write_all(&crc.to_le_bytes())
    };
    write(&mut file).and_then(|()| file.commit()).map_err(&io)
}

struct Writer<'a> {
    file: &'a mut AtomicFile,
    crc: crc32fast::Hasher,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.crc.update(&self.buffer);
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
