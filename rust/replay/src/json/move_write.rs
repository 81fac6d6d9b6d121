//! Writes move JSON as upstream's records have it. Source: rules.md section 13.

use ringrift_rules::{
    AnyPosition, BoardShape, Cell, CellContent, EliminationContext, Geometry, LineSpan, Move, MoveList, RecoveryMode,
    RegionId,
};
use serde_json::{Map, Value, json};

use super::spaces::spaces_in_order;

/// The fields of a move in the order in which upstream writes them.
const FIELDS: [&str; 30] = [
    "id",
    "type",
    "player",
    "from",
    "to",
    "captureTarget",
    "capturedStacks",
    "captureChain",
    "overtakenRings",
    "placedOnStack",
    "placementCount",
    "stackMoved",
    "minimumDistance",
    "actualDistance",
    "markerLeft",
    "lineIndex",
    "formedLines",
    "collapsedMarkers",
    "claimedTerritory",
    "disconnectedRegions",
    "recoveryOption",
    "recoveryMode",
    "collapsePositions",
    "extractionStacks",
    "eliminatedRings",
    "eliminationContext",
    "timestamp",
    "thinkTime",
    "moveNumber",
    "phase",
];

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

/// How to write a move.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MoveJsonOptions {
    /// Fields without value.
    pub nulls: Nulls,
    /// Numbers of line eliminations.
    pub numbering: MoveNumbering,
    /// When the move was made, as ISO 8601 text; null otherwise.
    pub timestamp: Option<String>,
    /// Time spent on the move, in upstream's unit (milliseconds).
    pub think_time: u64,
}

/// Coordinates as JSON; square boards have `z` only as a written null.
pub(crate) fn cell_json(geometry: &Geometry, cell: Cell, nulls: Nulls) -> Value {
    let at = geometry.coord(cell);
    let z = (geometry.kind().spec().shape == BoardShape::Hex).then(|| at.z());
    coord_json(at.x, at.y, z, nulls)
}

fn coord_json(x: i32, y: i32, z: Option<i32>, nulls: Nulls) -> Value {
    match (z, nulls) {
        (None, Nulls::Omit) => json!({"x": x, "y": y}),
        _ => json!({"x": x, "y": y, "z": z}),
    }
}

struct Writer<'a> {
    position: &'a AnyPosition,
    geometry: &'static Geometry,
    nulls: Nulls,
    fields: Vec<(&'static str, Value)>,
}

impl Writer<'_> {
    fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.fields.push((name, value.into()));
    }

    fn cell(&self, cell: Cell) -> Value {
        cell_json(self.geometry, cell, self.nulls)
    }

    fn cells(&self, cells: &[Cell]) -> Value {
        cells.iter().map(|&cell| self.cell(cell)).collect()
    }

    fn key(&self, cell: Cell) -> String {
        self.geometry.key(cell)
    }

    /// Bookkeeping moves point at `0,0`, without `z` even on hex boards.
    fn nowhere(&mut self) {
        let value = coord_json(0, 0, None, self.nulls);
        self.set("to", value);
    }

    fn line(&mut self, line: LineSpan) {
        let cells = self.position.line_cells(line);
        let shape = self.geometry.kind().spec().shape;
        let (x, y) = shape.axes()[line.axis()];
        let z = (shape == BoardShape::Hex).then_some(-x - y);
        let formed = json!([{
            "positions": self.cells(&cells),
            "player": self.position.to_move().number(),
            "length": line.len(),
            "direction": coord_json(x, y, z, self.nulls),
        }]);
        let to = self.cell(line.first());
        self.set("to", to);
        self.set("formedLines", formed);
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
                let at = self.cell(to);
                self.set("to", at);
                self.set("placedOnStack", on_stack);
                self.set("placementCount", count);
                "simulated".into()
            }
            Move::SkipPlacement => {
                if let Some(first) = self.position.first_stack_of(player) {
                    let at = self.cell(first);
                    self.set("to", at);
                }
                "simulated".into()
            }
            Move::MoveStack { from, to } => {
                let (from, to) = (self.cell(from), self.cell(to));
                self.set("from", from);
                self.set("to", to);
                "simulated".into()
            }
            Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
                let id = format!("capture-{}-{}-{}-{n}", self.key(from), self.key(over), self.key(to));
                let (from, over, to) = (self.cell(from), self.cell(over), self.cell(to));
                self.set("from", from);
                self.set("to", to);
                self.set("captureTarget", over);
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
                let collapsed = self.cells(&cells);
                self.set("collapsedMarkers", collapsed);
                let part = match window.start() {
                    None => "all".into(),
                    Some(start) => format!("min-{start}"),
                };
                let number = self.line_number(line);
                format!("choose-line-option-{number}-{}-{part}", self.key(line.first()))
            }
            Move::EliminateRingsFromStack { from, context } => {
                let to = self.cell(from);
                self.set("to", to);
                self.set("eliminationContext", context.name());
                if context == EliminationContext::Line {
                    self.set("eliminatedRings", json!([{"player": player.number(), "count": 1}]));
                    format!("eliminate-line-{}", self.key(from))
                } else {
                    format!("eliminate-rings-from-stack-{n}-{}", self.key(from))
                }
            }
            Move::ChooseTerritoryOption { region } => {
                let cells = self.position.region_cell_list(region);
                let spaces = spaces_in_order(self.geometry, &cells);
                let first = spaces.first().copied();
                let regions = json!([{
                    "spaces": self.cells(&spaces),
                    "controllingPlayer": player.number(),
                    "isDisconnected": true,
                }]);
                self.set("disconnectedRegions", regions);
                let Some(first) = first else { return String::new() };
                let to = self.cell(first);
                self.set("to", to);
                let number = self.region_number(region);
                format!("choose-territory-option-{number}-{}", self.key(first))
            }
            Move::ForcedElimination { from } => {
                let to = self.cell(from);
                self.set("to", to);
                if self.position.has_real_action(player) {
                    // The host synthesised the move because the engine offered none.
                    format!("forced-elimination-{n}")
                } else {
                    self.set("placedOnStack", false);
                    self.set("placementCount", 0);
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
        let (from_json, to_json) = (self.cell(from), self.cell(to));
        self.set("from", from_json);
        self.set("to", to_json);
        self.set("recoveryMode", mode_name(mode));
        match mode {
            RecoveryMode::LineAll => self.set("recoveryOption", 1),
            RecoveryMode::LineSegment => {
                self.set("recoveryOption", 2);
                let cells = self.position.recovery_cells(from, to, mode);
                let cells = self.cells(&cells);
                self.set("collapsePositions", cells);
            }
            RecoveryMode::Fallback | RecoveryMode::StackStrike => {
                let payer = self.position.recovery_payer(self.position.to_move());
                let keys: Vec<String> = payer.map(|cell| self.key(cell)).into_iter().collect();
                self.set("extractionStacks", keys);
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

/// The JSON of a legal move, with the fields and the order that upstream gives them. `move_number` counts the moves of
/// the game up to and including this one.
///
/// Ids follow upstream's pattern. The running number in the ids of line and territory decisions is the place of the
/// line or region in this engine's list, which may differ from upstream's: that depends on the order in which markers
/// came to the board.
///
/// Source: rules.md section 13.
pub fn move_to_json(position: &AnyPosition, mv: Move, move_number: u64, options: &MoveJsonOptions) -> Value {
    let mut writer =
        Writer { position, geometry: position.geometry(), nulls: options.nulls, fields: Vec::with_capacity(12) };
    let id = writer.describe(mv, move_number);
    writer.set("id", id);
    writer.set("type", mv.kind().name());
    writer.set("player", position.to_move().number());
    if let Some(timestamp) = &options.timestamp {
        writer.set("timestamp", timestamp.as_str());
    }
    writer.set("thinkTime", options.think_time);
    let is_line_payment = matches!(mv, Move::EliminateRingsFromStack { context: EliminationContext::Line, .. });
    let generated = is_line_payment && options.numbering == MoveNumbering::Generated;
    writer.set("moveNumber", move_number.saturating_sub(u64::from(generated)));
    writer.set("phase", position.phase().name());
    let mut fields = writer.fields;
    let mut out = Map::with_capacity(match options.nulls {
        Nulls::Omit => fields.len(),
        Nulls::Write => FIELDS.len(),
    });
    for name in FIELDS {
        match fields.iter_mut().find(|(field, _)| *field == name) {
            Some((_, value)) => {
                out.insert(name.into(), value.take());
            }
            None if options.nulls == Nulls::Write => {
                out.insert(name.into(), Value::Null);
            }
            None => {}
        }
    }
    Value::Object(out)
}
