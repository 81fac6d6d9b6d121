//! Properties that hold in every position that a game can reach.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::str::FromStr;

use proptest::prelude::*;
use ringrift_rules::{
    AnyPosition, BoardKind, BoardShape, CellContent, Coord, EndReason, Geometry, Move, MoveKind, MoveList, Phase,
    PlayerCount, PlayerId, RuleOptions, Setup, with_position,
};

/// A small generator for long walks (`SplitMix64`, Steele et al. 2014).
struct Stream(u64);

impl Stream {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % bound as u64) as usize
    }
}

fn configurations() -> impl Iterator<Item = (BoardKind, PlayerCount)> {
    BoardKind::ALL.into_iter().flat_map(|board| PlayerCount::ALL.map(|players| (board, players)))
}

fn initial(board: BoardKind, players: PlayerCount, rings: Option<u16>) -> AnyPosition {
    let mut rules = RuleOptions::standard(board, players);
    if let Some(rings) = rings {
        rules = rules.with_rings_per_player(rings, players);
    }
    rules.swap_rule = players == PlayerCount::Two;
    AnyPosition::initial(board, players, rules)
}

/// A random game position. Fewer rings lead to recovery, forced elimination and stalemates soon.
fn arbitrary_position() -> impl Strategy<Value = AnyPosition> {
    (0..4usize, 0..3usize, prop_oneof![Just(None), (2u16..9).prop_map(Some)], any::<u64>(), 0..700usize).prop_map(
        |(board, players, rings, seed, plies)| {
            let mut position = initial(BoardKind::ALL[board], PlayerCount::ALL[players], rings);
            let (mut stream, mut moves) = (Stream(seed), MoveList::new());
            for _ in 0..plies {
                position.legal_moves(&mut moves);
                if moves.is_empty() {
                    break;
                }
                let before = position.clone();
                position.make_move(moves[stream.below(moves.len())]);
                if position.outcome().is_some() && stream.below(4) > 0 {
                    // Mostly stop just before the end: finished positions have little to test.
                    return before;
                }
            }
            position
        },
    )
}

fn rings_of(position: &AnyPosition, player: PlayerId) -> usize {
    with_position!(position, p => {
        let on_board: usize = p
            .stacks_in_order()
            .into_iter()
            .map(|cell| p.rings(cell).iter().filter(|&&ring| ring == player).count())
            .sum();
        on_board + usize::from(p.hand(player))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn position_text_round_trips(position in arbitrary_position()) {
        let text = position.to_string();
        let read = AnyPosition::from_str(&text).unwrap();
        prop_assert_eq!(&read, &position);
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(read.key(), position.key());
        prop_assert_eq!(read.state_hash(), position.state_hash());
        prop_assert_eq!(read.persisted_zobrist(), position.persisted_zobrist());
    }

    #[test]
    fn setup_round_trips(position in arbitrary_position()) {
        prop_assert_eq!(position.to_setup().into_position().unwrap(), position);
    }

    #[test]
    fn move_text_round_trips_and_moves_are_distinct(position in arbitrary_position()) {
        let mut moves = MoveList::new();
        position.legal_moves(&mut moves);
        prop_assert_eq!(moves.is_empty(), position.outcome().is_some());
        let mut texts: Vec<String> = moves.iter().map(|&mv| position.format_move(mv)).collect();
        for (mv, text) in moves.iter().zip(&texts).step_by(7) {
            prop_assert_eq!(position.parse_move(text).unwrap(), *mv);
        }
        texts.sort_unstable();
        texts.dedup();
        prop_assert_eq!(texts.len(), moves.len());
    }

    #[test]
    fn make_move_on_a_copy_leaves_the_original_alone(position in arbitrary_position(), pick in any::<usize>()) {
        let mut moves = MoveList::new();
        position.legal_moves(&mut moves);
        prop_assume!(!moves.is_empty());
        let (before, twin) = (position.to_string(), position.clone());
        let mut child = position.clone();
        child.make_move(moves[pick % moves.len()]);
        prop_assert_eq!(position.to_string(), before);
        prop_assert_eq!(&position, &twin);
        prop_assert_ne!(&child, &position);
    }

    #[test]
    fn every_move_conserves_rings_and_never_loses_progress(position in arbitrary_position()) {
        let mut moves = MoveList::new();
        position.legal_moves(&mut moves);
        let total = |p: &AnyPosition| -> usize {
            let rings: usize = p.players().seats().map(|player| rings_of(p, player)).sum();
            let eliminated: u16 = p.players().seats().map(|player| p.eliminated(player)).sum();
            rings + usize::from(eliminated)
        };
        let progress = |p: &AnyPosition| -> u32 {
            let marked = with_position!(p, p => {
                use ringrift_rules::CellSet as _;
                p.marker_cells().count() + p.collapsed_cells().count()
            });
            marked + p.players().seats().map(|player| u32::from(p.eliminated(player))).sum::<u32>()
        };
        for &mv in moves.iter().step_by(5) {
            let mut child = position.clone();
            child.make_move(mv);
            prop_assert!(child.check_validity().is_ok(), "{:?}", child.check_validity());
            prop_assert_eq!(total(&child), total(&position));
            // A stack strike removes a marker and eliminates two rings, so the sum never shrinks.
            prop_assert!(progress(&child) >= progress(&position));
            for player in child.players().seats() {
                prop_assert_eq!(child.territory(player), child.collapsed_count(player));
                prop_assert!(rings_of(&child, player) <= rings_of(&position, player));
            }
        }
    }

    #[test]
    fn symmetries_commute_with_move_generation(position in arbitrary_position(), pick in any::<usize>()) {
        let symmetries = symmetries(position.board());
        let map = symmetries[pick % symmetries.len()];
        let mut setup = position.to_setup();
        let geometry = position.geometry();
        transform(&mut setup, geometry, map);
        let image = setup.into_position().unwrap();
        let moved = |position: &AnyPosition, through: &dyn Fn(Coord) -> Coord| {
            let mut moves = MoveList::new();
            position.legal_moves(&mut moves);
            let mut texts: Vec<String> =
                moves.iter().map(|&mv| shape_of(position, mv, geometry, through)).collect();
            texts.sort_unstable();
            texts
        };
        prop_assert_eq!(moved(&position, &|at| apply(map, at)), moved(&image, &|at| at));
    }

    #[test]
    fn ranks_and_returns_of_finished_games_are_consistent(seed in any::<u64>(), config in 0..12usize, rings in 2..7u16) {
        let (board, players) = configurations().nth(config).unwrap();
        let mut position = initial(board, players, Some(rings));
        let (mut stream, mut moves) = (Stream(seed), MoveList::new());
        while position.plies() < 6_000 {
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            position.make_move(moves[stream.below(moves.len())]);
        }
        let outcome = position.outcome().unwrap();
        let ranks = position.ranks().unwrap();
        prop_assert_eq!(ranks[outcome.winner], 1);
        prop_assert_eq!(players.seats().filter(|&player| ranks[player] == 1).count(), 1);
        let sum: f32 = players.seats().map(|player| position.returns()[player]).sum();
        prop_assert!(sum.abs() < 1e-5);
        prop_assert!((position.returns()[outcome.winner] - 1.0).abs() < 1e-6);
        prop_assert_eq!(position.phase(), Phase::GameOver);
        prop_assert_eq!(position.to_move(), outcome.winner);
        if outcome.reason == EndReason::RingElimination {
            prop_assert!(position.eliminated(outcome.winner) >= position.rules().victory_threshold);
        }
    }
}

/// A linear map of coordinates, rows of a 2x2 matrix, and a shift for square boards.
#[derive(Copy, Clone)]
struct Symmetry([i32; 4], Coord);

fn apply(map: Symmetry, at: Coord) -> Coord {
    let Symmetry([a, b, c, d], shift) = map;
    Coord { x: a * at.x + b * at.y + shift.x, y: c * at.x + d * at.y + shift.y }
}

/// 8 symmetries of the square, 12 of the hexagon.
fn symmetries(board: BoardKind) -> Vec<Symmetry> {
    let spec = board.spec();
    let last = i32::from(spec.size) - 1;
    let mut maps = vec![[1, 0, 0, 1]];
    let generators = match spec.shape {
        BoardShape::Square => [[0, -1, 1, 0], [0, 1, 1, 0]],
        // Rotation by 60 degrees, and the exchange of x and y.
        BoardShape::Hex => [[0, -1, 1, 1], [0, 1, 1, 0]],
    };
    let mut i = 0;
    while i < maps.len() {
        for [a, b, c, d] in generators {
            let old = maps[i];
            let row = |x: i32, y: i32| [x * old[0] + y * old[2], x * old[1] + y * old[3]];
            let (top, bottom) = (row(a, b), row(c, d));
            let product = [top[0], top[1], bottom[0], bottom[1]];
            if !maps.contains(&product) {
                maps.push(product);
            }
        }
        i += 1;
    }
    assert_eq!(maps.len(), if spec.shape == BoardShape::Square { 8 } else { 12 });
    maps.into_iter()
        .map(|map| {
            let shift = |row: [i32; 2]| {
                if row.contains(&-1) && spec.shape == BoardShape::Square { last } else { 0 }
            };
            Symmetry(map, Coord { x: shift([map[0], map[1]]), y: shift([map[2], map[3]]) })
        })
        .collect()
}

fn transform(setup: &mut Setup, geometry: &Geometry, map: Symmetry) {
    for stack in &mut setup.stacks {
        stack.cell = apply(map, stack.cell);
    }
    for (at, _) in setup.markers.iter_mut().chain(&mut setup.collapsed) {
        *at = apply(map, *at);
    }
    setup.must_move = setup.must_move.map(|at| apply(map, at));
    if let Some((_, visited, current)) = &mut setup.chain {
        for at in visited.iter_mut().chain([current]) {
            *at = apply(map, *at);
        }
    }
    if let Some(last) = &mut setup.history.last {
        last.landing = last.landing.map(|cell| geometry.cell(apply(map, geometry.coord(cell))).unwrap());
    }
}

/// A move seen through a symmetry. Lines and regions are described by their cells, which have no direction; which of
/// two crossing lines a recovery completes depends on the order of directions, so recoveries are described by their cells.
fn shape_of(position: &AnyPosition, mv: Move, geometry: &Geometry, through: &dyn Fn(Coord) -> Coord) -> String {
    let key = |cell| {
        let at = through(geometry.coord(cell));
        format!("{},{}", at.x, at.y)
    };
    let sorted = |cells: Vec<ringrift_rules::Cell>| {
        let mut keys: Vec<String> = cells.into_iter().map(key).collect();
        keys.sort_unstable();
        keys.join(";")
    };
    let line = |span: ringrift_rules::LineSpan, from: u32, count: u32| {
        let (dx, dy) = position.board().spec().shape.axes()[span.axis()];
        let first = geometry.coord(span.first());
        sorted(
            (from..from + count)
                .map(|i| geometry.cell(Coord { x: first.x + dx * i as i32, y: first.y + dy * i as i32 }).unwrap())
                .collect(),
        )
    };
    let required = position.board().spec().line_length(position.players());
    match mv {
        Move::PlaceRing { to, count } => format!("P{} {count}", key(to)),
        Move::MoveStack { from, to } => format!("M{} {}", key(from), key(to)),
        Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
            format!("C{} {} {}", key(from), key(over), key(to))
        }
        Move::RecoverySlide { from, to, .. } => format!("R{} {}", key(from), key(to)),
        Move::ProcessLine { line: span } => format!("L{}", line(span, 0, span.len())),
        Move::ChooseLineOption { line: span, window } => match window.start() {
            Some(start) => format!("O{}={}", line(span, 0, span.len()), line(span, start, required)),
            None => format!("O{}", line(span, 0, span.len())),
        },
        Move::EliminateRingsFromStack { from, context } => format!("E{context:?}{}", key(from)),
        Move::ChooseTerritoryOption { region } => {
            let cells: Vec<_> = with_position!(position, p => {
                use ringrift_rules::CellSet as _;
                p.region_cells(region).iter().collect()
            });
            format!("T{}", sorted(cells))
        }
        Move::ForcedElimination { from } => format!("F{}", key(from)),
        other => format!("{:?}", other.kind()),
    }
}

/// Plays random games and checks every invariant after every ply. `RINGRIFT_TEST_PLIES` sets the number of plies per
/// configuration: 1,000,000 for the long run.
#[test]
fn random_plies_keep_every_invariant() {
    let plies: usize = std::env::var("RINGRIFT_TEST_PLIES").ok().and_then(|plies| plies.parse().ok()).unwrap_or(4_000);
    for (config, (board, players)) in configurations().enumerate() {
        let (mut stream, mut moves) = (Stream(config as u64), MoveList::new());
        let (mut played, mut kinds, mut ends) = (0, 0_u32, 0);
        while played < plies {
            let rings = [None, Some(3), None, Some(5), Some(12)][stream.below(5)];
            let mut position = initial(board, players, rings);
            let limit = position.plies() + 6_000;
            loop {
                position.legal_moves(&mut moves);
                if moves.is_empty() || position.plies() >= limit || played >= plies {
                    break;
                }
                let mv = moves[stream.below(moves.len())];
                kinds |= 1 << mv.kind() as u32;
                position.make_move(mv);
                played += 1;
                if let Err(fault) = position.check_validity() {
                    panic!("{fault} after {mv:?}: {position}");
                }
            }
            assert!(position.plies() < limit, "a game on {board} did not end: {position}");
            ends += u32::from(position.outcome().is_some());
        }
        println!("{board} {}p: {played} plies, {ends} finished games, kinds {kinds:b}", players.get());
        assert!(kinds.count_ones() >= 8, "the walk on {board} was too narrow");
    }
}

#[test]
fn every_move_kind_and_every_ending_occurs() {
    let (mut kinds, mut reasons) = (Vec::<MoveKind>::new(), Vec::<EndReason>::new());
    let mut stream = Stream(7);
    let mut moves = MoveList::new();
    for game in 0..4_000_u32 {
        let players = PlayerCount::ALL[stream.below(3)];
        let board = [BoardKind::Square8, BoardKind::Hex8][stream.below(2)];
        let mut position = initial(board, players, Some(2 + (game % 9) as u16));
        loop {
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            let mv = moves[stream.below(moves.len())];
            if !kinds.contains(&mv.kind()) {
                kinds.push(mv.kind());
            }
            position.make_move(mv);
        }
        let reason = position.outcome().unwrap().reason;
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
        if kinds.len() == MoveKind::ALL.len() && reasons.len() == EndReason::ALL.len() {
            return;
        }
    }
    panic!("only these occurred: {kinds:?} {reasons:?}");
}

#[test]
fn stacks_markers_and_territory_are_told_apart() {
    let position = initial(BoardKind::Square8, PlayerCount::Two, None);
    with_position!(&position, p => {
        assert!(p.stacks_in_order().is_empty());
        let cell = BoardKind::Square8.geometry().cell(Coord { x: 0, y: 0 }).unwrap();
        assert!(matches!(p.content(cell), CellContent::Empty));
    });
}
