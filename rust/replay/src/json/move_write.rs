//! Writes move JSON as upstream's records have it. Source: rules.md section 13.

use std::borrow::Cow;

use ringrift_rules::{
    AnyPosition, BoardShape, Cell, CellContent, EliminationContext, Geometry, LineSpan, Move, MoveList, PlayerId,
    RecoveryMode, RegionId,
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json};

use super::spaces::spaces_in_order;

/// The fields of a move in the order in which upstream writes them, with their names in the models of its two languages.
const FIELDS: [(&str, &str); 30] = [
    ("id", "id"),
    ("type", "type"),
    ("player", "player"),
    ("from", "from_pos"),
    ("to", "to"),
    ("captureTarget", "capture_target"),
    ("capturedStacks", "captured_stacks"),
    ("captureChain", "capture_chain"),
    ("overtakenRings", "overtaken_rings"),
    ("placedOnStack", "placed_on_stack"),
    ("placementCount", "placement_count"),
    ("stackMoved", "stack_moved"),
    ("minimumDistance", "minimum_distance"),
    ("actualDistance", "actual_distance"),
    ("markerLeft", "marker_left"),
    ("lineIndex", "line_index"),
    ("formedLines", "formed_lines"),
    ("collapsedMarkers", "collapsed_markers"),
    ("claimedTerritory", "claimed_territory"),
    ("disconnectedRegions", "disconnected_regions"),
    ("recoveryOption", "recovery_option"),
    ("recoveryMode", "recovery_mode"),
    ("collapsePositions", "collapse_positions"),
    ("extractionStacks", "extraction_stacks"),
    ("eliminatedRings", "eliminated_rings"),
    ("eliminationContext", "elimination_context"),
    ("timestamp", "timestamp"),
    ("thinkTime", "think_time"),
    ("moveNumber", "move_number"),
    ("phase", "phase"),
];

/// A field that some move has: its place among [`FIELDS`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Name {
    Id = 0,
    Type = 1,
    Player = 2,
    From = 3,
    To = 4,
    CaptureTarget = 5,
    PlacedOnStack = 9,
    PlacementCount = 10,
    FormedLines = 16,
    CollapsedMarkers = 17,
    DisconnectedRegions = 19,
    RecoveryOption = 20,
    RecoveryMode = 21,
    CollapsePositions = 22,
    ExtractionStacks = 23,
    EliminatedRings = 24,
    EliminationContext = 25,
    Timestamp = 26,
    ThinkTime = 27,
    MoveNumber = 28,
    Phase = 29,
}

/// What to do with fields that have no value.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Nulls {
    /// Leave them out; every reader accepts that.
    #[default]
    Omit,
    /// Write them as null, as upstream does.
    Write,
}

/// How line eliminations are numbered.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum MoveNumbering {
    /// Like every other move, as replay databases store them.
    #[default]
    Stored,
    /// One less than other moves, as upstream's engine hands them out.
    Generated,
}

/// How fields are called.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum FieldNames {
    /// `moveNumber`, as in replay databases and on the wire.
    #[default]
    Camel,
    /// `move_number` and `from_pos`, as in upstream's self-play logs.
    Snake,
}

/// How to write a move.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MoveJsonOptions {
    /// Fields without value.
    pub nulls: Nulls,
    /// Names of fields.
    pub names: FieldNames,
    /// Numbers of line eliminations.
    pub numbering: MoveNumbering,
    /// When the move was made, as ISO 8601 text; null otherwise.
    pub timestamp: Option<String>,
    /// Time spent on the move, in upstream's unit (milliseconds).
    pub think_time: u64,
}

/// What a field holds.
#[derive(Clone, Debug)]
enum Field {
    Flag(bool),
    Number(u64),
    Text(Cow<'static, str>),
    Texts(Vec<String>),
    /// A point of the board, or a direction.
    Point(Point),
    Cells(Vec<Cell>),
    /// A list of one object: each field with its two names.
    Only(Vec<((&'static str, &'static str), Field)>),
}

#[derive(Copy, Clone, Debug)]
struct Point {
    x: i32,
    y: i32,
    z: Option<i32>,
}

impl From<bool> for Field {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<u64> for Field {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<PlayerId> for Field {
    fn from(player: PlayerId) -> Self {
        Self::Number(player.number().into())
    }
}

impl From<&'static str> for Field {
    fn from(value: &'static str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Field {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

/// The JSON of a move, ready to be serialized: by [`serde_json`], or by [`crate::python_json`] as Python would write it.
#[derive(Clone, Debug)]
pub struct MoveJson {
    geometry: &'static Geometry,
    nulls: Nulls,
    names: FieldNames,
    fields: Vec<(Name, Field)>,
}

impl MoveJson {
    /// The JSON of a legal move of `position`, with the fields and the order that upstream gives them. `move_number`
    /// counts the moves of the game up to and including this one.
    ///
    /// Ids follow upstream's pattern. The running number in the ids of line and territory decisions is the place of the
    /// line or region in this engine's list, which may differ from upstream's: that depends on the order in which
    /// markers came to the board.
    ///
    /// Source: rules.md section 13.
    pub fn new(position: &AnyPosition, mv: Move, move_number: u64, options: &MoveJsonOptions) -> Self {
        let geometry = position.geometry();
        let fields = Vec::with_capacity(16);
        let mut writer = Writer { position, geometry, fields };
        let id = writer.describe(mv, move_number);
        writer.set(Name::Id, id);
        writer.set(Name::Type, mv.kind().name());
        writer.set(Name::Player, position.to_move());
        if let Some(timestamp) = &options.timestamp {
            writer.set(Name::Timestamp, timestamp.clone());
        }
        writer.set(Name::ThinkTime, options.think_time);
        let is_line_payment = matches!(mv, Move::EliminateRingsFromStack { context: EliminationContext::Line, .. });
        let generated = is_line_payment && options.numbering == MoveNumbering::Generated;
        writer.set(Name::MoveNumber, move_number.saturating_sub(u64::from(generated)));
        writer.set(Name::Phase, position.phase().name());
        Self { geometry, nulls: options.nulls, names: options.names, fields: writer.fields }
    }

    /// The key of the move in recorded policies: `{type}[_{from}][_{to}]`, cells as `x,y`. It does not tell apart moves of a
    /// type between the same cells. Source: npz.md section 6.3.
    fn key(&self) -> String {
        use std::fmt::Write as _;

        let mut key = String::with_capacity(40);
        for wanted in [Name::Type, Name::From, Name::To] {
            match self.fields.iter().find(|&&(name, _)| name == wanted) {
                Some((_, Field::Text(kind))) => key += kind,
                Some((_, Field::Point(at))) => {
                    let _ = write!(key, "_{},{}", at.x, at.y);
                }
                _ => {}
            }
        }
        key
    }

    fn name(&self, (camel, snake): (&'static str, &'static str)) -> &'static str {
        match self.names {
            FieldNames::Camel => camel,
            FieldNames::Snake => snake,
        }
    }
}

/// The key of a legal move of `position` in recorded policies: see `move_probs` in replay databases.
pub fn move_key(position: &AnyPosition, mv: Move) -> String {
    MoveJson::new(position, mv, 1, &MoveJsonOptions::default()).key()
}

impl Serialize for MoveJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = FIELDS.iter().enumerate().filter_map(|(place, &names)| {
            let field = self.fields.iter().find(|&&(name, _)| name as usize == place).map(|(_, field)| field);
            (field.is_some() || self.nulls == Nulls::Write).then_some((names, field))
        });
        serializer.collect_map(named.map(|(names, field)| (self.name(names), Written { json: self, field })))
    }
}

/// A field of a move, ready to be serialized.
struct Written<'a> {
    json: &'a MoveJson,
    field: Option<&'a Field>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.json;
        match self.field {
            None => serializer.serialize_unit(),
            Some(Field::Flag(value)) => value.serialize(serializer),
            Some(Field::Number(value)) => value.serialize(serializer),
            Some(Field::Text(value)) => value.serialize(serializer),
            Some(Field::Texts(value)) => value.serialize(serializer),
            Some(&Field::Point(point)) => PointJson { point, nulls: json.nulls }.serialize(serializer),
            Some(Field::Cells(cells)) => {
                let nulls = json.nulls;
                serializer
                    .collect_seq(cells.iter().map(|&cell| PointJson { point: point_of(json.geometry, cell), nulls }))
            }
            Some(Field::Only(fields)) => serializer.collect_seq([Object { json, fields }]),
        }
    }
}

/// An object inside a field.
struct Object<'a> {
    json: &'a MoveJson,
    fields: &'a [((&'static str, &'static str), Field)],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.json;
        serializer.collect_map(
            self.fields.iter().map(|(names, field)| (json.name(*names), Written { json, field: Some(field) })),
        )
    }
}

/// A point, ready to be serialized.
struct PointJson {
    point: Point,
    nulls: Nulls,
}

impl Serialize for PointJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Point { x, y, z } = self.point;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("x", &x)?;
        map.serialize_entry("y", &y)?;
        if z.is_some() || self.nulls == Nulls::Write {
            map.serialize_entry("z", &z)?;
        }
        map.end()
    }
}

/// Coordinates; square boards have no `z`.
fn point_of(geometry: &Geometry, cell: Cell) -> Point {
    let at = geometry.coord(cell);
    Point { x: at.x, y: at.y, z: (geometry.kind().spec().shape == BoardShape::Hex).then(|| at.z()) }
}

/// Coordinates as JSON; square boards have `z` only as a written null.
pub(crate) fn cell_json(geometry: &Geometry, cell: Cell, nulls: Nulls) -> Value {
    let Point { x, y, z } = point_of(geometry, cell);
    match (z, nulls) {
        (None, Nulls::Omit) => json!({"x": x, "y": y}),
        _ => json!({"x": x, "y": y, "z": z}),
    }
}

/// A name that is the same in both languages.
const fn plain(name: &'static str) -> (&'static str, &'static str) {
    (name, name)
}

struct Writer<'a> {
    position: &'a AnyPosition,
    geometry: &'static Geometry,
    fields: Vec<(Name, Field)>,
}

impl Writer<'_> {
    fn set(&mut self, name: Name, value: impl Into<Field>) {
        self.fields.push((name, value.into()));
    }

    fn set_cell(&mut self, name: Name, cell: Cell) {
        self.set(name, Field::Point(point_of(self.geometry, cell)));
    }

    fn key(&self, cell: Cell) -> String {
        self.geometry.key(cell)
    }

    /// Bookkeeping moves point at `0,0`, without `z` even on hex boards.
    fn nowhere(&mut self) {
        self.set(Name::To, Field::Point(Point { x: 0, y: 0, z: None }));
    }

    fn line(&mut self, line: LineSpan) {
        let cells = self.position.line_cells(line);
        let shape = self.geometry.kind().spec().shape;
        let (x, y) = shape.axes()[line.axis()];
        let direction = Point { x, y, z: (shape == BoardShape::Hex).then_some(-x - y) };
        let formed = vec![
            (plain("positions"), Field::Cells(cells)),
            (plain("player"), self.position.to_move().into()),
            (plain("length"), Field::Number(line.len().into())),
            (plain("direction"), Field::Point(direction)),
        ];
        self.set_cell(Name::To, line.first());
        self.set(Name::FormedLines, Field::Only(formed));
    }

    /// Number of different lines that are listed before this one.
    fn line_number(&self, line: LineSpan) -> usize {
        let mut seen: Vec<LineSpan> = Vec::new();
        for other in self.legal() {
            if let Move::ProcessLine { line: other } = other {
                if other == line {
                    break;
                }
                seen.push(other);
            }
        }
        seen.len()
    }

    fn region_number(&self, region: RegionId) -> usize {
        let wanted = Move::ChooseTerritoryOption { region };
        self.legal().iter().position(|&mv| mv == wanted).unwrap_or(0)
    }

    fn legal(&self) -> MoveList {
        let mut list = MoveList::new();
        self.position.legal_moves(&mut list);
        list
    }

    /// Sets the fields of the move's type and returns its id; `n` is the number of the move.
    fn describe(&mut self, mv: Move, n: u64) -> String {
        let kind = mv.kind();
        let player = self.position.to_move();
        match mv {
            Move::PlaceRing { to, count } => {
                let on_stack = matches!(self.position.content(to), CellContent::Stack(_));
                self.set_cell(Name::To, to);
                self.set(Name::PlacedOnStack, on_stack);
                self.set(Name::PlacementCount, u64::from(count));
                "simulated".into()
            }
            Move::SkipPlacement => {
                if let Some(first) = self.position.first_stack_of(player) {
                    self.set_cell(Name::To, first);
                }
                "simulated".into()
            }
            Move::MoveStack { from, to } => {
                self.set_cell(Name::From, from);
                self.set_cell(Name::To, to);
                "simulated".into()
            }
            Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
                let id = format!("capture-{}-{}-{}-{n}", self.key(from), self.key(over), self.key(to));
                self.set_cell(Name::From, from);
                self.set_cell(Name::To, to);
                self.set_cell(Name::CaptureTarget, over);
                id
            }
            Move::RecoverySlide { from, to, mode } => self.recovery(from, to, mode, n),
            Move::SkipRecovery => format!("skip-recovery-{n}"),
            Move::ProcessLine { line } => {
                self.line(line);
                format!("process-line-{}-{}", self.line_number(line), self.key(line.first()))
            }
            Move::ChooseLineOption { line, window } => {
                self.line(line);
                let cells = self.position.window_cells(line, window);
                self.set(Name::CollapsedMarkers, Field::Cells(cells));
                let part = match window.start() {
                    None => "all".into(),
                    Some(start) => format!("min-{start}"),
                };
                let number = self.line_number(line);
                format!("choose-line-option-{number}-{}-{part}", self.key(line.first()))
            }
            Move::EliminateRingsFromStack { from, context } => {
                self.set_cell(Name::To, from);
                self.set(Name::EliminationContext, context.name());
                if context == EliminationContext::Line {
                    let paid = vec![(plain("player"), player.into()), (plain("count"), Field::Number(1))];
                    self.set(Name::EliminatedRings, Field::Only(paid));
                    format!("eliminate-line-{}", self.key(from))
                } else {
                    format!("eliminate-rings-from-stack-{n}-{}", self.key(from))
                }
            }
            Move::ChooseTerritoryOption { region } => {
                let cells = self.position.region_cell_list(region);
                let spaces = spaces_in_order(self.geometry, &cells);
                let first = spaces.first().copied();
                let regions = vec![
                    (plain("spaces"), Field::Cells(spaces)),
                    (("controllingPlayer", "controlling_player"), player.into()),
                    (("isDisconnected", "is_disconnected"), Field::Flag(true)),
                ];
                self.set(Name::DisconnectedRegions, Field::Only(regions));
                let Some(first) = first else { return String::new() };
                self.set_cell(Name::To, first);
                let number = self.region_number(region);
                format!("choose-territory-option-{number}-{}", self.key(first))
            }
            Move::ForcedElimination { from } => {
                self.set_cell(Name::To, from);
                if self.position.has_real_action(player) {
                    // The host synthesised the move because the engine offered none.
                    format!("forced-elimination-{n}")
                } else {
                    self.set(Name::PlacedOnStack, false);
                    self.set(Name::PlacementCount, 0_u64);
                    "simulated".into()
                }
            }
            Move::SwapSides => {
                self.nowhere();
                format!("swap_sides-{n}")
            }
            Move::NoPlacementAction
            | Move::SkipCapture
            | Move::NoMovementAction
            | Move::NoLineAction
            | Move::SkipTerritoryProcessing
            | Move::NoTerritoryAction => {
                self.nowhere();
                format!("{}-{n}", kind.name().replace('_', "-"))
            }
        }
    }

    fn recovery(&mut self, from: Cell, to: Cell, mode: RecoveryMode, n: u64) -> String {
        let id = format!("recovery-{}-{}-{}-{n}", mode_name(mode), self.key(from), self.key(to));
        self.set_cell(Name::From, from);
        self.set_cell(Name::To, to);
        self.set(Name::RecoveryMode, mode_name(mode));
        match mode {
            RecoveryMode::LineAll => self.set(Name::RecoveryOption, 1_u64),
            RecoveryMode::LineSegment => {
                self.set(Name::RecoveryOption, 2_u64);
                let cells = self.position.recovery_cells(from, to, mode);
                self.set(Name::CollapsePositions, Field::Cells(cells));
            }
            RecoveryMode::Fallback | RecoveryMode::StackStrike => {
                let payer = self.position.recovery_payer(self.position.to_move());
                let keys: Vec<String> = payer.map(|cell| self.key(cell)).into_iter().collect();
                self.set(Name::ExtractionStacks, Field::Texts(keys));
            }
        }
        id
    }
}

pub(crate) const fn mode_name(mode: RecoveryMode) -> &'static str {
    match mode {
        RecoveryMode::LineAll | RecoveryMode::LineSegment => "line",
        RecoveryMode::Fallback => "fallback",
        RecoveryMode::StackStrike => "stack_strike",
    }
}

/// [`MoveJson`] as a value.
pub fn move_to_json(position: &AnyPosition, mv: Move, move_number: u64, options: &MoveJsonOptions) -> Value {
    serde_json::to_value(MoveJson::new(position, mv, move_number, options)).expect("a move can be written to memory")
}
