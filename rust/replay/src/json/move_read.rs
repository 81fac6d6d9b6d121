//! Reads move JSON: finds the legal move that a record means. Source: rules.md section 13.

use ringrift_rules::{
    AnyPosition, Cell, EliminationContext, Geometry, LineSpan, LineWindow, Move, MoveKind, MoveList, Phase, PlayerId,
    RecoveryMode,
};
use serde_json::Value;

use super::{
    move_write::mode_name,
    tree::{Faults, JsonFault, JsonSyntaxError, Node, list, parse, shorten},
};

/// A JSON move that cannot be made in a position.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveJsonError {
    /// The text is not JSON.
    #[error(transparent)]
    Syntax(#[from] JsonSyntaxError),
    /// Fields that are missing or cannot be read; all of them.
    #[error(
        "{}\nhint: a move is an object with type, player and the fields of its type",
        list("this is not a move", .faults)
    )]
    Malformed {
        /// The faults; at least one.
        faults: Vec<JsonFault>,
    },
    /// A move type that this engine does not play.
    #[error("move type {kind} cannot be replayed\nhint: {hint}")]
    Unsupported {
        /// The type.
        kind: String,
        /// Why, and what to do.
        hint: &'static str,
    },
    /// A move of another player or phase.
    #[error(
        "{kind} of player {player} in {phase}, but player {to_move} is to move in {current}\nhint: the record and the position are not at the same ply"
    )]
    NotNow {
        /// The type.
        kind: &'static str,
        /// Player of the move.
        player: u64,
        /// Phase of the move, as the record says.
        phase: String,
        /// Player to move.
        to_move: PlayerId,
        /// Current phase.
        current: Phase,
    },
    /// No legal move has these fields.
    #[error("no {kind} with {fields} is legal for player {to_move} in {current}\nhint: {hint}")]
    Illegal {
        /// The type.
        kind: &'static str,
        /// The fields that tell moves of the type apart, as they were read.
        fields: String,
        /// Player to move.
        to_move: PlayerId,
        /// Current phase.
        current: Phase,
        /// What is legal instead.
        hint: String,
    },
    /// Several legal moves have these fields.
    #[error("{count} moves of type {kind} have {fields}\nhint: {hint}")]
    Ambiguous {
        /// The type.
        kind: &'static str,
        /// The fields, as they were read.
        fields: String,
        /// Number of moves.
        count: usize,
        /// Which field would tell them apart.
        hint: &'static str,
    },
}

/// The kind of a move type as files spell it.
///
/// Old spellings that upstream applies exactly like a present one are mapped: `choose_line_reward` is
/// `choose_line_option`, `line_formation` is `process_line`, `process_territory_region` and `territory_claim` are
/// `choose_territory_option`, `chain_capture` is `continue_capture_segment`. The others are refused: for `move_ring`
/// and `build_stack` upstream's alias table says `move_stack`, but its engine leaves the board alone; `resign` and
/// `timeout` end a game outside the rules.
pub(crate) fn kind_of_type(name: &str) -> Result<MoveKind, &'static str> {
    if let Some(kind) = MoveKind::from_name(name) {
        return Ok(kind);
    }
    match name {
        "choose_line_reward" => Ok(MoveKind::ChooseLineOption),
        "line_formation" => Ok(MoveKind::ProcessLine),
        "process_territory_region" | "territory_claim" => Ok(MoveKind::ChooseTerritoryOption),
        "chain_capture" => Ok(MoveKind::ContinueCaptureSegment),
        "move_ring" | "build_stack" => Err("this old type is ambiguous; rewrite it as move_stack if a stack moved"),
        "resign" | "timeout" => Err("the player gave up or ran out of time; replay the moves before it only"),
        _ => Err("the types are those of the rules: place_ring, move_stack, overtaking_capture, ..."),
    }
}

/// Fields that tell the moves of a type apart, as far as they are given.
#[derive(Default, Debug)]
struct Wanted {
    from: Option<Cell>,
    to: Option<Cell>,
    over: Option<Cell>,
    count: Option<u64>,
    line: Option<Vec<Cell>>,
    collapsed: Option<Vec<Cell>>,
    context: Option<EliminationContext>,
    region: Option<Vec<Cell>>,
    option: Option<u64>,
    mode: Option<&'static str>,
}

/// Whether a field must be there.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

struct Reader<'p, 'v> {
    node: &'p Node<'p, 'v>,
    geometry: &'static Geometry,
}

impl Reader<'_, '_> {
    fn cell(&self, name: &'static str, need: Need) -> Option<Cell> {
        let node = match need {
            Need::Must => self.node.require(name, "coordinates")?,
            Need::May => self.node.get(name)?,
        };
        node.cell(self.geometry)
    }

    fn cells(&self, name: &'static str) -> Option<Vec<Cell>> {
        let node = self.node.get(name)?;
        Some(node.items().filter_map(|item| item.cell(self.geometry)).collect())
    }

    /// Cells of the first entry of a list of objects.
    fn cells_of_first(&self, name: &'static str, field: &'static str) -> Option<Vec<Cell>> {
        let list = self.node.get(name)?;
        let first = list.items().next()?;
        let cells = first.require(field, "a list of coordinates")?;
        let mut cells: Vec<Cell> = cells.items().filter_map(|item| item.cell(self.geometry)).collect();
        cells.sort_unstable();
        cells.dedup();
        Some(cells)
    }

    fn wanted(&self, kind: MoveKind) -> Wanted {
        let mut wanted = Wanted::default();
        match kind {
            MoveKind::PlaceRing => {
                wanted.to = self.cell("to", Need::Must);
                wanted.count = Some(match self.node.get("placementCount") {
                    Some(count) => count.number(1, 3).unwrap_or(1),
                    None => 1,
                });
            }
            MoveKind::MoveStack => {
                wanted.from = self.cell("from", Need::Must);
                wanted.to = self.cell("to", Need::Must);
            }
            MoveKind::OvertakingCapture | MoveKind::ContinueCaptureSegment => {
                let first = kind == MoveKind::OvertakingCapture;
                let need = if first { Need::Must } else { Need::May };
                wanted.from = self.cell("from", need);
                wanted.over = self.cell("captureTarget", need);
                wanted.to = self.cell("to", Need::Must);
            }
            MoveKind::RecoverySlide => {
                wanted.from = self.cell("from", Need::Must);
                wanted.to = self.cell("to", Need::Must);
                let option = self.node.get("recoveryOption").or_else(|| self.node.get("option"));
                wanted.option = option.and_then(|node| node.number(1, 2));
                wanted.mode = self.node.get("recoveryMode").and_then(|node| {
                    let known = ["line", "fallback", "stack_strike"];
                    let found = known.into_iter().find(|&name| node.value == name);
                    if found.is_none() {
                        node.fault("line, fallback or stack_strike");
                    }
                    found
                });
            }
            MoveKind::ProcessLine | MoveKind::ChooseLineOption => {
                wanted.line = self.cells_of_first("formedLines", "positions");
                wanted.collapsed = self.cells("collapsedMarkers");
                wanted.to = self.cell("to", Need::May);
            }
            MoveKind::EliminateRingsFromStack => {
                wanted.to = self.cell("to", Need::Must);
                wanted.context = self.node.get("eliminationContext").and_then(|node| {
                    use EliminationContext::{Line, Recovery, Territory};
                    let found = [Line, Territory, Recovery].into_iter().find(|context| node.value == context.name());
                    if found.is_none() {
                        node.fault("line, territory or recovery");
                    }
                    found
                });
            }
            MoveKind::ChooseTerritoryOption => {
                wanted.region = self.cells_of_first("disconnectedRegions", "spaces");
                let need = if wanted.region.is_some() { Need::May } else { Need::Must };
                wanted.to = self.cell("to", need);
            }
            MoveKind::ForcedElimination => wanted.to = self.cell("to", Need::Must),
            MoveKind::SkipPlacement
            | MoveKind::NoPlacementAction
            | MoveKind::SwapSides
            | MoveKind::SkipCapture
            | MoveKind::NoMovementAction
            | MoveKind::SkipRecovery
            | MoveKind::NoLineAction
            | MoveKind::SkipTerritoryProcessing
            | MoveKind::NoTerritoryAction => {}
        }
        wanted
    }
}

impl Wanted {
    /// Whether a legal move of the right kind has these fields. A part that is not given fits every move.
    fn fits(&self, position: &AnyPosition, mv: Move) -> bool {
        fn same<T: PartialEq>(wanted: Option<&T>, is: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == is)
        }
        let sorted = |mut cells: Vec<Cell>| {
            cells.sort_unstable();
            cells
        };
        match mv {
            Move::PlaceRing { to, count } => {
                same(self.to.as_ref(), &to) && same(self.count.as_ref(), &u64::from(count))
            }
            Move::MoveStack { from, to } => same(self.from.as_ref(), &from) && same(self.to.as_ref(), &to),
            Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
                same(self.from.as_ref(), &from) && same(self.over.as_ref(), &over) && same(self.to.as_ref(), &to)
            }
            Move::RecoverySlide { from, to, mode } => {
                let option = match mode {
                    RecoveryMode::LineSegment => 2,
                    _ => 1,
                };
                same(self.from.as_ref(), &from)
                    && same(self.to.as_ref(), &to)
                    && same(self.mode.as_ref(), &mode_name(mode))
                    && same(self.option.as_ref(), &option)
            }
            Move::ProcessLine { line } => self.fits_line(position, line),
            Move::ChooseLineOption { line, window } => {
                self.fits_line(position, line) && self.fits_window(position, line, window)
            }
            Move::EliminateRingsFromStack { from, context } => {
                same(self.to.as_ref(), &from) && same(self.context.as_ref(), &context)
            }
            Move::ChooseTerritoryOption { region } => {
                let cells = sorted(position.region_cell_list(region));
                match &self.region {
                    Some(region) => *region == cells,
                    None => self.to.is_none_or(|to| cells.binary_search(&to).is_ok()),
                }
            }
            Move::ForcedElimination { from } => same(self.to.as_ref(), &from),
            _ => true,
        }
    }

    fn fits_line(&self, position: &AnyPosition, line: LineSpan) -> bool {
        let mut cells = position.line_cells(line);
        let named_by_to = self.line.is_some() || self.to.is_none_or(|to| cells.first() == Some(&to));
        cells.sort_unstable();
        named_by_to && self.line.as_ref().is_none_or(|line| *line == cells)
    }

    /// Without `collapsedMarkers` the whole line is meant, as upstream has it.
    fn fits_window(&self, position: &AnyPosition, line: LineSpan, window: LineWindow) -> bool {
        let Some(collapsed) = &self.collapsed else { return window.start().is_none() };
        let (mut wanted, mut cells) = (collapsed.clone(), position.window_cells(line, window));
        wanted.sort_unstable();
        cells.sort_unstable();
        wanted == cells
    }

    fn words(&self, geometry: &Geometry) -> String {
        let key = |cell: Cell| geometry.key(cell);
        let keys = |cells: &[Cell]| {
            let shown: Vec<String> = cells.iter().take(8).map(|&cell| key(cell)).collect();
            format!("{}{}", shown.join(" "), if cells.len() > 8 { " ..." } else { "" })
        };
        let parts: Vec<String> = [
            self.from.map(|cell| format!("from {}", key(cell))),
            self.over.map(|cell| format!("captureTarget {}", key(cell))),
            self.to.map(|cell| format!("to {}", key(cell))),
            self.count.map(|count| format!("placementCount {count}")),
            self.mode.map(|mode| format!("recoveryMode {mode}")),
            self.option.map(|option| format!("recoveryOption {option}")),
            self.line.as_deref().map(|cells| format!("the line {}", keys(cells))),
            self.collapsed.as_deref().map(|cells| format!("collapsedMarkers {}", keys(cells))),
            self.context.map(|context| format!("eliminationContext {}", context.name())),
            self.region.as_deref().map(|cells| format!("the region {}", keys(cells))),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() { "no further fields".into() } else { parts.join(", ") }
    }
}

/// The legal move that a JSON object means.
///
/// Fields may be spelt in camel case or snake case. `id`, `timestamp`, `thinkTime` and `moveNumber` are ignored, and so
/// is the `to` of moves that have no place on the board. `player` and `phase`, if given, must be the present ones. Lines
/// and regions are recognised by their sets of cells, or by `to` where only one legal move fits; a line decision without
/// `collapsedMarkers` means the whole line. Old spellings of types are mapped where upstream plays them like a present
/// one: `choose_line_reward`, `line_formation`, `process_territory_region`, `territory_claim`, and `chain_capture`
/// (`continue_capture_segment` in a chain, else `overtaking_capture`); `move_ring`, `build_stack`, `resign` and
/// `timeout` are refused.
///
/// # Errors
/// [`MoveJsonError`]; all faults of a malformed move are listed.
pub fn move_from_json(position: &AnyPosition, json: &Value) -> Result<Move, MoveJsonError> {
    let faults = Faults::default();
    let found = resolve(position, &Node::root(json, &faults), &mut MoveList::new());
    if faults.is_empty() { found } else { Err(MoveJsonError::Malformed { faults: faults.into_list() }) }
}

/// The legal move that a JSON text means; see [`move_from_json`].
///
/// # Errors
/// [`MoveJsonError`].
pub fn move_from_json_text(position: &AnyPosition, text: &str) -> Result<Move, MoveJsonError> {
    move_from_json_text_among(position, text, &mut MoveList::new())
}

/// The legal move that a JSON text means, and all legal moves, which replace what `legal` has; see [`move_from_json`].
///
/// # Errors
/// [`MoveJsonError`]; what `legal` has then means nothing.
pub fn move_from_json_text_among(
    position: &AnyPosition,
    text: &str,
    legal: &mut MoveList,
) -> Result<Move, MoveJsonError> {
    let faults = Faults::default();
    let json = parse(text, &faults)?;
    let found = resolve(position, &Node::root(&json, &faults), legal);
    if faults.is_empty() { found } else { Err(MoveJsonError::Malformed { faults: faults.into_list() }) }
}

fn resolve(position: &AnyPosition, node: &Node<'_, '_>, legal: &mut MoveList) -> Result<Move, MoveJsonError> {
    let geometry = position.geometry();
    let name = node.require("type", "a move type").and_then(|node| node.text());
    let player = node.require("player", "a player number").and_then(|node| node.number(1, 4));
    let phase = node.get("phase").and_then(|node| node.text());
    let name = name.unwrap_or("place_ring");
    let mut kind = kind_of_type(name).map_err(|hint| MoveJsonError::Unsupported { kind: shorten(name), hint })?;
    let current = position.phase();
    if name == "chain_capture" && current != Phase::ChainCapture {
        kind = MoveKind::OvertakingCapture;
    }
    let wanted = Reader { node, geometry }.wanted(kind);
    let player = player.unwrap_or_default();
    let to_move = position.to_move();
    if player != u64::from(to_move.number()) || phase.is_some_and(|phase| phase != current.name()) {
        return Err(MoveJsonError::NotNow {
            kind: kind.name(),
            player,
            phase: phase.map_or_else(|| "any phase".into(), shorten),
            to_move,
            current,
        });
    }
    position.legal_moves(legal);
    let mut fitting = legal.iter().copied().filter(|&mv| mv.kind() == kind && wanted.fits(position, mv));
    let (Some(found), others) = (fitting.next(), fitting.count()) else {
        return Err(MoveJsonError::Illegal {
            kind: kind.name(),
            fields: wanted.words(geometry),
            to_move,
            current,
            hint: match legal[..] {
                [] => "the game is over".into(),
                [only] => format!("only {} is legal here", position.format_move(only)),
                [one, ..] => format!("{} moves are legal here, {} among them", legal.len(), position.format_move(one)),
            },
        });
    };
    if others > 0 {
        return Err(MoveJsonError::Ambiguous {
            kind: kind.name(),
            fields: wanted.words(geometry),
            count: others + 1,
            hint: match kind {
                MoveKind::ChooseTerritoryOption => "give disconnectedRegions[0].spaces",
                MoveKind::ProcessLine | MoveKind::ChooseLineOption => {
                    "give formedLines[0].positions and collapsedMarkers"
                }
                MoveKind::RecoverySlide => "give recoveryMode and recoveryOption",
                _ => "give from, captureTarget and to",
            },
        });
    }
    Ok(found)
}
