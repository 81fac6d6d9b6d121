//! Planes and globals of `rr1`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::{BTreeSet, VecDeque};

use ringrift_encode::{Rr1Encoder, Rr1Layout, Rr1Policy};
use ringrift_rules::{
    AnyPosition, BoardKind, CellContent, MoveKind, MoveList, Phase, PlayerCount, PlayerId, RuleOptions, Setup,
    Strictness,
};

/// Bits and globals of a position.
fn encoded(encoder: &Rr1Encoder, position: &AnyPosition) -> (Vec<u8>, Vec<f32>) {
    let layout = encoder.layout();
    // What was in the buffers before does not matter.
    let (mut planes, mut globals) = (vec![0xAA; layout.packed_len()], vec![f32::NAN; layout.globals()]);
    encoder.encode_packed(position, &mut planes, &mut globals).unwrap();
    (planes, globals)
}

fn bit(layout: Rr1Layout, planes: &[u8], plane: usize, at: usize) -> bool {
    planes[plane * layout.plane_bytes() + at / 8] >> (at % 8) & 1 != 0
}

/// Element of a plane that holds a cell, as the layout documents it.
fn element(layout: Rr1Layout, cell: ringrift_rules::Cell) -> usize {
    let at = layout.board().geometry().coord(cell);
    let (row, column) = match layout.board() {
        BoardKind::Square8 | BoardKind::Square19 => (at.y, at.x),
        BoardKind::Hex8 => (at.x + 4, at.y + 4),
        BoardKind::Hexagonal => (at.x + 12, at.y + 12),
    };
    row as usize * layout.side() + column as usize
}

fn seat_after(position: &AnyPosition, first: PlayerId, offset: usize) -> PlayerId {
    PlayerId::ALL[(first.index() + offset) % position.players().get()]
}

/// What a plane must show at a cell, by its name and the rules' own view of the position.
fn wanted(name: &str, position: &AnyPosition, first: PlayerId, cell: ringrift_rules::Cell) -> bool {
    let (what, seat) = name.split_once('[').map_or((name, None), |(what, rest)| (what, rest.strip_suffix(']')));
    let rings: Vec<PlayerId> = position.rings(cell).into_iter().rev().collect();
    let owner = |content: &CellContent| match content {
        CellContent::Marker(owner) | CellContent::Collapsed(owner) => Some(*owner),
        _ => None,
    };
    let content = position.content(cell);
    let (height, cap) = match content {
        CellContent::Stack(stack) => (stack.height(), stack.cap_height()),
        _ => (0, 0),
    };
    let me = position.to_move();
    let last = position.history().last;
    let digit = |value: u32, from: u32, number: &str| {
        value.saturating_sub(from).min(63) >> number.parse::<u32>().unwrap() & 1 != 0
    };
    if let Some(number) = name.strip_prefix("height digit ") {
        return digit(height, 8, number);
    }
    if let Some(number) = name.strip_prefix("cap digit ") {
        return digit(cap, 6, number);
    }
    if let Some(least) = name.strip_prefix("height>=") {
        return height >= least.parse().unwrap();
    }
    if let Some(least) = name.strip_prefix("cap>=") {
        return cap >= least.parse().unwrap();
    }
    match name {
        "on_board" => return true,
        "must_move" => return position.must_move() == Some(cell),
        "capturing" => {
            return match position.phase() {
                Phase::Capture => last.and_then(|last| last.landing) == Some(cell),
                Phase::ChainCapture => position.chain().is_some_and(|chain| chain.current == cell),
                _ => false,
            };
        }
        "chain_visited" => return position.chain_visited().contains(&cell),
        "last_landing" => return last.and_then(|last| last.landing) == Some(cell),
        "first_stack" => {
            let own =
                |&at: &ringrift_rules::Cell| matches!(position.content(at), CellContent::Stack(s) if s.owner() == me);
            return position.stacks_in_order().into_iter().find(own) == Some(cell);
        }
        "recovery_payer" => {
            let controls = position.stacks_in_order().iter().any(|&at| position.rings(at).last() == Some(&me));
            return !controls && position.recovery_payer(me) == Some(cell);
        }
        _ => {}
    }
    if let Some(rest) = name.strip_prefix("ring[") {
        let (depth, seat) = rest.split_once("][").unwrap();
        let depth: usize = depth.parse().unwrap();
        let seat: usize = seat.strip_suffix(']').unwrap().parse().unwrap();
        return rings.get(depth) == Some(&seat_after(position, first, seat));
    }
    let seat = seat_after(position, first, seat.unwrap().parse().unwrap());
    let below = rings.iter().skip(4).filter(|&&ring| ring == seat).count();
    match what {
        "control" => rings.first() == Some(&seat),
        "deep" => below > 0,
        "deep3" => below > 2,
        "marker" => matches!(content, CellContent::Marker(_)) && owner(&content) == Some(seat),
        "collapsed" => matches!(content, CellContent::Collapsed(_)) && owner(&content) == Some(seat),
        other => panic!("{other}"),
    }
}

fn check_planes(layout: Rr1Layout, planes: &[u8], position: &AnyPosition, past: &VecDeque<AnyPosition>) {
    let side = layout.side();
    let names = layout.plane_names();
    assert_eq!(names.len(), layout.planes());
    let first = position.to_move();
    for (number, name) in names.iter().enumerate() {
        let (source, name) = match name.strip_prefix("earlier[") {
            Some(rest) => {
                let (age, name) = rest.split_once("].").unwrap();
                (past.get(age.parse::<usize>().unwrap() - 1), name)
            }
            None => (Some(position), name.as_str()),
        };
        let mut on_board = vec![false; layout.plane_bytes() * 8];
        for cell in layout.board().geometry().cells() {
            on_board[element(layout, cell)] = true;
            let wanted = source.is_some_and(|source| wanted(name, source, first, cell));
            assert_eq!(bit(layout, planes, number, element(layout, cell)), wanted, "{name} of {position:?}");
        }
        let outside = (0..layout.plane_bytes() * 8).filter(|&at| !on_board[at]);
        assert!(outside.into_iter().all(|at| !bit(layout, planes, number, at)), "{name}: {side}");
    }
}

#[test]
fn every_plane_shows_what_its_name_says() {
    let step = support::every(151);
    let (mut count, mut id) = (0, String::new());
    let mut past = VecDeque::new();
    let mut encoder = Rr1Encoder::new(Rr1Layout::new(BoardKind::Square8, PlayerCount::Two, 2));
    support::replay(&support::sample(), |trace, position, _| {
        if id != trace.id {
            id.clone_from(&trace.id);
            past.clear();
            encoder = Rr1Encoder::new(Rr1Layout::new(position.board(), position.players(), 2));
        }
        count += 1;
        if count % step == 0 {
            let layout = encoder.layout();
            let (packed, globals) = encoded(&encoder, position);
            check_planes(layout, &packed, position, &past);
            let (mut planes, mut again) = (vec![f32::NAN; layout.planes_len()], vec![f32::NAN; layout.globals()]);
            encoder.encode(position, &mut planes, &mut again).unwrap();
            let cells = layout.side() * layout.side();
            for (at, &value) in planes.iter().enumerate() {
                let wanted = bit(layout, &packed, at / cells, at % cells);
                assert_eq!(value.to_bits(), f32::from(u8::from(wanted)).to_bits());
            }
            assert_eq!(globals, again);
            assert!(globals.iter().all(|value| (0.0..=1.0).contains(value)), "{globals:?}");
        }
        encoder.remember(position).unwrap();
        past.push_front(position.clone());
        past.truncate(2);
    });
    assert!(count > 10_000);
}

/// Variations of a state that legal moves may depend on.
fn variations(setup: &Setup) -> Vec<Setup> {
    let mut all = Vec::new();
    let mut vary = |change: &dyn Fn(&mut Setup)| {
        let mut other = setup.clone();
        change(&mut other);
        all.push(other);
    };
    let seats = setup.players.get();
    for phase in Phase::ALL {
        vary(&|setup| setup.phase = phase);
    }
    for seat in 1..=seats as u64 {
        vary(&|setup| setup.to_move = seat);
        for change in [-1, 1, -100] {
            vary(&|setup| {
                let hand = &mut setup.hand[seat as usize - 1];
                *hand = hand.saturating_add_signed(change);
            });
        }
    }
    vary(&|setup| setup.pending_line_elimination ^= true);
    vary(&|setup| setup.rules.swap_rule ^= true);
    vary(&|setup| setup.history.swapped ^= true);
    vary(&|setup| setup.history.run_changed ^= true);
    vary(&|setup| setup.history.run_recovered ^= true);
    vary(&|setup| setup.must_move = None);
    vary(&|setup| setup.chain = None);
    vary(&|setup| setup.stacks.reverse());
    for moved in 0..1 << seats {
        vary(&|setup| setup.history.moved = moved);
    }
    for kind in MoveKind::ALL {
        vary(&|setup| setup.history.last.iter_mut().for_each(|last| last.kind = kind));
    }
    for player in setup.players.seats() {
        vary(&|setup| setup.history.last.iter_mut().for_each(|last| last.player = player));
    }
    let geometry = setup.board.geometry();
    for i in 0..setup.stacks.len() {
        vary(&|setup| setup.must_move = Some(setup.stacks[i].cell));
        vary(&|setup| {
            let cell = geometry.cell(setup.stacks[i].cell);
            setup.history.last.iter_mut().for_each(|last| last.landing = cell);
        });
        vary(&|setup| {
            let cell = setup.stacks[i].cell;
            setup.chain = Some((setup.to_move, vec![], cell));
        });
        vary(&|setup| setup.stacks[i].rings.reverse());
        vary(&|setup| {
            let top = *setup.stacks[i].rings.last().unwrap();
            setup.stacks[i].rings.insert(0, top);
        });
        for seat in 1..=seats as u64 {
            vary(&|setup| setup.stacks[i].rings.push(seat));
            vary(&|setup| *setup.stacks[i].rings.last_mut().unwrap() = seat);
        }
        vary(&|setup| {
            setup.stacks.remove(i);
        });
    }
    for i in 0..setup.markers.len() {
        vary(&|setup| {
            setup.markers.remove(i);
        });
        vary(&|setup| setup.markers[i].1 = setup.markers[i].1 % seats as u64 + 1);
    }
    for i in 0..setup.collapsed.len() {
        vary(&|setup| {
            setup.collapsed.remove(i);
        });
        vary(&|setup| setup.collapsed[i].1 = setup.collapsed[i].1 % seats as u64 + 1);
    }
    all
}

fn legal_indices(position: &AnyPosition) -> BTreeSet<u32> {
    let mut legal = MoveList::new();
    position.legal_moves(&mut legal);
    let policy = Rr1Policy::of(position.board());
    legal.iter().map(|&mv| policy.index(position, mv).unwrap().get()).collect()
}

#[test]
fn whatever_changes_the_legal_moves_shows() {
    let step = support::every(251);
    let (mut count, mut compared, mut different) = (0, 0, 0);
    support::replay(&support::sample(), |trace, position, _| {
        count += 1;
        // Some phases are short.
        let step = match position.phase() {
            Phase::ForcedElimination => 1,
            Phase::Capture | Phase::ChainCapture => step.div_ceil(10),
            _ => step,
        };
        if count % step != 0 || position.outcome().is_some() {
            return;
        }
        let encoder = Rr1Encoder::new(Rr1Layout::new(position.board(), position.players(), 0));
        let (legal, own) = (legal_indices(position), encoded(&encoder, position));
        for setup in variations(&position.to_setup()) {
            let Ok(other) = setup.into_position_if(Strictness::Storable) else { continue };
            compared += 1;
            if legal_indices(&other) != legal {
                different += 1;
                assert!(encoded(&encoder, &other) != own, "{}: {position:?}\n{other:?}", trace.id);
            }
        }
    });
    support::say(&format!("{compared} variations, {different} with other legal moves"));
    assert!(different > 1_000);
}

#[test]
fn layouts_are_told_apart_and_kept() {
    let digest = |board, players, earlier| Rr1Layout::new(board, players, earlier).digest();
    let mut seen = BTreeSet::new();
    for board in BoardKind::ALL {
        for players in PlayerCount::ALL {
            for earlier in 0..3 {
                assert!(seen.insert(digest(board, players, earlier)));
            }
        }
    }
    // A change here is a change of the format: it needs another RR1_VERSION.
    let kept = BoardKind::ALL.map(|board| digest(board, PlayerCount::Two, 3));
    assert_eq!(kept, ["f34a5fabb59a7786", "2b30092173dea4fe", "88e63b58430bb1cd", "a41598421f1936de"]);
    let layout = Rr1Layout::new(BoardKind::Square8, PlayerCount::Two, 3);
    assert_eq!((layout.planes(), layout.globals(), layout.packed_len()), (74, 51, 592));
    assert_eq!(layout.global_names().len(), layout.globals());
}

#[test]
fn other_boards_players_and_lengths_are_refused() {
    let (board, players) = (BoardKind::Square8, PlayerCount::Two);
    let layout = Rr1Layout::new(board, players, 1);
    let mut encoder = Rr1Encoder::new(layout);
    let (mut planes, mut globals) = (vec![0; layout.packed_len()], vec![0.0; layout.globals()]);
    for (board, players, text) in [
        (BoardKind::Hex8, players, "the position is on hex8, expected square8"),
        (board, PlayerCount::Four, "the position has 4 players, expected 2"),
    ] {
        let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let error = encoder.encode_packed(&position, &mut planes, &mut globals).unwrap_err().to_string();
        assert!(error.starts_with(text), "{error}");
        assert!(encoder.remember(&position).unwrap_err().to_string().starts_with(text));
    }
    let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let error = encoder.encode_packed(&position, &mut planes[1..], &mut globals).unwrap_err().to_string();
    assert!(
        error.contains(&format!("{} elements, expected {}", layout.packed_len() - 1, layout.packed_len())),
        "{error}"
    );
    let error = encoder.encode_packed(&position, &mut planes, &mut []).unwrap_err().to_string();
    assert!(error.contains("globals has 0 elements"), "{error}");
}
