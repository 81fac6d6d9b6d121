//! Reads state JSON of unknown origin: every fault is collected, and the rules are checked by `Setup`.

use ringrift_rules::{
    AnyPosition, BoardKind, Cell, Geometry, LpsState, Phase, PlayerCount, PlayerId, RuleOptions, Setup, Violation,
};
use serde_json::{Map, Value};

use super::{
    board_read::{key_coord, seat_key},
    history::{History, adopt_replayed, read_history, recover_end},
    state::{Envelope, GameStatus, ReadOptions, RingOrder, StateDocument, StateJsonError, TimeControl},
    tree::{Faults, Node, integer_of, is_timestamp, parse, snake_case},
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

/// Largest counter that is read at all; `Setup` has narrower bounds.
pub(crate) const COUNTER: u64 = i64::MAX as u64;

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

pub(crate) struct Reader<'p, 'v> {
    pub(crate) root: &'p Node<'p, 'v>,
    pub(crate) order: RingOrder,
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

pub(crate) fn unknown_fields(node: &Node<'_, '_>, known: &[&'static str]) -> Map<String, Value> {
    let is_known =
        |key: &str| known.iter().any(|known| *known == key || snake_case(known).is_some_and(|snake| snake == key));
    let fields = node.value.as_object().into_iter().flatten();
    fields.filter(|(key, _)| !is_known(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}
