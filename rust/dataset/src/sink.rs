//! One file in the making: rows come in, game by game; at the end the arrays are made and put together.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ringrift_encode::{PolicyLayout, UpstreamEncoder};
use ringrift_rules::{MoveKind, Phase};
use serde_json::{Map, Value, json};

use crate::game::GameRows;
use crate::games::{GameEntry, Texts};
use crate::heuristics::HeuristicFeatures;
use crate::keys::{Key, keys};
use crate::npz::{Column, DType, Entry, ObjectColumn, Scalar, Written, check_stop, text_bytes, write_npz};
use crate::plan::{Encoder, Layout, RowPlan};
use crate::rows::{Row, RowSpool};
use crate::weights::sample_weights;

/// A file in the making.
#[derive(Debug)]
pub(crate) struct Sink {
    path: PathBuf,
    plan: RowPlan,
    planes: Column,
    globals: Column,
    heuristics: Option<Column>,
    rows: RowSpool,
    games: Vec<GameEntry>,
    texts: Texts,
    newest: Option<String>,
    /// Games that count for upstream's metadata.
    pub games_seen: u64,
}

/// A finished file.
#[derive(Clone, PartialEq, Debug)]
pub struct Finished {
    /// Length and digest.
    pub written: Written,
    /// Its arrays, in order: name, type and shape as Python prints them.
    pub arrays: Vec<(String, String, Vec<u64>)>,
}

/// A file without a name in the folder of `path`, so that nothing is left of it however the program ends.
fn unnamed(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder)
}

impl Sink {
    pub fn new(path: &Path, plan: &RowPlan) -> io::Result<Self> {
        let method = plan.planes_method();
        let column = |key: Key, dtype| Ok::<_, io::Error>(Column::new(key.name(), dtype, method, unnamed(path)?));
        let planes = match plan.encoder {
            Encoder::Upstream(_) => column(Key::Features, DType::F32)?,
            Encoder::Rr1 => column(Key::Planes, DType::U8)?,
        };
        Ok(Self {
            path: path.to_owned(),
            planes,
            globals: column(Key::Globals, DType::F32)?,
            heuristics: plan.heuristics.map(|_| column(Key::Heuristics, DType::F32)).transpose()?,
            rows: RowSpool::new(unnamed(path)?, unnamed(path)?),
            games: Vec::new(),
            texts: Texts::default(),
            newest: None,
            games_seen: 0,
            plan: plan.clone(),
        })
    }

    /// Rows so far.
    pub fn len(&self) -> u64 {
        self.rows.len
    }

    /// Adds the rows of a game.
    pub fn push(&mut self, game: &GameRows) -> io::Result<()> {
        for piece in &game.planes {
            self.planes.append(piece)?;
        }
        self.globals.push(&game.globals)?;
        if let Some(heuristics) = &mut self.heuristics {
            heuristics.push(&game.heuristics)?;
        }
        self.rows.push(&game.rows, &game.targets)?;
        self.games.push(GameEntry {
            id: game.id.as_str().into(),
            rows: game.rows.len() as u32,
            total_moves: game.total_moves,
            value: game.values.value,
            values_mp: game.values.values_mp,
            victory: self.texts.number(game.victory),
            engine: self.texts.number(&game.engine),
            opponent: self.texts.number(&game.opponent),
            opponent_elo: game.opponent_elo,
            generator_elo: game.generator_elo,
            quality: game.quality,
            time: game.time,
        });
        if self.newest.as_ref().is_none_or(|newest| *newest < game.time_text) {
            self.newest = Some(game.time_text.clone());
        }
        Ok(())
    }

    /// Makes all arrays and writes the file: whole under its name, or not at all, as when `stop` says so before it is.
    /// `export_time` goes to upstream's metadata.
    pub fn finish(self, export_time: &str, stop: &AtomicBool) -> io::Result<Finished> {
        let path = self.path.clone();
        let rows = self.rows.len;
        let Self { plan, planes, globals, heuristics, rows: spool, games, texts, newest, games_seen, .. } = self;
        let mut arrays = Arrays { path: path.clone(), plan: &plan, spool, games: &games, texts: &texts, stop };
        let (mut planes, mut globals, mut heuristics) = (Some(planes), Some(globals), heuristics);
        let side = plan.side() as u64;
        let mut entries: Vec<Entry> = Vec::new();
        for key in keys(&plan) {
            check_stop(stop)?;
            let taken = "each array is made once";
            let entry = match key {
                Key::Features => planes.take().expect(taken).finish(vec![rows, plan.planes() as u64, side, side])?,
                Key::Planes => {
                    let bytes = plan.rr1().plane_bytes() as u64;
                    planes.take().expect(taken).finish(vec![rows, plan.planes() as u64, bytes])?
                }
                Key::Globals => globals.take().expect(taken).finish(vec![rows, plan.globals() as u64])?,
                Key::Heuristics => {
                    let columns = plan.heuristics.map_or(0, HeuristicFeatures::len) as u64;
                    heuristics.take().expect(taken).finish(vec![rows, columns])?
                }
                Key::Metadata => {
                    let newest = newest.as_deref();
                    arrays.metadata(export_time, newest, games_seen)?
                }
                Key::DataChecksums => {
                    let mut sums: Vec<(String, Value)> = Vec::with_capacity(entries.len());
                    for entry in &mut entries {
                        sums.push((entry.name.clone(), entry.checksum(stop)?.into()));
                    }
                    sums.sort_by(|a, b| a.0.cmp(&b.0));
                    let sums = ringrift_replay::python_json(&sums.into_iter().collect::<Map<_, _>>());
                    arrays.text_scalar(key, &sums)?
                }
                key => arrays.make(key)?,
            };
            entries.push(entry);
        }
        let listed = entries.iter().map(|entry| (entry.name.clone(), entry.dtype.python(), entry.shape.clone()));
        let listed = listed.collect();
        Ok(Finished { written: write_npz(&path, &mut entries, stop)?, arrays: listed })
    }
}

/// Makes the small arrays once all rows are there.
struct Arrays<'a> {
    path: PathBuf,
    plan: &'a RowPlan,
    spool: RowSpool,
    games: &'a [GameEntry],
    texts: &'a Texts,
    stop: &'a AtomicBool,
}

impl<'a> Arrays<'a> {
    fn column(&self, key: Key, dtype: DType) -> io::Result<Column> {
        Ok(Column::new(key.name(), dtype, self.plan.planes_method(), unnamed(&self.path)?))
    }

    fn make(&mut self, key: Key) -> io::Result<Entry> {
        let plan = self.plan;
        let is_upstream = plan.layout.is_upstream();
        let player = |row: &Row| usize::from(row.player - 1);
        match key {
            Key::Values => self.by_row(key, DType::F32, &[], |game, row, out| {
                out.extend(game.value[player(row)].to_le_bytes());
            }),
            Key::ValuesMp => self.by_row(key, DType::F32, &[4], |game, _, out| {
                game.values_mp.iter().for_each(|value| out.extend(value.to_le_bytes()));
            }),
            Key::PolicyIndices | Key::PolicyValues if is_upstream => self.upstream_policy(key),
            Key::PolicyIndices | Key::PolicyValues => self.padded_policy(key),
            Key::PolicyCounts => {
                self.by_row(key, DType::I32, &[], |_, row, out| out.extend((row.targets as i32).to_le_bytes()))
            }
            Key::MoveNumbers => {
                self.by_row(key, DType::I32, &[], |_, row, out| out.extend((row.move_number as i32).to_le_bytes()))
            }
            Key::TotalGameMoves => {
                self.by_row(key, DType::I32, &[], |game, _, out| out.extend(game.total_moves.to_le_bytes()))
            }
            Key::NumPlayers => {
                let players = plan.players.get() as i32;
                self.by_row(key, DType::I32, &[], |_, _, out| out.extend(players.to_le_bytes()))
            }
            Key::PlayerNumbers => {
                self.by_row(key, DType::I32, &[], |_, row, out| out.extend(i32::from(row.player).to_le_bytes()))
            }
            Key::OpponentElo => {
                self.by_row(key, DType::F32, &[], |game, _, out| out.extend(game.opponent_elo.to_le_bytes()))
            }
            Key::GeneratorElo => {
                self.by_row(key, DType::F32, &[], |game, _, out| out.extend(game.generator_elo.to_le_bytes()))
            }
            Key::QualityScore => {
                self.by_row(key, DType::F32, &[], |game, _, out| out.extend(game.quality.to_le_bytes()))
            }
            Key::Timestamps => self.by_row(key, DType::F64, &[], |game, _, out| out.extend(game.time.to_le_bytes())),
            Key::SampleWeights => {
                let weights = sample_weights(self.games, self.texts);
                let by_game = weights.into_iter().zip(self.games);
                let mut by_row = by_game.flat_map(|(weight, game)| std::iter::repeat_n(weight, game.rows as usize));
                self.by_row(key, DType::F32, &[], |_, _, out| {
                    out.extend(by_row.next().unwrap_or_default().to_le_bytes());
                })
            }
            Key::Phases => self.texts_by_row(key, |_, row| Phase::ALL[usize::from(row.phase)].name()),
            Key::MoveTypes => self.texts_by_row(key, |_, row| MoveKind::ALL[usize::from(row.kind)].name()),
            Key::VictoryTypes => {
                let texts = self.texts;
                self.texts_by_row(key, move |game, _| texts.get(game.victory))
            }
            Key::EngineModes => {
                let texts = self.texts;
                self.texts_by_row(key, move |game, _| texts.get(game.engine))
            }
            Key::OpponentTypes => {
                let texts = self.texts;
                self.texts_by_row(key, move |game, _| texts.get(game.opponent))
            }
            Key::GameIds => self.texts_by_row(key, |game, _| &game.id),
            Key::BoardType => self.text_scalar(key, plan.board.name()),
            Key::BoardSize | Key::SpatialSize => self.int_scalar(key, plan.side() as i64),
            Key::HistoryLength => self.int_scalar(key, plan.history_length as i64),
            Key::HistoryMode => self.text_scalar(key, plan.history_mode.name()),
            Key::FeatureVersion => self.int_scalar(key, plan.feature_version.number().into()),
            Key::PolicyEncoding => self.text_scalar(key, plan.policy_name()),
            Key::Encoder => self.text_scalar(key, plan.encoder.name()),
            Key::EncoderType => {
                let version =
                    if plan.layout == Layout::UpstreamSingle { self.labelled_version() } else { self.version() };
                let kind = match plan.encoder {
                    Encoder::Upstream(UpstreamEncoder::Square) => format!("square_v{}", plan.feature_version.number()),
                    _ => format!("hex_{version}"),
                };
                self.text_scalar(key, &kind)
            }
            Key::EncoderVersion if is_upstream => self.text_scalar(key, self.labelled_version()),
            Key::EncoderVersion => self.text_scalar(key, self.version()),
            Key::InChannels => self.int_scalar(key, plan.planes() as i64),
            // The size of the board's own layout, whatever the layout is.
            Key::PolicySize if is_upstream => self.int_scalar(key, PolicyLayout::BoardAware.size(plan.board).into()),
            Key::PolicySize => self.int_scalar(key, plan.policy_size().into()),
            Key::MaxPolicyIndex => self.int_scalar(key, self.spool.index_max.into()),
            Key::PoliciesNormalized => self.scalar(key, DType::Bool, &[1]),
            Key::ExportVersion => self.text_scalar(key, "2.1"),
            Key::NumHeuristicFeatures => {
                let count = match plan.heuristics {
                    // What upstream says; it writes 59.
                    Some(HeuristicFeatures::Full) if is_upstream => 49,
                    features => features.map_or(0, HeuristicFeatures::len) as i64,
                };
                self.int_scalar(key, count)
            }
            Key::HeuristicMode => self.text_scalar(key, plan.heuristics.map_or("", HeuristicFeatures::name)),
            Key::SeatValues => {
                let players = plan.players.get();
                self.by_row(key, DType::F32, &[players as u64], |game, row, out| {
                    let first = player(row);
                    (0..players).for_each(|seat| out.extend(game.values_mp[(first + seat) % players].to_le_bytes()));
                })
            }
            Key::PolicyStart => self.policy_start(),
            Key::PolicyIndexList | Key::PolicyValueList => self.policy_list(key),
            Key::PlayerBytes => self.by_row(key, DType::U8, &[], |_, row, out| out.push(row.player)),
            Key::PhaseBytes => self.by_row(key, DType::U8, &[], |_, row, out| out.push(row.phase)),
            Key::MoveTypeBytes => self.by_row(key, DType::U8, &[], |_, row, out| out.push(row.kind)),
            Key::GameIndex => {
                let mut by_row =
                    (0_i32..).zip(self.games).flat_map(|(index, game)| std::iter::repeat_n(index, game.rows as usize));
                self.by_row(key, DType::I32, &[], |_, _, out| {
                    out.extend(by_row.next().unwrap_or_default().to_le_bytes());
                })
            }
            Key::GameNames => self.text_list(key, self.games.iter().map(|game| &*game.id)),
            Key::GameVictories => self.text_list(key, self.games.iter().map(|game| self.texts.get(game.victory))),
            Key::GameEngines => self.text_list(key, self.games.iter().map(|game| self.texts.get(game.engine))),
            Key::GameQuality => self.float_list(key, self.games.iter().map(|game| game.quality)),
            Key::GameElo => self.float_list(key, self.games.iter().map(|game| game.generator_elo)),
            Key::PhaseNames => self.text_list(key, Phase::ALL.iter().map(|phase| phase.name())),
            Key::MoveTypeNames => self.text_list(key, MoveKind::ALL.iter().map(|kind| kind.name())),
            Key::PlayerCount => self.int_scalar(key, plan.players.get() as i64),
            Key::LayoutDigest => self.text_scalar(key, &plan.rr1().digest()),
            Key::LayoutText => self.text_scalar(key, &plan.rr1().describe()),
            Key::Features | Key::Planes | Key::Globals | Key::Heuristics | Key::Metadata | Key::DataChecksums => {
                unreachable!("made by the caller")
            }
        }
    }

    /// Version of the planes. Square boards have one only, which upstream calls v3.
    fn version(&self) -> &'static str {
        if self.plan.encoder == Encoder::Upstream(UpstreamEncoder::HexV2) { "v2" } else { "v3" }
    }

    /// Version as upstream labels it: v2 if that was asked for by name.
    fn labelled_version(&self) -> &'static str {
        if self.plan.is_labelled_v2 { "v2" } else { "v3" }
    }

    fn scalar(&self, key: Key, dtype: DType, bytes: &[u8]) -> io::Result<Entry> {
        let mut column = self.column(key, dtype)?;
        column.push(bytes)?;
        column.finish(Vec::new())
    }

    fn int_scalar(&self, key: Key, value: i64) -> io::Result<Entry> {
        self.scalar(key, DType::I64, &value.to_le_bytes())
    }

    fn text_scalar(&self, key: Key, text: &str) -> io::Result<Entry> {
        // NumPy has no texts of no characters.
        let width = text.chars().count().max(1);
        self.scalar(key, DType::Text(width), &text_bytes(text, width))
    }

    fn text_list<'t>(&self, key: Key, texts: impl Iterator<Item = &'t str> + Clone) -> io::Result<Entry> {
        let width = texts.clone().map(|text| text.chars().count()).max().unwrap_or(1).max(1);
        let mut column = self.column(key, DType::Text(width))?;
        let mut count = 0;
        for text in texts {
            column.push(&text_bytes(text, width))?;
            count += 1;
        }
        column.finish(vec![count])
    }

    fn float_list(&self, key: Key, values: impl ExactSizeIterator<Item = f32>) -> io::Result<Entry> {
        let mut column = self.column(key, DType::F32)?;
        let count = values.len() as u64;
        for value in values {
            column.push(&value.to_le_bytes())?;
        }
        column.finish(vec![count])
    }

    fn metadata(&self, export_time: &str, newest: Option<&str>, games_seen: u64) -> io::Result<Entry> {
        let rows = self.spool.len;
        if self.plan.layout.is_upstream() {
            let mut column = ObjectColumn::new(Key::Metadata.name(), Vec::new(), unnamed(&self.path)?);
            column.push_dict(&[
                ("export_time", Scalar::Text(export_time.to_owned())),
                ("newest_game_time", newest.map_or(Scalar::None, |time| Scalar::Text(time.to_owned()))),
                ("game_count", Scalar::Int(games_seen as i64)),
                ("sample_count", Scalar::Int(rows as i64)),
            ])?;
            return column.finish();
        }
        let metadata = json!({
            "newest_game_time": newest,
            "game_count": self.games.len(),
            "sample_count": rows,
            "plan": self.plan.to_json(),
            "ringrift_core_version": env!("CARGO_PKG_VERSION"),
        });
        self.text_scalar(Key::Metadata, &metadata.to_string())
    }

    /// Calls `each` with every row and its game.
    fn for_each(&mut self, mut each: impl FnMut(&'a GameEntry, &Row) -> io::Result<()>) -> io::Result<()> {
        let mut games = self.games.iter().flat_map(|game| std::iter::repeat_n(game, game.rows as usize));
        let stop = self.stop;
        self.spool.for_each(|row| {
            if row.move_number == 0 {
                check_stop(stop)?;
            }
            each(games.next().expect("every row is of a game"), &row)
        })
    }

    fn by_row(
        &mut self,
        key: Key,
        dtype: DType,
        item: &[u64],
        mut write: impl FnMut(&'a GameEntry, &Row, &mut Vec<u8>),
    ) -> io::Result<Entry> {
        let mut column = self.column(key, dtype)?;
        let mut bytes = Vec::new();
        self.for_each(|game, row| {
            bytes.clear();
            write(game, row, &mut bytes);
            column.push(&bytes)
        })?;
        column.finish([&[self.spool.len], item].concat())
    }

    /// An array of texts: of Python objects in upstream's layouts, else as wide as the widest.
    fn texts_by_row(&mut self, key: Key, text: impl Fn(&'a GameEntry, &Row) -> &'a str) -> io::Result<Entry> {
        if self.plan.layout.is_upstream() {
            let mut column = ObjectColumn::new(key.name(), vec![self.spool.len], unnamed(&self.path)?);
            self.for_each(|game, row| column.push_text(text(game, row)))?;
            return column.finish();
        }
        let mut width = 1;
        self.for_each(|game, row| {
            width = width.max(text(game, row).chars().count());
            Ok(())
        })?;
        self.by_row(key, DType::Text(width), &[], |game, row, out| out.extend(text_bytes(text(game, row), width)))
    }

    /// Objects: numbers in two dimensions if all rows have equally many targets, else an array for each row.
    fn upstream_policy(&mut self, key: Key) -> io::Result<Entry> {
        let (rows, count) = (self.spool.len, self.spool.targets_max);
        let is_index = key == Key::PolicyIndices;
        let is_even = self.spool.targets_min == count;
        let shape = if is_even { vec![rows, count.into()] } else { vec![rows] };
        let mut column = ObjectColumn::new(key.name(), shape, unnamed(&self.path)?);
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        self.spool.for_each_targets(|targets| {
            if is_even {
                return targets.iter().try_for_each(|&(index, value)| {
                    if is_index { column.push_int(index.into()) } else { column.push_float(value.into()) }
                });
            }
            indices.clear();
            values.clear();
            indices.extend(targets.iter().map(|&(index, _)| index as i32));
            values.extend(targets.iter().map(|&(_, value)| value));
            if is_index { column.push_i32_array(&indices) } else { column.push_f32_array(&values) }
        })?;
        column.finish()
    }

    /// Where the targets of each row begin in the lists, and where those of the last end.
    fn policy_start(&mut self) -> io::Result<Entry> {
        let mut column = self.column(Key::PolicyStart, DType::I64)?;
        let mut start = 0_i64;
        column.push(&start.to_le_bytes())?;
        self.spool.for_each(|row| {
            start += i64::from(row.targets);
            column.push(&start.to_le_bytes())
        })?;
        column.finish(vec![self.spool.len + 1])
    }

    /// The targets of all rows, one row after the other.
    fn policy_list(&mut self, key: Key) -> io::Result<Entry> {
        let is_index = key == Key::PolicyIndexList;
        let mut column = self.column(key, if is_index { DType::I32 } else { DType::F32 })?;
        self.spool.for_each_targets(|targets| {
            targets.iter().try_for_each(|&(index, value)| {
                column.push(&if is_index { (index as i32).to_le_bytes() } else { value.to_le_bytes() })
            })
        })?;
        column.finish(vec![self.spool.targets_total])
    }

    /// Two dimensions: rows with fewer targets than others say their first one again.
    fn padded_policy(&mut self, key: Key) -> io::Result<Entry> {
        let (rows, count) = (self.spool.len, self.spool.targets_max);
        let is_index = key == Key::PolicyIndices;
        let mut column = self.column(key, if is_index { DType::I32 } else { DType::F32 })?;
        let mut bytes = Vec::with_capacity(4 * count as usize);
        self.spool.for_each_targets(|targets| {
            bytes.clear();
            for i in 0..count as usize {
                let (index, value) = targets.get(i).or(targets.first()).copied().unwrap_or_default();
                bytes.extend(if is_index { (index as i32).to_le_bytes() } else { value.to_le_bytes() });
            }
            column.push(&bytes)
        })?;
        column.finish(vec![rows, count.into()])
    }
}
