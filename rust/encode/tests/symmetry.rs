//! Symmetries commute with encoding, with policy indices, and with legal moves.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ringrift_encode::{
    ActionIndex, GLOBALS, GlobalsOptions, PlaneGrid, PolicyLayout, Rr1Encoder, Rr1Layout, Rr1Policy, Symmetry,
    UpstreamEncoder,
};
use ringrift_rules::{AnyPosition, BoardKind, Cell, Move, MoveList, RecoveryMode};

#[test]
fn symmetries_form_a_group() {
    for board in BoardKind::ALL {
        let images =
            |symmetry: Symmetry| board.geometry().cells().map(move |cell| symmetry.cell(cell)).collect::<Vec<_>>();
        let mut seen = BTreeSet::new();
        for symmetry in Symmetry::all(board) {
            let cells: BTreeSet<Cell> = images(symmetry).into_iter().collect();
            assert_eq!(cells.len(), board.geometry().cell_count());
            assert!(seen.insert(images(symmetry)), "{symmetry:?} is another one again");
            assert_eq!(symmetry.then(symmetry.inverse()), Some(Symmetry::identity(board)));
            for other in Symmetry::all(board) {
                let both = symmetry.then(other).unwrap();
                for cell in board.geometry().cells() {
                    assert_eq!(both.cell(cell), other.cell(symmetry.cell(cell)), "{symmetry:?} {other:?}");
                }
            }
        }
        assert_eq!(images(Symmetry::identity(board)), board.geometry().cells().collect::<Vec<_>>());
    }
    let (one, other) = (Symmetry::identity(BoardKind::Hex8), Symmetry::identity(BoardKind::Square8));
    assert_eq!(one.then(other), None);
    assert_eq!(Symmetry::new(BoardKind::Square8, 8), None);
}

#[test]
fn tables_of_indices_are_permutations_that_compose() {
    for board in [BoardKind::Square8, BoardKind::Hex8] {
        for symmetry in Symmetry::all(board) {
            let actions = symmetry.rr1_actions();
            let back = symmetry.inverse().rr1_actions();
            for (index, &image) in actions.iter().enumerate() {
                assert_eq!(back[image as usize] as usize, index, "{symmetry:?}");
            }
            for other in Symmetry::all(board).step_by(5) {
                let both = symmetry.then(other).unwrap().rr1_actions();
                assert!(actions.iter().zip(both).all(|(&at, &both)| other.rr1_actions()[at as usize] == both));
            }
            for layout in PolicyLayout::ALL {
                for index in (0..layout.size(board)).map(ActionIndex::new) {
                    if let Some(image) = symmetry.action(layout, index) {
                        assert_eq!(symmetry.inverse().action(layout, image), Some(index), "{symmetry:?} {layout}");
                    }
                }
            }
        }
    }
}

/// What a move does, by its cells: kind, detail, and the cells in their order where the order means something.
type Meaning = (ringrift_rules::MoveKind, String, Vec<Cell>);

fn meaning(position: &AnyPosition, mv: Move, image: &dyn Fn(Cell) -> Cell) -> Meaning {
    let sorted = |cells: Vec<Cell>| {
        let mut cells: Vec<Cell> = cells.into_iter().map(image).collect();
        cells.sort_unstable();
        cells
    };
    let (detail, cells) = match mv {
        Move::PlaceRing { to, count } => (count.to_string(), vec![image(to)]),
        Move::MoveStack { from, to } => (String::new(), vec![image(from), image(to)]),
        Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
            (String::new(), vec![image(from), image(over), image(to)])
        }
        Move::RecoverySlide { from, to, mode } => (format!("{mode:?}"), vec![image(from), image(to)]),
        Move::ProcessLine { line } => (String::new(), sorted(position.line_cells(line))),
        Move::ChooseLineOption { line, window } => {
            let mut cells = sorted(position.line_cells(line));
            cells.extend(sorted(position.window_cells(line, window)));
            (format!("{}", window.start().is_some()), cells)
        }
        Move::EliminateRingsFromStack { from, context } => (context.name().to_owned(), vec![image(from)]),
        Move::ChooseTerritoryOption { region } => {
            (format!("{:?}", region.border()), sorted(position.region_cell_list(region)))
        }
        Move::ForcedElimination { from } => (String::new(), vec![image(from)]),
        _ => (String::new(), vec![]),
    };
    (mv.kind(), detail, cells)
}

#[derive(Default)]
struct Tally {
    positions: usize,
    /// Images of moves, compared in all layouts.
    moves: usize,
    /// Indices of upstream's layouts that have no image.
    unmapped: usize,
    /// Recovery slides that are legal on one side only.
    broken: usize,
}

fn check_moves(position: &AnyPosition, legal: &MoveList, symmetry: Symmetry, image: &AnyPosition, tally: &mut Tally) {
    let policy = Rr1Policy::of(position.board());
    let mut images = MoveList::new();
    image.legal_moves(&mut images);
    let mut by_meaning: BTreeMap<Meaning, Move> =
        images.iter().map(|&mv| (meaning(image, mv, &|cell| cell), mv)).collect();
    assert_eq!(by_meaning.len(), images.len());
    let free_slide = |mv: Move| matches!(mv, Move::RecoverySlide { mode: RecoveryMode::LineSegment, .. });
    let mut pairs = Vec::new();
    for &mv in legal {
        let Some(turned) = by_meaning.remove(&meaning(position, mv, &|cell| symmetry.cell(cell))) else {
            assert!(free_slide(mv), "{mv:?} has no image");
            tally.broken += 1;
            continue;
        };
        tally.moves += 1;
        pairs.push((mv, turned));
        let index = policy.index(position, mv).unwrap();
        let mapped = symmetry.rr1_actions()[index.get() as usize];
        let own = policy.index(image, turned).unwrap();
        if matches!(mv, Move::ChooseTerritoryOption { .. }) {
            assert_eq!(policy.move_at(image, &images, ActionIndex::new(mapped)), Some(turned));
        } else {
            assert_eq!(mapped, own.get(), "{mv:?}");
        }
        for layout in PolicyLayout::ALL {
            let Some(index) = layout.index(position, mv) else { continue };
            match symmetry.action(layout, index) {
                Some(mapped) => assert_eq!(Some(mapped), layout.index(image, turned), "{layout} {mv:?}"),
                None => {
                    tally.unmapped += 1;
                    let vague = matches!(mv, Move::ProcessLine { .. } | Move::ChooseTerritoryOption { .. });
                    let outside = layout == PolicyLayout::LegacyMaxN && position.board() == BoardKind::Hexagonal;
                    assert!(vague || outside, "{layout} {mv:?}");
                }
            }
        }
    }
    check_results(position, symmetry, image, &pairs);
    assert!(by_meaning.values().all(|&mv| free_slide(mv)), "{by_meaning:?} come from nowhere");
    tally.broken += by_meaning.len();
}

/// Whether the rules look at axes or at x and y when they make the move; see [`Symmetry`].
fn is_one_sided(board: BoardKind, mv: Move) -> bool {
    match mv {
        Move::RecoverySlide { mode, .. } => matches!(mode, RecoveryMode::LineAll | RecoveryMode::LineSegment),
        Move::ChooseTerritoryOption { .. } => board == BoardKind::Hex8,
        _ => false,
    }
}

/// The image of a move leads to the image of where the move leads.
fn check_results(position: &AnyPosition, symmetry: Symmetry, image: &AnyPosition, pairs: &[(Move, Move)]) {
    for &(mv, turned) in pairs.iter().step_by(1 + pairs.len() / 5) {
        if !is_one_sided(position.board(), mv) {
            let (mut after, mut image_after) = (position.clone(), image.clone());
            after.make_move(mv);
            image_after.make_move(turned);
            assert!(symmetry.position(&after).unwrap() == image_after, "{symmetry:?} {mv:?} {position:?}");
        }
    }
}

fn check_upstream_planes(position: &AnyPosition, symmetry: Symmetry, image: &AnyPosition) {
    let board = position.board();
    for encoder in UpstreamEncoder::ALL.into_iter().filter(|encoder| encoder.serves(board)) {
        let frame = |position: &AnyPosition| {
            let (mut frame, mut globals) = (vec![0.0; encoder.frame_len(board)], vec![0.0; GLOBALS]);
            encoder.encode(position, &mut frame).unwrap();
            encoder.encode_globals(position, GlobalsOptions::default(), &mut globals).unwrap();
            (frame, globals)
        };
        let ((planes, globals), (wanted, same)) = (frame(position), frame(image));
        let mut turned = vec![f32::NAN; planes.len()];
        symmetry.planes(PlaneGrid::Upstream, &planes, &mut turned).unwrap();
        assert!(turned == wanted, "{encoder} {symmetry:?}");
        assert_eq!(globals, same);
    }
}

/// `earlier` are the positions before, newest first.
fn check_rr1_planes(position: &AnyPosition, earlier: &VecDeque<AnyPosition>, symmetry: Symmetry, image: &AnyPosition) {
    let layout = Rr1Layout::new(position.board(), position.players(), 2);
    let encode = |position: &AnyPosition, earlier: &[AnyPosition]| {
        let mut encoder = Rr1Encoder::new(layout);
        for earlier in earlier.iter().rev() {
            encoder.remember(earlier).unwrap();
        }
        let (mut planes, mut packed) = (vec![0.0; layout.planes_len()], vec![0; layout.packed_len()]);
        let mut globals = vec![0.0; layout.globals()];
        encoder.encode(position, &mut planes, &mut globals).unwrap();
        encoder.encode_packed(position, &mut packed, &mut globals).unwrap();
        (planes, packed, globals)
    };
    let past: Vec<AnyPosition> = earlier.iter().cloned().collect();
    let images: Vec<AnyPosition> = past.iter().map(|position| symmetry.position(position).unwrap()).collect();
    let (planes, packed, globals) = encode(position, &past);
    let (wanted_planes, wanted_packed, same) = encode(image, &images);
    let (mut turned, mut turned_packed) = (vec![f32::NAN; planes.len()], vec![0xAA; packed.len()]);
    symmetry.planes(PlaneGrid::Rr1, &planes, &mut turned).unwrap();
    symmetry.packed(&packed, &mut turned_packed).unwrap();
    assert!(turned == wanted_planes, "{symmetry:?}");
    assert!(turned_packed == wanted_packed, "{symmetry:?}");
    assert_eq!(globals, same);
}

#[test]
fn images_of_positions_have_the_images_of_planes_and_moves() {
    let step = support::every(61);
    let (mut count, mut id, mut past) = (0, String::new(), VecDeque::new());
    let mut tally = Tally::default();
    support::replay(&support::sample(), |trace, position, legal| {
        if id != trace.id {
            id.clone_from(&trace.id);
            past.clear();
        }
        count += 1;
        // Lines, regions and recoveries are rare: they are never left out, but not all symmetries see them.
        let rare = legal.iter().any(|mv| {
            matches!(mv, Move::ProcessLine { .. } | Move::ChooseTerritoryOption { .. } | Move::RecoverySlide { .. })
        });
        if count % step == 0 || rare {
            tally.positions += 1;
            let all = Symmetry::all(position.board());
            let some = if count % step == 0 { 1 } else { all.len() };
            for symmetry in all.skip(count % some).step_by(some) {
                let image = symmetry.position(position).unwrap();
                image.check_validity().unwrap();
                check_moves(position, legal, symmetry, &image, &mut tally);
                check_upstream_planes(position, symmetry, &image);
                check_rr1_planes(position, &past, symmetry, &image);
            }
        }
        past.push_front(position.clone());
        past.truncate(2);
    });
    let Tally { positions, moves, unmapped, broken } = tally;
    support::say(&format!("{positions} positions, {moves} moves, {unmapped} unmapped, {broken} one-sided slides"));
    assert!(positions > 500 && moves > 100_000);
}

#[test]
fn buffers_of_other_lengths_and_other_boards_are_refused() {
    let symmetry = Symmetry::new(BoardKind::Square8, 3).unwrap();
    let error = symmetry.planes(PlaneGrid::Rr1, &[0.0; 64], &mut [0.0; 65]).unwrap_err().to_string();
    assert!(error.contains("65 elements, expected 64"), "{error}");
    assert!(symmetry.planes(PlaneGrid::Rr1, &[0.0; 65], &mut [0.0; 65]).is_err());
    assert!(symmetry.packed(&[0; 9], &mut [0; 9]).is_err());
    let (board, players) = (BoardKind::Hex8, ringrift_rules::PlayerCount::Two);
    let position = AnyPosition::initial(board, players, ringrift_rules::RuleOptions::standard(board, players));
    let error = symmetry.position(&position).unwrap_err().to_string();
    assert!(error.contains("the state is on hex8, expected square8"), "{error}");
}
