//! Features: indices, a position by hand, symmetries, seats.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use ringrift_encode::Symmetry;
use ringrift_nnue::FeatureSet;
use ringrift_rules::{AnyPosition, Board, BoardKind, CellSet as _, PlayerCount, PlayerId, Position, Square8};
use support::walk;

/// Calls the generic method on whatever board a position is.
fn active(features: FeatureSet, position: &AnyPosition, seat: PlayerId) -> Vec<u16> {
    let mut found = Vec::new();
    match position {
        AnyPosition::Square8(position) => features.active(position, seat, &mut found),
        AnyPosition::Square19(position) => features.active(position, seat, &mut found),
        AnyPosition::Hex8(position) => features.active(position, seat, &mut found),
        AnyPosition::Hexagonal(position) => features.active(position, seat, &mut found),
    }
    found
}

#[test]
fn sizes_and_hashes_are_what_files_hold() {
    let found: Vec<_> = BoardKind::ALL
        .into_iter()
        .flat_map(|board| PlayerCount::ALL.map(|players| FeatureSet::new(board, players)))
        .map(|features| (features.len(), features.hash()))
        .collect();
    let lengths: Vec<usize> = found.iter().map(|&(len, _)| len).collect();
    // Cells times 40, 62 and 82, and 65 per seat and one for the rest.
    let expected: Vec<usize> =
        [64, 361, 61, 469].iter().flat_map(|cells| [40 * cells + 131, 62 * cells + 196, 82 * cells + 261]).collect();
    assert_eq!(lengths, expected);
    let hashes: BTreeSet<u64> = found.iter().map(|&(_, hash)| hash).collect();
    assert_eq!(hashes.len(), found.len(), "every board and number of players has its own hash");
    // Changes only with `VERSION`: files would be read as what they are not.
    assert_eq!(format!("{:016x}", found[0].1), "2cdc6eed4d3271f1");
}

#[test]
fn features_of_the_start_are_hands_and_the_turn() {
    let mut first = None;
    walk::<Square8>(PlayerCount::Two, 1, 0, |position| first = Some(*position));
    let position = first.unwrap();
    let features = FeatureSet::new(BoardKind::Square8, PlayerCount::Two);
    let mut found = Vec::new();
    features.active(&position, PlayerId::ALL[0], &mut found);
    assert!(found.iter().all(|&index| index >= 64 * 40));
    assert_eq!(features.bucket(&position), 3);
}

fn symmetric<B: Board>(players: PlayerCount) {
    let features = FeatureSet::new(B::KIND, players);
    let large = B::SPEC.cells > 100;
    let mut count = 0;
    walk::<B>(players, if large { 1_500 } else { 600 }, 1, |position| {
        count += 1;
        if count % if large { 150 } else { 12 } != 0 {
            return;
        }
        let any = B::into_any(*position);
        for symmetry in Symmetry::all(B::KIND) {
            let image = symmetry.position(&any).unwrap();
            let table = features.permutation(symmetry);
            for seat in players.seats() {
                let mut mapped: Vec<u16> =
                    active(features, &any, seat).into_iter().map(|index| table[usize::from(index)]).collect();
                mapped.sort_unstable();
                assert_eq!(mapped, active(features, &image, seat), "{symmetry:?} {any}");
            }
        }
    });
}

#[test]
fn permuted_features_are_those_of_the_image() {
    on_all_boards!(symmetric);
}

#[test]
fn permutations_are_permutations_and_keep_the_rest() {
    for board in BoardKind::ALL {
        let features = FeatureSet::new(board, PlayerCount::Three);
        for symmetry in Symmetry::all(board) {
            let mut table = features.permutation(symmetry);
            let cells = board.geometry().cell_count() * features.per_cell();
            assert!((cells..features.len()).all(|index| usize::from(table[index]) == index));
            table.sort_unstable();
            assert!(table.iter().enumerate().all(|(index, &image)| index == usize::from(image)));
        }
        let other = BoardKind::ALL.into_iter().find(|&other| other != board).unwrap();
        let kept = features.permutation(Symmetry::all(other).last().unwrap());
        assert!(kept.iter().enumerate().all(|(index, &image)| index == usize::from(image)));
    }
}

fn bounded<B: Board>(players: PlayerCount) {
    let features = FeatureSet::new(B::KIND, players);
    let (mut found, mut reference) = (Vec::new(), Vec::new());
    let mut buckets = BTreeSet::new();
    walk::<B>(players, 2_500, 2, |position| {
        for seat in players.seats() {
            features.active(position, seat, &mut found);
            assert!(found.is_sorted_by(|a, b| a < b), "{}", B::into_any(*position));
            assert!(usize::from(*found.last().unwrap()) < features.len());
            assert!(found.len() <= features.active_max());
            by_hand(features, position, seat, &mut reference);
            assert_eq!(found, reference, "{}", B::into_any(*position));
        }
        buckets.insert(features.bucket(position));
        assert!(features.bucket(position) < features.bucket_count());
    });
    assert_eq!(buckets.len(), 4, "{} {}", B::KIND, players.get());
}

#[test]
fn active_features_follow_the_tables_of_the_documentation() {
    on_all_boards!(bounded);
}

/// The features again, written from the tables of the documentation and from the notation-level view of a position.
fn by_hand<B: Board>(features: FeatureSet, position: &Position<B>, seat: PlayerId, out: &mut Vec<u16>) {
    use ringrift_rules::CellContent;
    let n = position.players().get();
    let relative = |other: PlayerId| (other.index() + n - seat.index()) % n;
    let per_cell = if n == 2 { 40 } else { 20 * n + 2 };
    assert_eq!(per_cell, features.per_cell());
    let mut set = BTreeSet::new();
    for (dense, cell) in B::geometry().cells().enumerate() {
        let at = dense * per_cell;
        match position.content(cell) {
            CellContent::Empty => {}
            CellContent::Marker(owner) => drop(set.insert(at + relative(owner))),
            CellContent::Collapsed(owner) => drop(set.insert(at + n + relative(owner))),
            CellContent::Stack(_) => {
                let mut rings = position.rings(cell);
                rings.reverse();
                let cap = rings.iter().take_while(|&&ring| ring == rings[0]).count();
                let under = &rings[cap..];
                set.insert(at + 2 * n + 15 * relative(rings[0]) + 3 * (cap.min(5) - 1) + under.len().min(2));
                for other in position.players().seats() {
                    let count = under.iter().filter(|&&ring| ring == other).count();
                    if count > 0 {
                        set.insert(at + 17 * n + 2 * relative(other) + count.min(2) - 1);
                    }
                }
                if let (true, Some(&next)) = (n > 2, under.first()) {
                    set.insert(at + 19 * n + relative(next));
                }
            }
        }
        if position.must_move() == Some(cell) {
            set.insert(at + per_cell - 2);
        }
        if position.chain().is_some_and(|chain| chain.current == cell) {
            set.insert(at + per_cell - 1);
        }
    }
    let globals = usize::from(B::SPEC.cells) * per_cell;
    for other in position.players().seats() {
        let r = relative(other);
        let hand = match position.hand(other) {
            few @ 0..=7 => usize::from(few),
            8..=9 => 8,
            10..=11 => 9,
            12..=14 => 10,
            15..=17 => 11,
            18..=23 => 12,
            24..=35 => 13,
            36..=53 => 14,
            _ => 15,
        };
        let stacks = match position.stacks_of(other).iter().count() {
            few @ 0..=3 => few,
            4..=5 => 4,
            6..=8 => 5,
            _ => 6,
        };
        let sixteenths =
            |count: u16, threshold: u16| ((16.0 * f64::from(count) / f64::from(threshold)).floor() as usize).min(15);
        set.insert(globals + 16 * r + hand);
        set.insert(globals + 16 * (n + r) + sixteenths(position.eliminated(other), position.rules().victory_threshold));
        let collapsed = position.collapsed_of(other).iter().count() as u16;
        set.insert(globals + 16 * (2 * n + r) + sixteenths(collapsed, position.rules().territory_needed()));
        set.insert(globals + 48 * n + 7 * r + stacks);
        if position.lps().streak_player == Some(other) && position.lps().streak_rounds > 0 {
            set.insert(globals + 55 * n + 2 * r + usize::from(position.lps().streak_rounds > 1));
        }
    }
    let phase = ringrift_rules::Phase::ALL.into_iter().position(|phase| phase == position.phase()).unwrap();
    set.insert(globals + 57 * n + 8 * relative(position.to_move()) + phase);
    if position.pending_line_elimination() {
        set.insert(globals + 65 * n);
    }
    out.clear();
    out.extend(set.into_iter().map(|index| index as u16));
}

#[test]
fn positions_of_other_games_have_no_features() {
    let features = FeatureSet::new(BoardKind::Square8, PlayerCount::Two);
    let mut found = vec![1];
    walk::<Square8>(PlayerCount::Three, 1, 0, |position| features.active(position, PlayerId::ALL[0], &mut found));
    assert!(found.is_empty());
    walk::<ringrift_rules::Hex8>(PlayerCount::Two, 1, 0, |position| {
        features.active(position, PlayerId::ALL[0], &mut found);
        assert!(!features.fits(position));
    });
    assert!(found.is_empty());
    walk::<Square8>(PlayerCount::Two, 1, 0, |position| features.active(position, PlayerId::ALL[2], &mut found));
    assert!(found.is_empty());
}
