//! Recorded states as they are in their files, for the comparison with all recorded evaluations.
//!
//! Some of the recorded states are artificial and have more rings than four players own; no position can hold them.
//! Reading states a second time also proves that nothing which the evaluation needs gets lost on the way into positions.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use ringrift_rules::{
    Board, BoardKind, ByPlayer, Cell, CellSet as _, Hex8, Hexagonal, LpsState, PlayerCount, PlayerId, RuleOptions,
    Square8, Square19,
};
use serde_json::Value;

use crate::{
    components::{Component, Components},
    evaluate::Task,
    facts::{Facts, Pillar},
    heuristic::EvalGeometry,
    tables::Tables,
    weights::Weights,
};

struct Recorded<B: Board> {
    players: PlayerCount,
    stacks: Vec<(Cell, Pillar)>,
    stack_cells: B::Cells,
    stacks_of: [B::Cells; 4],
    markers_of: [B::Cells; 4],
    marker_order: Vec<Cell>,
    collapsed: B::Cells,
    hand: ByPlayer<u16>,
    eliminated: ByPlayer<u16>,
    territory: ByPlayer<u16>,
    buried: ByPlayer<u16>,
    lps: LpsState,
    rules: RuleOptions,
}

fn number(value: &Value) -> u16 {
    value.as_u64().and_then(|number| number.try_into().ok()).expect("a small number")
}

fn player(value: &Value) -> PlayerId {
    value.as_u64().and_then(PlayerId::try_from_number).expect("a player number")
}

impl<B: Board> Recorded<B> {
    fn new(state: &Value) -> Self {
        let seats = state["players"].as_array().unwrap();
        let players = PlayerCount::try_from(seats.len() as u64).unwrap();
        let mut new = Self {
            players,
            stacks: Vec::new(),
            stack_cells: B::Cells::EMPTY,
            stacks_of: [B::Cells::EMPTY; 4],
            markers_of: [B::Cells::EMPTY; 4],
            marker_order: Vec::new(),
            collapsed: B::Cells::EMPTY,
            hand: ByPlayer::default(),
            eliminated: ByPlayer::default(),
            territory: ByPlayer::default(),
            buried: ByPlayer::default(),
            lps: LpsState {
                streak_player: state["lpsConsecutiveExclusivePlayer"].as_u64().and_then(PlayerId::try_from_number),
                streak_rounds: number(&state["lpsConsecutiveExclusiveRounds"]).into(),
                ..LpsState::default()
            },
            rules: RuleOptions {
                victory_threshold: number(&state["victoryThreshold"]),
                territory_threshold: number(&state["territoryVictoryThreshold"]),
                lps_rounds: number(&state["lpsRoundsRequired"]),
                ..RuleOptions::standard(B::KIND, players)
            },
        };
        for seat in seats {
            let who = player(&seat["playerNumber"]);
            new.hand[who] = number(&seat["ringsInHand"]);
            new.eliminated[who] = number(&seat["eliminatedRings"]);
            new.territory[who] = number(&seat["territorySpaces"]);
        }
        let cell = |key: &String| B::geometry().parse_key(key).unwrap();
        for (key, stack) in state["board"]["stacks"].as_object().unwrap() {
            let owner = player(&stack["controllingPlayer"]);
            let pillar =
                Pillar { owner, height: number(&stack["stackHeight"]).into(), cap: number(&stack["capHeight"]).into() };
            new.stacks.push((cell(key), pillar));
            new.stack_cells.insert(cell(key));
            new.stacks_of[owner.index()].insert(cell(key));
            for ring in stack["rings"].as_array().unwrap().split_last().unwrap().1 {
                new.buried[player(ring)] += u16::from(player(ring) != owner);
            }
        }
        for (key, marker) in state["board"]["markers"].as_object().unwrap() {
            new.marker_order.push(cell(key));
            new.markers_of[player(&marker["player"]).index()].insert(cell(key));
        }
        for key in state["board"]["collapsedSpaces"].as_object().unwrap().keys() {
            new.collapsed.insert(cell(key));
        }
        new
    }
}

impl<B: Board> Facts<B> for Recorded<B> {
    fn players(&self) -> PlayerCount {
        self.players
    }

    fn stack_cells(&self) -> B::Cells {
        self.stack_cells
    }

    fn stacks_of(&self, player: PlayerId) -> B::Cells {
        self.stacks_of[player.index()]
    }

    fn pillar(&self, cell: Cell) -> Pillar {
        self.stacks.iter().find(|&&(at, _)| at == cell).unwrap().1
    }

    fn marker_cells(&self) -> B::Cells {
        self.markers_of.into_iter().fold(B::Cells::EMPTY, |all, cells| all | cells)
    }

    fn markers_of(&self, player: PlayerId) -> B::Cells {
        self.markers_of[player.index()]
    }

    fn collapsed_cells(&self) -> B::Cells {
        self.collapsed
    }

    fn hand(&self, player: PlayerId) -> u16 {
        self.hand[player]
    }

    fn eliminated(&self, player: PlayerId) -> u16 {
        self.eliminated[player]
    }

    fn territory(&self, player: PlayerId) -> u16 {
        self.territory[player]
    }

    fn lps(&self) -> &LpsState {
        &self.lps
    }

    fn rules(&self) -> &RuleOptions {
        &self.rules
    }

    fn buried_rings(&self) -> ByPlayer<u16> {
        self.buried
    }
}

/// Largest relative difference and number of compared evaluations.
fn compare<B: Board>(row: &Value) -> (f64, usize) {
    let state = Recorded::<B>::new(&row["state"]);
    let tables = Tables::<B>::new();
    let (mut worst, mut count) = (0.0, 0);
    for (profile, evals) in row["evals"].as_object().unwrap() {
        let weights = Weights::of_profile(profile).unwrap();
        for (seat, golden) in evals["full"].as_object().unwrap() {
            let components = |full| -> Components {
                let marker_order = Some(&state.marker_order[..]);
                Task { weights: &weights, tables: &tables, geometry: EvalGeometry::Compat, full, marker_order }
                    .components(&state, PlayerId::try_from_number(seat.parse().unwrap()).unwrap())
            };
            let full = components(true);
            let mut pairs: Vec<(f64, f64)> =
                Component::ALL.iter().map(|&part| (full[part], golden[part.name()].as_f64().unwrap())).collect();
            pairs.push((full.total(), golden["total"].as_f64().unwrap()));
            if row["status"] == "active" {
                pairs.push((components(false).total(), evals["light"][seat].as_f64().unwrap()));
            }
            worst =
                pairs.iter().map(|(ours, golden)| (ours - golden).abs() / golden.abs().max(1.0)).fold(worst, f64::max);
            count += 1;
        }
    }
    (worst, count)
}

fn compare_file(path: &Path) -> (f64, usize, usize) {
    let (mut worst, mut rows, mut count) = (0.0, 0, 0);
    for line in BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines() {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let board: BoardKind = row["board"].as_str().unwrap().parse().unwrap();
        let (difference, evaluations) = match board {
            BoardKind::Square8 => compare::<Square8>(&row),
            BoardKind::Square19 => compare::<Square19>(&row),
            BoardKind::Hex8 => compare::<Hex8>(&row),
            BoardKind::Hexagonal => compare::<Hexagonal>(&row),
        };
        assert!(difference <= 1e-9, "{}: {difference:e}", row["id"]);
        worst = f64::max(worst, difference);
        rows += 1;
        count += evaluations;
    }
    (worst, rows, count)
}

#[test]
fn recorded_states_evaluate_as_recorded() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (_, rows, count) = compare_file(&repository.join("tests/data/heuristic/sample.jsonl.gz"));
    assert_eq!((rows, count > 500), (92, true));

    let root =
        std::env::var_os("RINGRIFT_PARITY_DIR").map_or_else(|| repository.join("../shared/parity"), PathBuf::from);
    if !root.join("heuristic").is_dir() {
        eprintln!("skipped: {} is absent (RINGRIFT_PARITY_DIR names the folder of the parity data)", root.display());
        return;
    }
    let (mut worst, mut rows, mut count) = (0.0, 0, 0);
    for board in BoardKind::ALL {
        let (difference, more_rows, more) = compare_file(&root.join(format!("heuristic/{board}.jsonl.gz")));
        worst = f64::max(worst, difference);
        rows += more_rows;
        count += more;
    }
    eprintln!("{rows} rows, {count} evaluations, largest difference {worst:e}");
    assert_eq!((rows, count), (332, 1998));
}
