//! Writes state JSON, field by field in upstream's order.

use ringrift_rules::{Cell, CellContent, PlayerId};
use serde_json::{Map, Value, json};

use super::{
    move_write::{Nulls, cell_json},
    state::{ChainRecord, GameStatus, StateDocument},
};

/// An object in the making.
struct Object {
    fields: Map<String, Value>,
    nulls: Nulls,
}

impl Object {
    fn new(nulls: Nulls) -> Self {
        Self { fields: Map::new(), nulls }
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.into(), value.into());
    }

    /// A value that may be missing.
    fn maybe(&mut self, name: &str, value: Option<impl Into<Value>>) {
        match (value, self.nulls) {
            (Some(value), _) => self.set(name, value),
            (None, Nulls::Write) => self.set(name, Value::Null),
            (None, Nulls::Omit) => {}
        }
    }

    fn done(self) -> Value {
        Value::Object(self.fields)
    }
}

fn seat(player: Option<PlayerId>) -> Option<u8> {
    player.map(PlayerId::number)
}

impl StateDocument {
    /// The document as compact text; loads in upstream's `GameState` and in [`StateDocument::from_json`].
    pub fn to_json(&self, nulls: Nulls) -> String {
        self.to_value(nulls).to_string()
    }

    /// The document as a JSON value, with the keys in upstream's order.
    pub fn to_value(&self, nulls: Nulls) -> Value {
        let (position, envelope) = (&self.position, &self.envelope);
        let setup = position.to_setup();
        let rules = position.rules();
        let mut out = Object::new(nulls);
        out.set("id", envelope.id.as_str());
        out.set("boardType", position.board().name());
        out.maybe("rngSeed", envelope.rng_seed);
        out.set("board", self.board(nulls));
        out.set("players", self.players(nulls));
        out.set("currentPhase", position.phase().name());
        out.set("currentPlayer", position.to_move().number());
        out.set("moveHistory", self.moves.clone());
        out.set(
            "timeControl",
            json!({
                "initialTime": envelope.time_control.initial_time,
                "increment": envelope.time_control.increment,
                "type": envelope.time_control.kind,
            }),
        );
        out.set("spectators", envelope.spectators.clone());
        out.set("gameStatus", self.status().name());
        out.maybe("winner", setup.winner);
        out.set("createdAt", envelope.created_at.as_str());
        out.set("lastMoveAt", envelope.last_move_at.as_str());
        out.set("isRated", envelope.is_rated);
        out.set("maxPlayers", envelope.max_players);
        out.set("totalRingsInPlay", envelope.total_rings_in_play);
        out.set("totalRingsEliminated", setup.total_eliminated);
        out.set("victoryThreshold", rules.victory_threshold);
        out.set("territoryVictoryThreshold", rules.territory_threshold);
        out.maybe("territoryVictoryMinimum", rules.territory_minimum);
        out.maybe("chainCaptureState", self.chain(nulls));
        let geometry = position.geometry();
        out.maybe("mustMoveFromStackKey", position.must_move().map(|cell| geometry.key(cell)));
        out.maybe("zobristHash", envelope.has_zobrist.then(|| position.persisted_zobrist()));
        let lps = position.lps();
        out.set("lpsRoundIndex", lps.round);
        let mask: Map<String, Value> = self
            .noting_order()
            .filter(|player| lps.noted >> player.index() & 1 != 0)
            .map(|player| (player.to_string(), Value::Bool(lps.able >> player.index() & 1 != 0)))
            .collect();
        out.set("lpsCurrentRoundActorMask", mask);
        out.maybe("lpsExclusivePlayerForCompletedRound", seat(lps.exclusive));
        out.maybe("lpsCurrentRoundFirstPlayer", seat(lps.first));
        out.set("lpsConsecutiveExclusiveRounds", lps.streak_rounds);
        out.set("lpsRoundsRequired", rules.lps_rounds);
        out.maybe("lpsConsecutiveExclusivePlayer", seat(lps.streak_player));
        out.maybe("rulesOptions", self.rules_options());
        out.set("pendingLineRewardElimination", position.pending_line_elimination());
        out.fields.extend(envelope.other.clone());
        out.done()
    }

    pub(crate) fn status(&self) -> GameStatus {
        match (self.position.outcome().is_some(), self.envelope.status) {
            (_, GameStatus::Abandoned) => GameStatus::Abandoned,
            (true, _) => GameStatus::Completed,
            (false, GameStatus::Completed) => GameStatus::Active,
            (false, status) => status,
        }
    }

    fn rules_options(&self) -> Option<Map<String, Value>> {
        let swap = self.position.rules().swap_rule;
        let mut options = self.envelope.rules_options.clone();
        if options.is_some() || swap || self.position.players().get() == 2 {
            options.get_or_insert_default().insert("swapRuleEnabled".into(), swap.into());
        }
        options
    }

    fn players(&self, nulls: Nulls) -> Value {
        let position = &self.position;
        let seats = position.players().seats().zip(&self.envelope.seats);
        seats
            .map(|(player, seat)| {
                let mut out = Object::new(nulls);
                out.set("id", seat.id.as_str());
                out.set("username", seat.username.as_str());
                out.set("type", seat.kind.as_str());
                out.set("playerNumber", player.number());
                out.set("isReady", seat.is_ready);
                out.set("timeRemaining", seat.time_remaining);
                out.maybe("aiDifficulty", seat.ai_difficulty);
                out.set("ringsInHand", position.hand(player));
                out.set("eliminatedRings", position.eliminated(player));
                out.set("territorySpaces", position.territory(player));
                out.fields.extend(seat.other.clone());
                out.done()
            })
            .collect()
    }

    fn board(&self, nulls: Nulls) -> Value {
        let position = &self.position;
        let geometry = position.geometry();
        let mut stacks = Map::new();
        for cell in position.stacks_in_order() {
            let CellContent::Stack(stack) = position.content(cell) else { continue };
            let rings: Vec<u8> = position.rings(cell).into_iter().map(PlayerId::number).collect();
            let value = json!({
                "position": cell_json(geometry, cell, nulls),
                "rings": rings,
                "stackHeight": stack.height(),
                "capHeight": stack.cap_height(),
                "controllingPlayer": stack.owner().number(),
            });
            stacks.insert(geometry.key(cell), value);
        }
        let mut markers = Map::new();
        for cell in self.markers_in_order() {
            let CellContent::Marker(owner) = position.content(cell) else { continue };
            let value = json!({
                "player": owner.number(),
                "position": cell_json(geometry, cell, nulls),
                "type": "regular",
            });
            markers.insert(geometry.key(cell), value);
        }
        let setup = position.to_setup();
        let collapsed: Map<String, Value> = setup
            .collapsed
            .iter()
            .filter_map(|&(at, owner)| Some((geometry.key(geometry.cell(at)?), owner.into())))
            .collect();
        let eliminated: Map<String, Value> = (1..)
            .zip(&setup.board_eliminated)
            .filter(|&(_, &count)| count > 0)
            .map(|(player, &count): (usize, _)| (player.to_string(), count.into()))
            .collect();
        let mut out = Object::new(nulls);
        out.set("type", position.board().name());
        out.set("size", position.board().spec().size);
        out.set("stacks", stacks);
        out.set("markers", markers);
        out.set("collapsedSpaces", collapsed);
        out.set("eliminatedRings", eliminated);
        out.set("formedLines", self.envelope.formed_lines.clone());
        out.set("territories", self.envelope.territories.clone());
        out.fields.extend(self.envelope.board_other.clone());
        out.done()
    }

    /// The present chain: as the file or the moves made here have it, else what the position remembers. It does not
    /// remember the captured stacks, which no rule looks at.
    fn chain(&self, nulls: Nulls) -> Option<Value> {
        let chain = self.position.chain()?;
        let geometry = self.position.geometry();
        let cell = |cell: Cell| cell_json(geometry, cell, nulls);
        let known = self.envelope.chain.clone().unwrap_or_else(|| ChainRecord {
            start: chain.start,
            visited: self.position.chain_visited(),
            segments: Vec::new(),
        });
        let segments: Vec<Value> = known
            .segments
            .iter()
            .map(|segment| {
                json!({
                    "from": cell(segment.from),
                    "target": cell(segment.target),
                    "landing": cell(segment.landing),
                    "capturedCapHeight": segment.captured_cap_height,
                })
            })
            .collect();
        let visited: Vec<String> = known.visited.iter().map(|&cell| geometry.key(cell)).collect();
        Some(json!({
            "playerNumber": chain.player.number(),
            "startPosition": cell(known.start),
            "currentPosition": cell(chain.current),
            "segments": segments,
            "availableMoves": [],
            "visitedPositions": visited,
        }))
    }
}
