//! Reads state JSON of unknown origin: every fault is collected, and the rules are checked by `Setup`.

use ringrift_rules::{
    AnyPosition, BoardKind, BoardShape, Cell, Coord, Geometry, LpsState, Phase, PlayerCount, PlayerId, RuleOptions,
    Setup, SetupStack, Violation,
};
use serde_json::{Map, Value};

use super::{
    history::{History, adopt_replayed, read_history, recover_end},
    state::{
        ChainRecord, ChainSegment, Envelope, GameStatus, ReadOptions, RingOrder, StateDocument, StateJsonError,
        TimeControl,
    },
    tree::{Faults, Node, integer_of, is_timestamp, parse, shorten, snake_case},
};

/// Top-level fields that are read; everything else is kept as it is.
const FIELDS: [&str; 36] = [
    "id",
    "gameId",
    "boardType",
    "rngSeed",
    "board",
    "players",
    "currentPhase",
    "currentPlayer",
    "moveHistory",
    "timeControl",
    "spectators",
    "gameStatus",
    "winner",
    "createdAt",
    "lastMoveAt",
    "isRated",
    "maxPlayers",
    "totalRingsInPlay",
    "totalRingsEliminated",
    "victoryThreshold",
    "territoryVictoryThreshold",
    "territoryVictoryMinimum",
    "chainCaptureState",
    "chainCapturePosition",
    "mustMoveFromStackKey",
    "zobristHash",
    "lpsRoundIndex",
    "lpsCurrentRoundActorMask",
    "lpsExclusivePlayerForCompletedRound",
    "lpsCurrentRoundFirstPlayer",
    "lpsConsecutiveExclusiveRounds",
    "lpsRoundsRequired",
    "lpsConsecutiveExclusivePlayer",
    "rulesOptions",
    "pendingLineRewardElimination",
    // Written by the TypeScript side, and wrong after the next move.
    "turnNumber",
];

/// Fields of a player that are read.
const SEAT_FIELDS: [&str; 10] = [
    "id",
    "username",
    "type",
    "playerNumber",
    "isReady",
    "timeRemaining",
    "aiDifficulty",
    "ringsInHand",
    "eliminatedRings",
    "territorySpaces",
];

/// Fields of the board that are read.
const BOARD_FIELDS: [&str; 8] =
    ["type", "size", "stacks", "markers", "collapsedSpaces", "eliminatedRings", "formedLines", "territories"];

/// Largest counter that is read at all; `Setup` has narrower bounds.
const COUNTER: u64 = i64::MAX as u64;

impl StateDocument {
    /// Reads a state that upstream wrote, or that [`StateDocument::to_json`] did.
    ///
    /// Fields may be spelt in camel case or snake case. What the rules do not need may be missing, and so may counters
    /// and thresholds that follow from board and player count; unknown fields are kept. Summaries that follow from
    /// the rest (heights, caps, controllers) must agree with it; the zobrist hash is computed afresh.
    ///
    /// # Errors
    /// [`StateJsonError`] lists everything that is wrong.
    pub fn from_json(text: &str, options: impl Into<ReadOptions>) -> Result<Self, StateJsonError> {
        let faults = Faults::default();
        let value = parse(text, &faults)?;
        read(value, options.into(), faults)
    }

    /// The same from a parsed value. A parser that keeps the order of keys is needed for the container order of stacks
    /// and markers.
    ///
    /// # Errors
    /// [`StateJsonError::Invalid`].
    pub fn from_value(value: Value, options: impl Into<ReadOptions>) -> Result<Self, StateJsonError> {
        read(value, options.into(), Faults::default())
    }
}

fn read(mut value: Value, options: ReadOptions, faults: Faults) -> Result<StateDocument, StateJsonError> {
    let order = options.ring_order;
    let parts = Reader { root: &Node::root(&value, &faults), order }.read();
    let mut violations = Vec::new();
    let mut document = None;
    if let Some(parts) = parts {
        match parts.setup.into_position_if(options.strictness) {
            Ok(position) => document = Some((position, parts.marker_order, parts.envelope, parts.history)),
            Err(error) => violations = error.violations,
        }
    }
    if !faults.is_empty() {
        // What could not be read was replaced by a guess; rules that the guess may break are not held against it.
        violations.retain(|violation| {
            !matches!(
                violation,
                Violation::UnfinishedEnd { .. }
                    | Violation::NoLegalMove { .. }
                    | Violation::PendingElimination { .. }
                    | Violation::BrokenChain { .. }
                    | Violation::WrongSeatCount { .. }
            )
        });
    }
    match document {
        Some((position, marker_order, envelope, history)) if faults.is_empty() => {
            let moves = take_moves(&mut value);
            let position = adopt_replayed(position, &moves, &history);
            let position = match ["zobristHash", "zobrist_hash"].iter().find_map(|name| value.get(name)?.as_u64()) {
                Some(hash) => recover_end(position, hash),
                None => position,
            };
            Ok(StateDocument { position, marker_order, moves, envelope })
        }
        _ => Err(StateJsonError::Invalid { faults: faults.into_list(), violations, order: order.words() }),
    }
}

fn take_moves(value: &mut Value) -> Vec<Value> {
    ["moveHistory", "move_history"]
        .into_iter()
        .find_map(|name| match value.get_mut(name)? {
            Value::Array(list) => Some(std::mem::take(list)),
            _ => None,
        })
        .unwrap_or_default()
}

struct Parts {
    setup: Setup,
    marker_order: Vec<Cell>,
    envelope: Envelope,
    history: History,
}

struct Reader<'p, 'v> {
    root: &'p Node<'p, 'v>,
    order: RingOrder,
}

impl Reader<'_, '_> {
    /// Everything that can be read; none if board or player count cannot.
    fn read(&self) -> Option<Parts> {
        let root = self.root;
        root.object()?;
        let board_node = root.require("board", "an object");
        let named = root.get("boardType").and_then(|node| board_kind(&node));
        let typed = board_node.as_ref().and_then(|board| board_kind(&board.get("type")?));
        if let (Some(named), Some(typed)) = (named, typed)
            && named != typed
            && let Some(node) = root.get("boardType")
        {
            node.fault(format!("{typed}, as board.type says"));
        }
        let kind = named.or(typed);
        if kind.is_none() && root.get("boardType").is_none() {
            root.require("boardType", "square8, square19, hex8 or hexagonal");
        }
        let players_node = root.require("players", "a list of 2 to 4 players");
        let seats: Vec<Node<'_, '_>> = players_node.iter().flat_map(Node::items).collect();
        let count = PlayerCount::try_from(seats.len() as u64).ok();
        if let (Some(node), None) = (&players_node, count)
            && node.value.is_array()
        {
            node.fault("a list of 2 to 4 players");
        }
        let (kind, players) = (kind?, count?);
        let mut setup = Setup::initial(kind, players, self.rules(kind, players));
        let initial = AnyPosition::initial(kind, players, RuleOptions::standard(kind, players));
        let mut envelope = Envelope::new(&initial);
        envelope.total_rings_in_play = match root.get("totalRingsInPlay") {
            Some(node) => node.number(0, COUNTER).unwrap_or_default(),
            None => u64::from(setup.rules.rings_per_player) * players.get() as u64,
        };
        for (i, seat) in seats.iter().enumerate() {
            read_seat(i, seat, &mut setup, &mut envelope);
        }
        let mut marker_order = Vec::new();
        if let Some(board) = &board_node {
            self.board(board, &mut setup, &mut envelope, &mut marker_order);
        }
        setup.total_eliminated = root
            .get("totalRingsEliminated")
            .and_then(|node| node.number(0, COUNTER))
            .unwrap_or_else(|| setup.eliminated.iter().fold(0, |sum, n| sum.saturating_add(*n)));
        self.turn(kind.geometry(), &mut setup, &mut envelope);
        setup.lps = self.lps();
        let history = match root.get("moveHistory") {
            Some(node) => read_history(&node, kind.geometry()),
            None => History::default(),
        };
        history.fill(&mut setup, &envelope);
        self.rest(&mut envelope);
        Some(Parts { setup, marker_order, envelope, history })
    }

    fn rules(&self, kind: BoardKind, players: PlayerCount) -> RuleOptions {
        let root = self.root;
        let number = |name, least, most: u16| -> Option<u16> {
            root.get(name)?.number(least, u64::from(most)).map(|number| number as u16)
        };
        let mut rules = RuleOptions::standard(kind, players);
        // What is wrong with it is noted where the envelope is filled.
        let in_play = root.get("totalRingsInPlay").and_then(|node| u64::try_from(integer_of(node.value)?).ok());
        if let Some(total) = in_play
            && total % players.get() as u64 == 0
            && let Ok(rings) = u16::try_from(total / players.get() as u64)
            && rings <= 1000
        {
            rules = rules.with_rings_per_player(rings, players);
        }
        if let Some(threshold) = number("victoryThreshold", 0, u16::MAX) {
            rules.victory_threshold = threshold;
        }
        if let Some(threshold) = number("territoryVictoryThreshold", 0, u16::MAX) {
            rules.territory_threshold = threshold;
        }
        rules.territory_minimum = number("territoryVictoryMinimum", 0, u16::MAX);
        if let Some(rounds) = number("lpsRoundsRequired", 0, u16::MAX) {
            rules.lps_rounds = rounds;
        }
        if let Some(options) = root.get("rulesOptions")
            && options.object().is_some()
            && let Some(swap) = options.get("swapRuleEnabled").and_then(|node| node.flag())
        {
            rules.swap_rule = swap;
        }
        rules
    }

    fn board(&self, board: &Node<'_, '_>, setup: &mut Setup, envelope: &mut Envelope, marker_order: &mut Vec<Cell>) {
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

    fn turn(&self, geometry: &Geometry, setup: &mut Setup, envelope: &mut Envelope) {
        let root = self.root;
        if let Some(player) = root.require("currentPlayer", "a player number") {
            setup.to_move = player.number(0, COUNTER).unwrap_or(1);
        }
        if let Some(node) = root.require("currentPhase", "a phase") {
            match node.text().map(Phase::from_name) {
                Some(Some(phase)) => setup.phase = phase,
                Some(None) => node.fault("a phase such as ring_placement or movement"),
                None => {}
            }
        }
        if let Some(node) = root.get("gameStatus") {
            match node.text().map(GameStatus::from_name) {
                Some(Some(status)) => envelope.status = status,
                Some(None) => node.fault("waiting, active, paused, abandoned or completed"),
                None => {}
            }
        }
        setup.winner = root.get("winner").and_then(|node| node.number(0, COUNTER));
        let status = root.get("gameStatus").map(|_| envelope.status);
        match (status, root.get("winner")) {
            (Some(GameStatus::Waiting | GameStatus::Active | GameStatus::Paused), Some(winner)) => {
                winner.fault("null while the game is not over");
            }
            (Some(GameStatus::Completed), None) => {
                root.require("winner", "the winner of a completed game; a game stopped without one is not completed");
            }
            // Old records leave a finished game in the phase of its last move.
            (Some(GameStatus::Completed | GameStatus::Abandoned) | None, Some(_)) => setup.phase = Phase::GameOver,
            (Some(_) | None, None) => {}
        }
        if envelope.status == GameStatus::Active && setup.winner.is_some() {
            envelope.status = GameStatus::Completed;
        }
        setup.must_move = root.get("mustMoveFromStackKey").and_then(|node| {
            let key = node.text()?;
            key_coord(geometry, key, &node)
        });
        if let Some(pending) = root.get("pendingLineRewardElimination") {
            setup.pending_line_elimination = pending.flag().unwrap_or_default();
        }
        setup.chain = self.chain(geometry, setup, envelope);
    }

    fn chain(&self, geometry: &Geometry, setup: &Setup, envelope: &mut Envelope) -> Option<(u64, Vec<Coord>, Coord)> {
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

    fn lps(&self) -> LpsState {
        let root = self.root;
        let count =
            |name| root.get(name).and_then(|node| node.number(0, u64::from(u32::MAX))).unwrap_or_default() as u32;
        let seat = |name| -> Option<PlayerId> { PlayerId::try_from_number(root.get(name)?.number(1, 4)?) };
        let mut lps = LpsState {
            round: count("lpsRoundIndex"),
            first: seat("lpsCurrentRoundFirstPlayer"),
            exclusive: seat("lpsExclusivePlayerForCompletedRound"),
            streak_player: seat("lpsConsecutiveExclusivePlayer"),
            streak_rounds: count("lpsConsecutiveExclusiveRounds"),
            ..LpsState::default()
        };
        if let Some(mask) = root.get("lpsCurrentRoundActorMask") {
            for (key, node) in mask.entries() {
                let seat = seat_key(key, &node, PlayerCount::Four);
                if let (Some(seat), Some(able)) = (seat, node.flag()) {
                    lps.noted |= 1 << seat.index();
                    lps.able |= u8::from(able) << seat.index();
                }
            }
        }
        lps
    }

    /// What the rules do not look at.
    fn rest(&self, envelope: &mut Envelope) {
        let root = self.root;
        let text = |name, into: &mut String| {
            if let Some(text) = root.get(name).and_then(|node| node.text()) {
                text.clone_into(into);
            }
        };
        text("gameId", &mut envelope.id);
        text("id", &mut envelope.id);
        time(root, "createdAt", &mut envelope.created_at);
        time(root, "lastMoveAt", &mut envelope.last_move_at);
        envelope.rng_seed = root.get("rngSeed").and_then(|node| node.integer());
        if let Some(control) = root.get("timeControl")
            && control.object().is_some()
        {
            let TimeControl { initial_time, increment, kind } = &mut envelope.time_control;
            for (name, into) in [("initialTime", initial_time), ("increment", increment)] {
                if let Some(number) = control.get(name).and_then(|node| node.integer()) {
                    *into = number;
                }
            }
            if let Some(text) = control.get("type").and_then(|node| node.text()) {
                text.clone_into(kind);
            }
        }
        if let Some(list) = root.get("spectators") {
            envelope.spectators = list.items().filter_map(|node| node.text().map(str::to_owned)).collect();
        }
        if let Some(flag) = root.get("isRated").and_then(|node| node.flag()) {
            envelope.is_rated = flag;
        }
        envelope.max_players = envelope.seats.len() as u64;
        if let Some(number) = root.get("maxPlayers").and_then(|node| node.number(0, COUNTER)) {
            envelope.max_players = number;
        }
        envelope.rules_options = root.get("rulesOptions").and_then(|node| node.value.as_object().cloned());
        if let Some(options) = &mut envelope.rules_options {
            options.retain(|name, _| !matches!(name.as_str(), "swapRuleEnabled" | "swap_rule_enabled"));
            // Two-player games always have the options written.
            if options.is_empty() && envelope.seats.len() == 2 {
                envelope.rules_options = None;
            }
        }
        envelope.has_zobrist = root.get("zobristHash").is_some_and(|node| {
            if node.value.as_u64().is_none() {
                node.fault("an unsigned integer of 64 bits");
            }
            true
        });
        envelope.other = unknown_fields(root, &FIELDS);
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

fn board_kind(node: &Node<'_, '_>) -> Option<BoardKind> {
    let kind = node.text()?.parse().ok();
    if kind.is_none() {
        node.fault("square8, square19, hex8 or hexagonal");
    }
    kind
}

fn read_seat(i: usize, node: &Node<'_, '_>, setup: &mut Setup, envelope: &mut Envelope) {
    if node.object().is_none() {
        return;
    }
    let expected = i as u64 + 1;
    if let Some(number) = node.get("playerNumber")
        && number.number(0, COUNTER).is_some_and(|number| number != expected)
    {
        number.fault(format!("{expected}, as players are listed in the order of their seats"));
    }
    if let Some(hand) = node.require("ringsInHand", "a number of rings") {
        setup.hand[i] = hand.number(0, COUNTER).unwrap_or_default();
    }
    for (name, into) in [("eliminatedRings", &mut setup.eliminated[i]), ("territorySpaces", &mut setup.territory[i])] {
        if let Some(number) = node.get(name).and_then(|node| node.number(0, COUNTER)) {
            *into = number;
        }
    }
    let seat = &mut envelope.seats[i];
    for (name, into) in [("id", &mut seat.id), ("username", &mut seat.username), ("type", &mut seat.kind)] {
        if let Some(text) = node.get(name).and_then(|node| node.text()) {
            text.clone_into(into);
        }
    }
    if let Some(flag) = node.get("isReady").and_then(|node| node.flag()) {
        seat.is_ready = flag;
    }
    if let Some(number) = node.get("timeRemaining").and_then(|node| node.integer()) {
        seat.time_remaining = number;
    }
    seat.other = unknown_fields(node, &SEAT_FIELDS);
    seat.ai_difficulty = node.get("aiDifficulty").and_then(|node| node.integer());
}

fn time(root: &Node<'_, '_>, name: &'static str, into: &mut String) {
    let Some(node) = root.get(name) else { return };
    let Some(text) = node.text() else { return };
    if is_timestamp(text) {
        text.clone_into(into);
    } else {
        node.fault("a time such as 2026-01-31T12:00:00.123456");
    }
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
fn key_coord(geometry: &Geometry, key: &str, node: &Node<'_, '_>) -> Option<Coord> {
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

fn seat_key(key: &str, node: &Node<'_, '_>, players: PlayerCount) -> Option<PlayerId> {
    let seat = players.seats().find(|seat| seat.to_string() == key);
    if seat.is_none() {
        node.fault_got(format!("a player number from 1 to {} as key", players.get()), format!("{:?}", shorten(key)));
    }
    seat
}

fn unknown_fields(node: &Node<'_, '_>, known: &[&'static str]) -> Map<String, Value> {
    let is_known =
        |key: &str| known.iter().any(|known| *known == key || snake_case(known).is_some_and(|snake| snake == key));
    let fields = node.value.as_object().into_iter().flatten();
    fields.filter(|(key, _)| !is_known(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}
