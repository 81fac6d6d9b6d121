//! Reads the parts of a state that lie on the board: cells, stacks, markers, and the capture chain.

use ringrift_rules::{BoardShape, Cell, Coord, Geometry, Phase, PlayerCount, PlayerId, Setup, SetupStack};

use super::{
    state::{ChainRecord, ChainSegment, Envelope, RingOrder},
    state_read::{COUNTER, Reader, unknown_fields},
    tree::{Node, shorten},
};

/// Fields of the board that are read.
const BOARD_FIELDS: [&str; 8] =
    ["type", "size", "stacks", "markers", "collapsedSpaces", "eliminatedRings", "formedLines", "territories"];

impl Reader<'_, '_> {
    pub(crate) fn board(
        &self,
        board: &Node<'_, '_>,
        setup: &mut Setup,
        envelope: &mut Envelope,
        marker_order: &mut Vec<Cell>,
    ) {
        let spec = setup.board.spec();
        let geometry = setup.board.geometry();
        if board.object().is_none() {
            return;
        }
        if let Some(size) = board.get("size").and_then(|node| Some((node, node.number(0, COUNTER)?))) {
            // The TypeScript side counts the cells of a hexagon's edge.
            let edge = u64::from(spec.size).div_ceil(2);
            let known = size.1 == u64::from(spec.size) || spec.shape == BoardShape::Hex && size.1 == edge;
            if !known {
                size.0.fault(format!("{} on {}", spec.size, setup.board));
            }
        }
        if let Some(stacks) = board.get("stacks") {
            for (key, node) in stacks.entries().filter(|(_, node)| node.object().is_some()) {
                let place = keyed_place(geometry, key, &node);
                let rings = self.stack(&node);
                if let (Some(cell), Some(rings)) = (place, rings) {
                    setup.stacks.push(SetupStack { cell, rings });
                }
            }
        }
        if let Some(markers) = board.get("markers") {
            for (key, node) in markers.entries().filter(|(_, node)| node.object().is_some()) {
                let place = keyed_place(geometry, key, &node);
                let owner = node.require("player", "a player number").and_then(|node| node.number(0, COUNTER));
                if let Some(kind) = node.get("type")
                    && kind.value == "collapsed"
                {
                    kind.fault("regular; collapsed cells belong into collapsedSpaces");
                }
                if let (Some(place), Some(owner)) = (place, owner) {
                    setup.markers.push((place, owner));
                    marker_order.extend(geometry.cell(place));
                }
            }
        }
        if let Some(collapsed) = board.get("collapsedSpaces") {
            for (key, node) in collapsed.entries() {
                let place = key_coord(geometry, key, &node);
                if let (Some(place), Some(owner)) = (place, node.number(0, COUNTER)) {
                    setup.collapsed.push((place, owner));
                }
            }
        }
        if let Some(eliminated) = board.get("eliminatedRings") {
            for (key, node) in eliminated.entries() {
                let seat = seat_key(key, &node, setup.players);
                if let (Some(seat), Some(count)) = (seat, node.number(0, COUNTER)) {
                    setup.board_eliminated[seat.index()] = count;
                }
            }
        }
        if let Some(lines) = board.get("formedLines") {
            envelope.formed_lines = lines.items().map(|node| node.value.clone()).collect();
        }
        if let Some(territories) = board.get("territories").and_then(|node| node.object()) {
            envelope.territories.clone_from(territories);
        }
        envelope.board_other = unknown_fields(board, &BOARD_FIELDS);
    }

    /// The rings of a stack, bottom to top; the summaries beside them must agree.
    fn stack(&self, node: &Node<'_, '_>) -> Option<Vec<u64>> {
        let list = node.require("rings", "a list of player numbers")?;
        if list.value.as_array().is_some_and(|list| list.len() > 1000) {
            list.fault("at most 1000 rings");
            return None;
        }
        let read: Vec<Option<u64>> = list.items().map(|ring| ring.number(0, COUNTER)).collect();
        let mut rings = read.into_iter().collect::<Option<Vec<u64>>>()?;
        if self.order == RingOrder::TopToBottom {
            rings.reverse();
        }
        let Some(&top) = rings.last() else { return Some(rings) };
        let cap = |from_top: &mut dyn Iterator<Item = &u64>, top| from_top.take_while(|ring| **ring == top).count();
        let summary = [
            ("stackHeight", rings.len() as u64),
            ("capHeight", cap(&mut rings.iter().rev(), top) as u64),
            ("controllingPlayer", top),
        ];
        for (name, expected) in summary {
            let Some(field) = node.get(name) else { continue };
            let Some(found) = field.number(0, COUNTER) else { continue };
            if found == expected {
                continue;
            }
            let turned = rings.first().is_some_and(|&bottom| {
                let fits = |name, value| node.get(name).is_none_or(|node| node.value == value);
                fits("controllingPlayer", bottom) && fits("capHeight", cap(&mut rings.iter(), bottom) as u64)
            });
            let hint = if turned { ", or the rings in the other order" } else { "" };
            field.fault(format!("{expected}, as the rings say{hint}"));
        }
        Some(rings)
    }

    pub(crate) fn chain(
        &self,
        geometry: &Geometry,
        setup: &Setup,
        envelope: &mut Envelope,
    ) -> Option<(u64, Vec<Coord>, Coord)> {
        let Some(chain) = self.root.get("chainCaptureState") else {
            // The TypeScript side notes only where the chain stands.
            let place = self.root.get("chainCapturePosition")?.coord(geometry)?;
            return (setup.phase == Phase::ChainCapture).then(|| (setup.to_move, Vec::new(), place));
        };
        chain.object()?;
        let player = chain.require("playerNumber", "a player number").and_then(|node| node.number(0, COUNTER));
        let place = |name| chain.require(name, "coordinates").and_then(|node| node.cell(geometry));
        let (start, current) = (place("startPosition"), place("currentPosition"));
        let mut visited = Vec::new();
        if let Some(list) = chain.get("visitedPositions") {
            for node in list.items() {
                let cell = node.text().and_then(|key| geometry.parse_key(key));
                if cell.is_none() {
                    node.fault("the key of a cell");
                }
                visited.extend(cell);
            }
        }
        let mut segments = Vec::new();
        if let Some(list) = chain.get("segments") {
            for node in list.items().filter(|node| node.object().is_some()) {
                let cell = |name| node.require(name, "coordinates").and_then(|node| node.cell(geometry));
                let (from, target, landing) = (cell("from"), cell("target"), cell("landing"));
                let height = node.get("capturedCapHeight").and_then(|node| node.number(0, COUNTER));
                if let (Some(from), Some(target), Some(landing)) = (from, target, landing) {
                    segments.push(ChainSegment {
                        from,
                        target,
                        landing,
                        captured_cap_height: height.unwrap_or_default(),
                    });
                }
            }
        }
        let (start, current) = (start?, current?);
        let path = chain_path(geometry, start, current, &visited, &segments);
        envelope.chain = Some(ChainRecord { start, visited, segments });
        Some((player?, path.into_iter().map(|cell| geometry.coord(cell)).collect(), geometry.coord(current)))
    }
}

/// Cells that a chain jumped from: as listed where that is a way of straight jumps, else as its segments lead back from
/// where it stands (see [`ChainRecord`]), else none.
fn chain_path(
    geometry: &Geometry,
    start: Cell,
    current: Cell,
    visited: &[Cell],
    segments: &[ChainSegment],
) -> Vec<Cell> {
    let straight = |from: Cell, to: Cell| {
        let (a, b) = (geometry.coord(from), geometry.coord(to));
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        from != to
            && match geometry.kind().spec().shape {
                BoardShape::Square => dx == 0 || dy == 0 || dx == dy || dx == -dy,
                BoardShape::Hex => dx == 0 || dy == 0 || dx == -dy,
            }
    };
    let is_way = |cells: &[Cell]| {
        let ends = cells.iter().skip(1).chain([&current]);
        cells.len() <= geometry.kind().spec().rings_per_player as usize
            && cells.first() == Some(&start)
            && cells.iter().zip(ends).all(|(&from, &to)| straight(from, to))
    };
    if is_way(visited) {
        return visited.to_vec();
    }
    let mut way = Vec::new();
    let mut at = current;
    for segment in segments.iter().rev() {
        if segment.landing == at {
            at = segment.from;
            way.push(at);
        }
    }
    way.reverse();
    if is_way(&way) { way } else { Vec::new() }
}

/// The place of an entry of a map by position key; a `position` inside the entry must be the same.
fn keyed_place(geometry: &Geometry, key: &str, node: &Node<'_, '_>) -> Option<Coord> {
    let place = key_coord(geometry, key, node);
    if let Some(position) = node.get("position") {
        let inside = position.coord(geometry)?;
        if place.is_some_and(|place| place != inside) {
            position.fault_got(format!("the place {key:?} of its key"), format!("x {}, y {}", inside.x, inside.y));
        }
    }
    place
}

/// Coordinates of a position key; they may be off the board.
pub(crate) fn key_coord(geometry: &Geometry, key: &str, node: &Node<'_, '_>) -> Option<Coord> {
    let hex = geometry.kind().spec().shape == BoardShape::Hex;
    let mut numbers = key.split(',').map(|part| part.parse::<i32>().ok().filter(|n| n.unsigned_abs() <= 1_000_000));
    let coord = match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(x)), Some(Some(y)), None, None) if !hex => Some(Coord { x, y }),
        (Some(Some(x)), Some(Some(y)), Some(Some(z)), None) if hex && x + y + z == 0 => Some(Coord { x, y }),
        _ => None,
    };
    if coord.is_none() {
        let form = if hex { "x,y,z with x+y+z = 0" } else { "x,y" };
        node.fault_got(format!("a position key {form}"), format!("{:?}", shorten(key)));
    }
    coord
}

pub(crate) fn seat_key(key: &str, node: &Node<'_, '_>, players: PlayerCount) -> Option<PlayerId> {
    let seat = players.seats().find(|seat| seat.to_string() == key);
    if seat.is_none() {
        node.fault_got(format!("a player number from 1 to {} as key", players.get()), format!("{:?}", shorten(key)));
    }
    seat
}
