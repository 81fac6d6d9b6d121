//! Runs upstream's contract vectors: every vector that upstream's Python engine passes must pass here.
//!
//! Upstream's runner applies the move of a vector without asking whether it is legal. For the vectors of
//! [`OUTSIDE_THE_RULES`] it is not: upstream's own list of legal moves lacks it (checked by asking its engine). Those
//! moves must be refused, and then pass when they are made all the same, as upstream's runner makes them.
//!
//! The vectors are third-party data outside the repository; without them the test says so and passes. The runner does
//! what upstream's does: apply the one move, follow a chain capture to its end unless the vector is about the chain, then
//! record `no_line_action` and `no_territory_action` while nothing else is possible, unless the vector expects an
//! intermediate phase.

use ringrift_replay::{MoveJsonError, RingOrder, StateDocument, move_from_json};
use ringrift_rules::{
    AnyPosition, BoardKind, Cell, CellContent, CellSet as _, Coord, LineWindow, Move, MoveKind, MoveList, Phase,
    with_position,
};
use serde_json::{Value, json};

mod support;

/// Counts that vectors assert.
#[derive(Default)]
struct Counts {
    stacks: i64,
    markers: i64,
    collapsed: i64,
    eliminated: i64,
}

fn counts(position: &AnyPosition) -> Counts {
    let mut counts =
        Counts { eliminated: position.to_setup().board_eliminated.iter().sum::<u64>() as i64, ..Counts::default() };
    for cell in position.geometry().cells() {
        match position.content(cell) {
            CellContent::Stack(_) => counts.stacks += 1,
            CellContent::Marker(_) => counts.markers += 1,
            CellContent::Collapsed(_) => counts.collapsed += 1,
            CellContent::Empty => {}
        }
    }
    counts
}

impl Counts {
    /// Progress: markers, collapsed cells and eliminated rings.
    fn progress(&self) -> i64 {
        self.markers + self.collapsed + self.eliminated
    }
}

/// The state of a vector as upstream's loader of vectors understands it.
fn load(state: &Value, mv: &Value) -> Result<AnyPosition, String> {
    let mut state = state.clone();
    let board: BoardKind = state["board"]["type"].as_str().unwrap_or_default().parse().map_err(|_| "unknown board")?;
    let players = state["players"].as_array_mut().expect("players");
    for player in players.iter_mut() {
        // The loader takes an empty hand for a missing value.
        if player["ringsInHand"] == 0 {
            player["ringsInHand"] = 18.into();
        }
    }
    while players.len() < 2 {
        players.push(json!({"ringsInHand": board.spec().rings_per_player}));
    }
    // Some hexagonal vectors carry the size of an earlier board; no rule depends on it.
    state["board"].as_object_mut().expect("a board").shift_remove("size");
    if mv["type"] == "swap_sides" {
        // Upstream applies the move without asking whether the rule is on.
        state["rulesOptions"] = json!({"swapRuleEnabled": true});
    }
    let document = StateDocument::from_value(state, RingOrder::TopToBottom).map_err(|error| error.to_string())?;
    Ok(with_last_move(document.position, mv))
}

/// The position with the last move that the vector leaves out and its own move depends on: a capture after a movement
/// starts where that ended, and an elimination pays for a region.
fn with_last_move(position: AnyPosition, mv: &Value) -> AnyPosition {
    let mut setup = position.to_setup();
    if setup.history.plies > 0 {
        return position;
    }
    let from = Coord {
        x: mv["from"]["x"].as_i64().unwrap_or_default() as i32,
        y: mv["from"]["y"].as_i64().unwrap_or_default() as i32,
    };
    match (setup.phase, mv["type"].as_str()) {
        (Phase::Capture, Some("overtaking_capture")) => {
            setup.history.record(position.to_move(), MoveKind::MoveStack, position.geometry().cell(from));
        }
        (Phase::TerritoryProcessing, Some("eliminate_rings_from_stack")) => {
            setup.history.record(position.to_move(), MoveKind::ChooseTerritoryOption, None);
        }
        _ => return position,
    }
    setup.into_position().expect("the same state with a last move")
}

fn same_place(position: &AnyPosition, cell: ringrift_rules::Cell, place: &Value) -> bool {
    let Coord { x, y } = position.geometry().coord(cell);
    place["x"] == x && place["y"] == y
}

/// Follows a chain: along the vector's sequence, else to the landing nearest to each target.
fn follow_chain(position: &mut AnyPosition, sequence: &[Value]) {
    let mut list = MoveList::new();
    let mut expected = sequence.iter().skip(1);
    while position.phase() == Phase::ChainCapture {
        position.legal_moves(&mut list);
        let wanted = expected.next();
        let distance = |mv: &Move| match *mv {
            Move::ContinueCaptureSegment { over, to, .. } => {
                let (over, to) = (position.geometry().coord(over), position.geometry().coord(to));
                (over.x - to.x).abs() + (over.y - to.y).abs()
            }
            _ => i32::MAX,
        };
        let named = wanted.and_then(|segment| {
            list.iter().find(|mv| {
                matches!(**mv, Move::ContinueCaptureSegment { over, to, .. }
                    if same_place(position, over, &segment["captureTarget"]) && same_place(position, to, &segment["landing"]))
            })
        });
        let mv = *named.or_else(|| list.iter().min_by_key(|mv| distance(mv))).expect("a chain has a continuation");
        position.make_move(mv);
    }
}

/// Vectors whose move neither this engine nor upstream's lists as legal, and what is wrong with it.
const OUTSIDE_THE_RULES: [(&str, &str); 15] = [
    ("chain_capture.depth3.segment3.square8", SHORT_LANDING),
    ("chain_capture.depth3.segment3.square19", SHORT_LANDING),
    ("chain_capture.depth3.segment1.hexagonal", SHORT_LANDING),
    ("chain_capture.depth3.segment3.hexagonal", SHORT_LANDING),
    ("hex_edge_case.edge_chain.segment2.hexagonal", SHORT_LANDING),
    ("multi_phase.line_then_multi_region_territory.square8.step1_line", "three cells of a line of exactly four"),
    ("multi_phase.line_then_multi_region_territory.square8.step2_regionB", NOT_DISCONNECTED),
    ("multi_phase.line_then_multi_region_territory.square8.step3_regionA", NOT_DISCONNECTED),
    ("near_victory_territory.process.single_region", NOT_DISCONNECTED),
    ("near_victory_territory.process.multi_cell_region", NOT_DISCONNECTED),
    ("territory.hex_region_then_elim.step1_region", NOT_DISCONNECTED),
    ("territory.square_region_then_elim.step1_region", NOT_DISCONNECTED),
    ("territory.square_two_regions_then_elim.step1_regionB", NOT_DISCONNECTED),
    ("territory.square19_two_regions_then_elim.step1_regionB", NOT_DISCONNECTED),
    ("territory.hex_two_regions_then_elim.step1_regionB", NOT_DISCONNECTED),
];
const SHORT_LANDING: &str = "the landing is nearer than the height of the stack";
const NOT_DISCONNECTED: &str = "the cells are no disconnected region";

struct Run {
    /// Whether the move was refused before it was made all the same.
    refused: bool,
    differences: Vec<String>,
}

/// Makes the move of a vector although it is not legal.
fn make_unlisted(position: &mut AnyPosition, mv: &Value) -> Result<(), String> {
    let geometry = position.geometry();
    let cell = |place: &Value| {
        let number = |name: &str| place[name].as_i64().map(|value| value as i32);
        geometry.cell(Coord { x: number("x")?, y: number("y")? })
    };
    let cells = |list: &Value| -> Option<Vec<Cell>> { list.as_array()?.iter().map(cell).collect() };
    let made = match mv["type"].as_str() {
        Some("choose_territory_option" | "process_territory_region") => cells(&mv["disconnectedRegions"][0]["spaces"])
            .map(|region| {
                with_position!(position, position => {
                    let mut set = position.stack_cells().without(position.stack_cells());
                    for cell in region {
                        set.insert(cell);
                    }
                    position.make_unlisted_region(set);
                });
            }),
        Some("choose_line_option") => cells(&mv["collapsedMarkers"]).and_then(|collapsed| {
            let mut list = MoveList::new();
            position.legal_moves(&mut list);
            let line = list.iter().find_map(|mv| match *mv {
                Move::ChooseLineOption { line, window: LineWindow::ALL } => Some(line),
                _ => None,
            })?;
            let start = position.line_cells(line).iter().position(|cell| Some(cell) == collapsed.first())?;
            let window = LineWindow::starting_at(start as u32);
            with_position!(position, position => position.make_unlisted_move(Move::ChooseLineOption { line, window }));
            Some(())
        }),
        Some(kind) => (|| {
            let (from, over, to) = (cell(&mv["from"])?, cell(&mv["captureTarget"])?, cell(&mv["to"])?);
            let mv = match kind {
                "overtaking_capture" => Move::OvertakingCapture { from, over, to },
                "continue_capture_segment" => Move::ContinueCaptureSegment { from, over, to },
                _ => return None,
            };
            with_position!(position, position => position.make_unlisted_move(mv));
            Some(())
        })(),
        None => None,
    };
    made.ok_or_else(|| format!("cannot make {mv} at all"))
}

/// Runs one vector.
fn run(vector: &Value) -> Run {
    let input = &vector["input"];
    let mv = if input["move"].is_object() { &input["move"] } else { &input["initialMove"] };
    let mut position = match load(&input["state"], mv) {
        Ok(position) => position,
        Err(error) => return Run { refused: false, differences: vec![error] },
    };
    let mut refused = false;
    let before = counts(&position).progress();
    match move_from_json(&position, mv) {
        Ok(mv) => position.make_move(mv),
        Err(MoveJsonError::Illegal { .. }) => {
            refused = true;
            if let Err(error) = make_unlisted(&mut position, mv) {
                return Run { refused, differences: vec![error] };
            }
        }
        Err(error) => return Run { refused, differences: vec![error.to_string()] },
    }
    let expected = &vector["expectedOutput"];
    let assertions = &expected["assertions"];
    let awaiting = expected["status"] == "awaiting_decision";
    let phase = assertions["currentPhase"].as_str();
    if position.phase() == Phase::ChainCapture && phase != Some("chain_capture") && !awaiting {
        follow_chain(&mut position, input["expectedChainSequence"].as_array().map_or(&[], Vec::as_slice));
    }
    let intermediate = ["line_processing", "territory_processing", "chain_capture", "capture", "forced_elimination"];
    if !awaiting && !phase.is_some_and(|phase| intermediate.contains(&phase)) {
        let mut list = MoveList::new();
        loop {
            position.legal_moves(&mut list);
            match list[..] {
                [only @ (Move::NoLineAction | Move::NoTerritoryAction)] => position.make_move(only),
                _ => break,
            }
        }
    }
    let after = counts(&position);
    let status = if position.outcome().is_some() { "completed" } else { "active" };
    let mut differences = Vec::new();
    for (name, got) in [
        ("currentPlayer", Value::from(position.to_move().number())),
        ("currentPhase", position.phase().name().into()),
        ("gameStatus", status.into()),
        ("stackCount", after.stacks.into()),
        ("markerCount", after.markers.into()),
        ("collapsedCount", after.collapsed.into()),
        ("sInvariantDelta", (after.progress() - before).into()),
    ] {
        let expected = &assertions[name];
        if !expected.is_null() && *expected != got {
            differences.push(format!("{name}: expected {expected}, got {got}"));
        }
    }
    Run { refused, differences }
}

#[test]
fn contract_vectors_pass_where_upstream_passes() {
    let Some(folder) = support::parity("contract-vectors") else { return };
    let text = std::fs::read_to_string(folder.join("python-results.json")).expect("the results of upstream");
    let results: Value = serde_json::from_str(&text).expect("JSON");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".vectors.json"));
    files.sort();
    let (mut passed, mut failed) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a bundle of vectors");
        let bundle: Value = serde_json::from_str(&text).expect("JSON");
        for vector in bundle["vectors"].as_array().expect("vectors") {
            let id = vector["id"].as_str().expect("an id");
            if results[id]["passed"] != true {
                continue;
            }
            let outside = OUTSIDE_THE_RULES.iter().find(|(known, _)| *known == id);
            let ran = run(vector);
            match outside {
                Some((_, why)) if !ran.refused => failed.push(format!("{id}: not refused, though {why}")),
                None if ran.refused => failed.push(format!("{id}: refused")),
                _ if ran.differences.is_empty() => passed += 1,
                _ => failed.push(format!("{id}: {}", ran.differences.join("; "))),
            }
        }
    }
    let outside = OUTSIDE_THE_RULES.len();
    support::say(&format!("contract vectors: {passed} pass, {outside} of them with a move that the rules refuse"));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(passed, 64, "the vectors that upstream passes");
}
