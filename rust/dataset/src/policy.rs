//! Policy targets from the policies that searches recorded.

use std::collections::HashMap;

use ringrift_replay::{MoveRow, move_key};
use ringrift_rules::{AnyPosition, Move, MoveList, Phase};
use serde_json::{Map, Value};

use crate::game::policy_index;
use crate::plan::{Encoder, RowPlan};
use crate::rows::Target;

/// Adds the targets of a recorded policy to `out`: those of its moves that are legal and have an index, their
/// probabilities made to add up to 1. None, and nothing added, if there is no such move. Source: npz.md section 6.3.
///
/// Keys do not tell apart moves of one kind between the same cells. Under upstream's indices a key means the last of its
/// moves, as it does upstream. Ours has an index for each: they share the probability as the search's statistics say, or
/// evenly. Moves that share an index become one target; in upstream's own layouts they stay two, as upstream has them.
pub(crate) fn soft_targets(
    plan: &RowPlan,
    position: &AnyPosition,
    stored: &MoveRow,
    out: &mut Vec<Target>,
) -> Option<u32> {
    // Upstream lists the moves of a chain of captures when it has made the move, and so finds none.
    if plan.layout.is_upstream() && position.phase() == Phase::ChainCapture {
        return None;
    }
    let policy: Map<String, Value> = serde_json::from_str(stored.move_probs.as_deref()?).ok()?;
    let is_own = plan.encoder == Encoder::Rr1;
    let mut legal = MoveList::new();
    position.legal_moves(&mut legal);
    let mut moves: HashMap<String, Vec<(Move, u32)>> = HashMap::with_capacity(legal.len());
    for &mv in &legal {
        if let Some(index) = policy_index(plan, position, mv) {
            let list = moves.entry(move_key(position, mv)).or_default();
            if !is_own {
                list.clear();
            }
            list.push((mv, index.get()));
        }
    }
    let statistics = if is_own { statistics(stored) } else { HashMap::new() };
    let mut targets: Vec<(u32, f64)> = Vec::new();
    let mut add = |index: u32, probability: f64| match targets.iter_mut().find(|(known, _)| *known == index) {
        Some((_, sum)) if !plan.layout.is_upstream() => *sum += probability,
        _ => targets.push((index, probability)),
    };
    for (key, probability) in &policy {
        let Some(probability) = probability.as_f64().filter(|&probability| probability > 0.0) else { continue };
        match moves.get(short_key(key).as_ref()).map(Vec::as_slice) {
            None | Some([]) => {}
            Some(&[(_, index)]) => add(index, probability),
            Some(several) => {
                let share = |mv: Move| statistics.get(&position.format_move(mv)).copied().unwrap_or(0.0);
                let shares: Vec<f64> = several.iter().map(|&(mv, _)| share(mv)).collect();
                let total: f64 = shares.iter().sum();
                for (&(_, index), share) in several.iter().zip(shares) {
                    let share = if total > 0.0 { share / total } else { 1.0 / several.len() as f64 };
                    if share > 0.0 {
                        add(index, probability * share);
                    }
                }
            }
        }
    }
    let total: f64 = targets.iter().map(|(_, probability)| probability).sum();
    if targets.is_empty() || !total.is_finite() {
        return None;
    }
    out.extend(targets.iter().map(|&(index, probability)| (index, (probability / total) as f32)));
    Some(targets.len() as u32)
}

/// Probabilities of moves one by one, by their text, as our own searches record them.
fn statistics(stored: &MoveRow) -> HashMap<String, f64> {
    let parsed = stored.search_stats.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let moves = parsed.as_ref().and_then(|parsed| parsed["moves"].as_array()).map_or(&[][..], Vec::as_slice);
    moves.iter().filter_map(|entry| Some((entry[0].as_str()?.to_owned(), entry[1].as_f64()?))).collect()
}

/// A key in the short form; some of upstream's engines wrote the whole move as Python prints it.
fn short_key(key: &str) -> std::borrow::Cow<'_, str> {
    let Some(short) = key.starts_with("id=").then(|| printed_key(key)).flatten() else { return key.into() };
    short.into()
}

/// The key of a move as Python prints it: `id='…' type=<MoveType.PLACE_RING: 'place_ring'> … to=Position(x=1, y=2, z=None)`.
fn printed_key(text: &str) -> Option<String> {
    let after = |lead: &str| text.find(lead).map(|at| &text[at + lead.len()..]);
    let kind = after("type=<MoveType.")?.split_once('\'')?.1.split_once('\'')?.0;
    let mut key = kind.to_owned();
    for lead in [" from_pos=Position(x=", " to=Position(x="] {
        let Some(rest) = after(lead) else { continue };
        let (x, rest) = rest.split_once(',')?;
        let y = rest.trim_start().strip_prefix("y=")?.split([',', ')']).next()?;
        key = format!("{key}_{x},{y}");
    }
    Some(key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use ringrift_rules::{BoardKind, PlayerCount, RuleOptions};

    use super::*;
    use crate::plan::Layout;

    fn targets(plan: &RowPlan, text: &str, statistics: Option<&str>) -> (Option<u32>, Vec<Target>) {
        let (board, players) = (plan.board, plan.players);
        let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let stored = MoveRow {
            number: 0,
            turn: None,
            player: None,
            phase: None,
            kind: None,
            json: String::new(),
            timestamp: None,
            think_time_ms: None,
            move_probs: Some(text.to_owned()),
            search_stats: statistics.map(str::to_owned),
            heuristic_features: None,
        };
        let mut out = Vec::new();
        (soft_targets(plan, &position, &stored, &mut out), out)
    }

    fn plan(board: BoardKind) -> RowPlan {
        RowPlan::new(board, PlayerCount::Two)
    }

    #[test]
    fn known_moves_share_the_probability() {
        let text = r#"{"place_ring_1,0": 0.3, "place_ring_0,0": 0.1, "move_stack_0,0_1,0": 0.6, "place_ring_9,9": 1, "place_ring_2,0": 0}"#;
        // The last of three placements on a cell is the one of three rings.
        assert_eq!(targets(&plan(BoardKind::Square8), text, None), (Some(2), vec![(5, 0.75), (2, 0.25)]));
        for text in ["{}", "[]", "no JSON", r#"{"place_ring_9,9": 1}"#] {
            assert_eq!(targets(&plan(BoardKind::Square8), text, None), (None, Vec::new()));
        }
    }

    #[test]
    fn moves_of_a_key_share_its_probability_where_each_has_an_index() {
        let plan = plan(BoardKind::Square8).packed();
        let text = r#"{"place_ring_0,0": 0.6, "place_ring_1,0": 0.3}"#;
        let even = targets(&plan, text, None).1;
        assert_eq!(even.iter().map(|&(index, _)| index).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        assert!(
            even.iter().all(|&(index, share)| (share - if index < 3 { 2.0 / 9.0 } else { 1.0 / 9.0 }).abs() < 1e-6)
        );
        let (board, players) = (BoardKind::Square8, PlayerCount::Two);
        let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let mut legal = MoveList::new();
        position.legal_moves(&mut legal);
        let two =
            legal.iter().copied().find(|&mv| policy_index(&plan, &position, mv).is_some_and(|index| index.get() == 1));
        let statistics = serde_json::json!({"moves": [[position.format_move(two.unwrap()), 0.4, 7, 0.5]]}).to_string();
        let told = targets(&plan, r#"{"place_ring_0,0": 0.6}"#, Some(&statistics));
        assert_eq!(told, (Some(1), vec![(1, 1.0)]));
    }

    #[test]
    fn moves_that_share_an_index_stay_two_targets_only_as_upstream_has_them() {
        // Two keys of one move.
        let printed = "id='x' type=<MoveType.PLACE_RING: 'place_ring'> to=Position(x=0, y=0, z=None)";
        let text = serde_json::json!({printed: 0.5, "place_ring_0,0": 0.5}).to_string();
        let plain = plan(BoardKind::Square8);
        assert_eq!(targets(&plain, &text, None).1, [(2, 1.0)]);
        let upstream = RowPlan { layout: Layout::UpstreamSingle, ..plain };
        assert_eq!(targets(&upstream, &text, None).1, [(2, 0.5), (2, 0.5)]);
    }

    #[test]
    fn printed_moves_are_keys_too() {
        let printed = "id='simulated' type=<MoveType.PLACE_RING: 'place_ring'> player=1 from_pos=None to=Position(x=-4, y=4, z=0) capture_target=None";
        assert_eq!(short_key(printed), "place_ring_-4,4");
        let text = serde_json::json!({printed: 0.5}).to_string();
        assert_eq!(targets(&plan(BoardKind::Hex8), &text, None).0, Some(1));
        assert_eq!(short_key("id=odd"), "id=odd");
    }
}
