//! Policy targets from the policies that searches recorded.

use std::collections::HashMap;

use ringrift_encode::PolicyLayout;
use ringrift_replay::move_key;
use ringrift_rules::{AnyPosition, MoveList};
use serde_json::{Map, Value};

use crate::rows::Target;

/// Adds the targets of a recorded policy to `out`: those of its moves that are legal and have an index, their
/// probabilities made to add up to 1. None, and nothing added, if there is no such move.
///
/// Keys do not tell apart moves of one kind between the same cells; they mean the last of them. Moves that share an index
/// become one target, unless `keeps_repeats`, as upstream does. Source: npz.md section 6.3.
pub(crate) fn soft_targets(
    text: &str,
    position: &AnyPosition,
    layout: PolicyLayout,
    keeps_repeats: bool,
    out: &mut Vec<Target>,
) -> Option<u32> {
    let policy: Map<String, Value> = serde_json::from_str(text).ok()?;
    let mut legal = MoveList::new();
    position.legal_moves(&mut legal);
    let mut indices: HashMap<String, u32> = HashMap::with_capacity(legal.len());
    for &mv in &legal {
        if let Some(index) = layout.index(position, mv) {
            indices.insert(move_key(position, mv), index.get());
        }
    }
    let mut targets: Vec<(u32, f64)> = Vec::new();
    for (key, probability) in &policy {
        let Some(probability) = probability.as_f64().filter(|&probability| probability > 0.0) else { continue };
        let Some(&index) = indices.get(short_key(key).as_ref()) else { continue };
        match targets.iter_mut().find(|(known, _)| *known == index) {
            Some((_, sum)) if !keeps_repeats => *sum += probability,
            _ => targets.push((index, probability)),
        }
    }
    let total: f64 = targets.iter().map(|(_, probability)| probability).sum();
    if targets.is_empty() || !total.is_finite() {
        return None;
    }
    out.extend(targets.iter().map(|&(index, probability)| (index, (probability / total) as f32)));
    Some(targets.len() as u32)
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

    fn targets(board: BoardKind, text: &str, keeps_repeats: bool) -> (Option<u32>, Vec<Target>) {
        let players = PlayerCount::Two;
        let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let mut out = Vec::new();
        (soft_targets(text, &position, PolicyLayout::BoardAware, keeps_repeats, &mut out), out)
    }

    #[test]
    fn known_moves_share_the_probability() {
        let text = r#"{"place_ring_1,0": 0.3, "place_ring_0,0": 0.1, "move_stack_0,0_1,0": 0.6, "place_ring_9,9": 1, "place_ring_2,0": 0}"#;
        // The last of three placements on a cell is the one of three rings.
        assert_eq!(targets(BoardKind::Square8, text, false), (Some(2), vec![(5, 0.75), (2, 0.25)]));
        for text in ["{}", "[]", "no JSON", r#"{"place_ring_9,9": 1}"#] {
            assert_eq!(targets(BoardKind::Square8, text, false), (None, Vec::new()));
        }
    }

    #[test]
    fn printed_moves_are_keys_too() {
        let printed = "id='simulated' type=<MoveType.PLACE_RING: 'place_ring'> player=1 from_pos=None to=Position(x=-4, y=4, z=0) capture_target=None";
        assert_eq!(short_key(printed), "place_ring_-4,4");
        let text = serde_json::json!({printed: 0.5}).to_string();
        assert_eq!(targets(BoardKind::Hex8, &text, true).0, Some(1));
        assert_eq!(short_key("id=odd"), "id=odd");
    }
}
