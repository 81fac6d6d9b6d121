//! State and move JSON: spellings, orders of rings, and every fault of bad input.

use ringrift_replay::{
    Envelope, JsonFault, JsonSyntaxError, MoveJsonError, MoveJsonOptions, MoveNumbering, Nulls, ReadOptions, RingOrder,
    StateDocument, StateJsonError, move_from_json, move_from_json_text, move_to_json,
};
use ringrift_rules::{
    AnyPosition, BoardKind, EliminationContext, Move, MoveKind, MoveList, PlayerCount, RuleOptions, Strictness,
    Violation,
};
use serde_json::{Value, json};

fn start(board: BoardKind, players: PlayerCount) -> AnyPosition {
    AnyPosition::initial(board, players, RuleOptions::standard(board, players))
}

/// A document after some moves; every choice follows from `seed`.
fn played(board: BoardKind, players: PlayerCount, moves: u64, seed: u64) -> StateDocument {
    let mut document = StateDocument::new(start(board, players));
    let mut list = MoveList::new();
    for ply in 0..moves {
        document.position.legal_moves(&mut list);
        if list.is_empty() {
            break;
        }
        let choice = list[pick(seed, ply, list.len())];
        document.play(choice, &MoveJsonOptions::default()).expect("a legal move");
    }
    document
}

/// `SplitMix64` (Steele, Lea, Flood 2014) as a function of seed and number.
fn pick(seed: u64, number: u64, count: usize) -> usize {
    let mut z = (seed << 32 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % count as u64) as usize
}

fn read(state: &Value) -> Result<StateDocument, StateJsonError> {
    StateDocument::from_json(&state.to_string(), RingOrder::BottomToTop)
}

/// Faults and violations of a state that must be refused.
fn refused(state: &Value) -> (Vec<JsonFault>, Vec<Violation>) {
    match read(state) {
        Err(StateJsonError::Invalid { faults, violations, .. }) => (faults, violations),
        other => panic!("not refused as a whole: {:?}", other.map(|document| document.position.to_string())),
    }
}

fn paths(faults: &[JsonFault]) -> Vec<&str> {
    faults.iter().map(|fault| fault.path.as_str()).collect()
}

#[test]
fn documents_round_trip_through_whole_games() {
    for board in BoardKind::ALL {
        for players in PlayerCount::ALL {
            let most = if board.spec().cells > 100 { 60 } else { 400 };
            for moves in [0, 1, 2, 3, 7, 20, 33, 60, 111, 150, 203, 400].into_iter().filter(|&moves| moves <= most) {
                let document = played(board, players, moves, moves + 1);
                for nulls in [Nulls::Omit, Nulls::Write] {
                    let text = document.to_json(nulls);
                    let again = StateDocument::from_json(&text, RingOrder::BottomToTop).expect("a written state");
                    assert!(again == document, "{board} {} {moves}: {text}", players.get());
                    assert_eq!(again.position.ranks(), document.position.ranks());
                    assert_eq!(again.position.persisted_zobrist(), document.position.persisted_zobrist());
                }
            }
        }
    }
}

#[test]
fn every_legal_move_of_random_games_reads_back_from_its_json() {
    let mut list = MoveList::new();
    let mut kinds = std::collections::BTreeSet::new();
    for board in BoardKind::ALL {
        for players in PlayerCount::ALL {
            for game in 0..if board.spec().cells > 100 { 1 } else { 6 } {
                let mut position = start(board, players);
                for ply in 0..if board.spec().cells > 100 { 300 } else { 2000 } {
                    position.legal_moves(&mut list);
                    if list.is_empty() {
                        break;
                    }
                    for i in 0..12.min(list.len()) as u64 {
                        let mv = list[pick(game, ply * 16 + i, list.len())];
                        kinds.insert(mv.kind());
                        for nulls in [Nulls::Omit, Nulls::Write] {
                            let options = MoveJsonOptions { nulls, ..MoveJsonOptions::default() };
                            let json = move_to_json(&position, mv, ply + 1, &options);
                            assert_eq!(move_from_json(&position, &json), Ok(mv), "{position}\n{json}");
                        }
                    }
                    position.make_move(list[pick(game, ply * 16 + 15, list.len())]);
                }
            }
        }
    }
    assert!(kinds.len() >= 17, "{kinds:?}");
}

#[test]
fn written_moves_have_all_fields_in_order_or_only_those_with_values() {
    let position = start(BoardKind::Hex8, PlayerCount::Two);
    let mv = position.parse_move("P0,0,0x2").expect("a legal move");
    let options =
        MoveJsonOptions { timestamp: Some("2026-01-31T12:00:00".into()), think_time: 7, ..MoveJsonOptions::default() };
    assert_eq!(
        move_to_json(&position, mv, 1, &options).to_string(),
        r#"{"id":"simulated","type":"place_ring","player":1,"to":{"x":0,"y":0,"z":0},"placedOnStack":false,"placementCount":2,"timestamp":"2026-01-31T12:00:00","thinkTime":7,"moveNumber":1,"phase":"ring_placement"}"#
    );
    let full = move_to_json(&position, mv, 1, &MoveJsonOptions { nulls: Nulls::Write, ..options });
    let fields = full.as_object().expect("an object");
    assert_eq!(fields.len(), 30);
    assert_eq!(fields.keys().next_back().map(String::as_str), Some("phase"));
    assert!(fields["captureTarget"].is_null());
}

#[test]
fn bookkeeping_points_at_the_origin_without_z_on_every_board() {
    for board in BoardKind::ALL {
        let mut document = played(board, PlayerCount::Two, 2, 5);
        let mut list = MoveList::new();
        while document.position.phase().name() != "territory_processing" {
            document.position.legal_moves(&mut list);
            let choice = *list.iter().find(|mv| mv.kind() == MoveKind::SkipCapture).unwrap_or(&list[0]);
            document.play(choice, &MoveJsonOptions::default()).expect("legal");
        }
        let json = move_to_json(&document.position, Move::NoTerritoryAction, 9, &MoveJsonOptions::default());
        assert_eq!(json["to"], json!({"x": 0, "y": 0}));
        assert_eq!(json["id"], "no-territory-action-9");
    }
}

#[test]
fn line_eliminations_are_numbered_as_stored_or_as_generated() {
    // Player 1 owes a ring for a line.
    let text = "square8:2 1:line_processing 10/0/4,10/0/0 7,7:1 - 0,0:1;1,0:1;2,0:1;3,0:1 due=1";
    let position: AnyPosition = text.parse().expect("a position");
    let mv = position.parse_move("El7,7").expect("legal");
    assert!(matches!(mv, Move::EliminateRingsFromStack { context: EliminationContext::Line, .. }));
    let number = |numbering| {
        let options = MoveJsonOptions { numbering, ..MoveJsonOptions::default() };
        move_to_json(&position, mv, 5, &options)["moveNumber"].clone()
    };
    assert_eq!((number(MoveNumbering::Stored), number(MoveNumbering::Generated)), (json!(5), json!(4)));
}

#[test]
fn snake_case_reads_like_camel_case() {
    fn snake(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let entries = map.iter().map(|(key, value)| {
                    let mut name = String::new();
                    for c in key.chars() {
                        if c.is_ascii_uppercase() {
                            name.push('_');
                        }
                        name.push(c.to_ascii_lowercase());
                    }
                    let name = if name == "from" { "from_pos".into() } else { name };
                    let name = if key == "swapRuleEnabled" { key.clone() } else { name };
                    (name, snake(value))
                });
                Value::Object(entries.collect())
            }
            Value::Array(list) => list.iter().map(snake).collect(),
            other => other.clone(),
        }
    }
    let document = played(BoardKind::Square8, PlayerCount::Three, 90, 4);
    let mut again = read(&snake(&document.to_value(Nulls::Write))).expect("snake case");
    // The moves are kept as they were spelt.
    again.moves.clone_from(&document.moves);
    assert!(again == document);
}

#[test]
fn rings_listed_from_the_top_are_turned_and_the_wrong_order_is_noticed() {
    let mut state = start_value();
    state["board"]["stacks"] =
        json!({"3,3": {"rings": [2, 1, 1], "stackHeight": 3, "capHeight": 1, "controllingPlayer": 2}});
    let text = state.to_string();
    let document = StateDocument::from_json(&text, RingOrder::TopToBottom).expect("top to bottom");
    assert!(document.position.to_string().contains("3,3:112"), "{}", document.position);
    let (faults, _) = refused(&state);
    assert_eq!(paths(&faults), [r#"$.board.stacks["3,3"].capHeight"#, r#"$.board.stacks["3,3"].controllingPlayer"#]);
    assert!(faults[0].expected.contains("other order"), "{}", faults[0]);
}

fn start_value() -> Value {
    StateDocument::new(start(BoardKind::Square8, PlayerCount::Two)).to_value(Nulls::Write)
}

#[test]
fn states_of_the_typescript_side_are_read() {
    let state = json!({
        "gameId": "g", "currentPlayer": 2, "currentPhase": "movement", "gameStatus": "active", "turnNumber": 5,
        "moveHistory": [], "victoryThreshold": 18, "territoryVictoryThreshold": 33,
        "board": {"type": "hexagonal", "size": 13, "stacks": {"0,0,0": {"position": {"x": 0, "y": 0, "z": 0}, "rings": [2, 1]}},
                  "markers": {"1,0,-1": {"position": {"x": 1, "y": 0, "z": -1}, "player": 1}},
                  "collapsedSpaces": {"2,0,-2": 1}, "eliminatedRings": {"1": 0, "2": 0}},
        "players": [{"playerNumber": 1, "ringsInHand": 10, "eliminatedRings": 0, "territorySpaces": 1, "isActive": true},
                    {"playerNumber": 2, "ringsInHand": 10, "eliminatedRings": 0, "territorySpaces": 0, "isActive": true}],
    });
    let document = StateDocument::from_value(state, RingOrder::TopToBottom).expect("a state");
    assert_eq!(document.envelope.id, "g");
    assert_eq!(document.envelope.seats[0].other["isActive"], true);
    assert_eq!(
        document.position.to_string(),
        "hexagonal:2 2:movement 10/0/1,10/0/0 0,0,0:12 1,0,-1:1 2,0,-2:1 rules=96/18/33/-/3/0"
    );
}

#[test]
fn marker_order_and_envelope_are_kept() {
    let mut state = start_value();
    state["board"]["markers"] = json!({
        "5,5": {"player": 2, "position": {"x": 5, "y": 5}, "type": "regular"},
        "0,1": {"player": 1, "position": {"x": 0, "y": 1}, "type": "regular"},
        "3,2": {"player": 2, "position": {"x": 3, "y": 2}, "type": "regular"},
    });
    state["rngSeed"] = 42.into();
    state["players"][1]["username"] = "Zoë".into();
    state["spectators"] = json!(["someone"]);
    state["rulesOptions"] = json!({"swapRuleEnabled": true, "other": 1});
    state["fromElsewhere"] = json!({"a": [1]});
    let document = read(&state).expect("a state");
    let geometry = document.position.geometry();
    let order: Vec<String> = document.marker_order.iter().map(|&cell| geometry.key(cell)).collect();
    assert_eq!(order, ["5,5", "0,1", "3,2"]);
    assert!(document.position.rules().swap_rule);
    let written = document.to_value(Nulls::Write);
    assert_eq!(written["board"]["markers"].as_object().expect("markers").keys().next().expect("one"), "5,5");
    for field in ["rngSeed", "players", "spectators", "rulesOptions", "fromElsewhere"] {
        assert_eq!(written[field], state[field], "{field}");
    }
}

#[test]
fn swapping_sides_exchanges_the_seats() {
    let rules = RuleOptions { swap_rule: true, ..RuleOptions::standard(BoardKind::Square8, PlayerCount::Two) };
    let mut document = StateDocument::new(AnyPosition::initial(BoardKind::Square8, PlayerCount::Two, rules));
    for text in ["P3,3x1", "M3,3>3,4", "nL", "nT", "SW"] {
        let mv = document.position.parse_move(text).expect(text);
        document.play(mv, &MoveJsonOptions::default()).expect(text);
    }
    assert_eq!((document.envelope.seats[0].id.as_str(), document.envelope.seats[1].id.as_str()), ("p2", "p1"));
    assert_eq!(Envelope::new(&document.position).seats[0].id, "p2");
    assert!(read(&document.to_value(Nulls::Omit)).expect("a state") == document);
}

#[test]
fn every_fault_of_a_state_is_listed() {
    let mut state = start_value();
    state["currentPhase"] = "opening".into();
    state["currentPlayer"] = (-1).into();
    state["rngSeed"] = "seven".into();
    state["createdAt"] = "2026-02-30T00:00:00".into();
    state["isRated"] = 1.into();
    state["timeControl"]["increment"] = 1.5.into();
    state["lpsRoundsRequired"] = 70000.into();
    state["lpsCurrentRoundActorMask"] = json!({"7": true, "1": "yes"});
    state["mustMoveFromStackKey"] = "a,b".into();
    state["players"][0]["ringsInHand"] = Value::Null;
    state["players"][1]["playerNumber"] = 4.into();
    state["board"]["size"] = 9.into();
    state["board"]["stacks"] = json!({
        "1,1": {"position": {"x": 1, "y": 2}, "rings": [1]},
        "2,2": {"rings": [1, "2"]},
        "here": {"rings": [1]},
        "3,3": [],
    });
    state["board"]["collapsedSpaces"] = json!({"9,9": 1, "0,0": 3});
    state["moveHistory"] = json!([{"type": "jump", "player": 1}, {"player": 9, "type": "move_stack"}, 5]);
    let (faults, violations) = refused(&state);
    assert_eq!(
        paths(&faults),
        [
            "$.lpsRoundsRequired",
            "$.players[0].ringsInHand",
            "$.players[1].playerNumber",
            "$.board.size",
            r#"$.board.stacks["1,1"].position"#,
            r#"$.board.stacks["2,2"].rings[1]"#,
            "$.board.stacks.here",
            r#"$.board.stacks["3,3"]"#,
            "$.currentPlayer",
            "$.currentPhase",
            "$.mustMoveFromStackKey",
            r#"$.lpsCurrentRoundActorMask["7"]"#,
            r#"$.lpsCurrentRoundActorMask["1"]"#,
            "$.moveHistory[0].type",
            "$.moveHistory[1].player",
            "$.moveHistory[2]",
            "$.createdAt",
            "$.rngSeed",
            "$.timeControl.increment",
            "$.isRated",
        ]
    );
    // Rules are checked on what could be read.
    assert!(violations.iter().any(|v| matches!(v, Violation::OffBoard { .. })), "{violations:?}");
    assert!(violations.iter().any(|v| matches!(v, Violation::NoSuchPlayer { number: 3, .. })), "{violations:?}");
    let message = read(&state).expect_err("faults").to_string();
    assert!(message.contains("22 fault(s)") && message.contains("hint: "), "{message}");
    assert!(message.contains(r#"$.currentPhase: expected a phase such as ring_placement or movement, got "opening""#));
}

#[test]
fn every_broken_rule_of_a_state_is_listed() {
    let mut state = start_value();
    state["board"]["stacks"] = json!({"1,1": {"rings": [1]}, "2,2": {"rings": [1, 3]}, "8,0": {"rings": [2]}});
    state["board"]["markers"] = json!({"1,1": {"player": 1}});
    state["players"][0]["territorySpaces"] = 20000.into();
    state["victoryThreshold"] = 0.into();
    state["lpsCurrentRoundFirstPlayer"] = 4.into();
    let (faults, violations) = refused(&state);
    assert_eq!(faults, []);
    let text: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "territory of player 1 is 20000; 9999 is the most that is possible",
            "the ring-elimination threshold is 0; the game would be over before it began",
            "ring in the stack at 2,2: there is no player 3 in a game of 2",
            "stack at 8,0 is not on square8",
            "cell 1,1 holds a stack and a marker",
            "first player of the LPS round: there is no player 4 in a game of 2",
        ]
    );
}

#[test]
fn broken_texts_fail_as_texts() {
    let read = |text: &str| StateDocument::from_json(text, RingOrder::BottomToTop);
    let is_syntax = |text: &str| matches!(read(text), Err(StateJsonError::Syntax(JsonSyntaxError::Syntax { .. })));
    for text in ["", "{", "nul", "NaN", r#"{"winner": NaN}"#, r#"{"winner": 1e999}"#, "{} {}", "\u{feff}{}", r#"{"a"}"#]
    {
        assert!(is_syntax(text), "{text}");
    }
    assert!(is_syntax(&"[".repeat(100_000)), "nesting");
    assert!(is_syntax(&r#"{"a":"#.repeat(100_000)), "nesting");
    let long = format!("{}{{}}", " ".repeat(65 << 20));
    assert!(matches!(read(&long), Err(StateJsonError::Syntax(JsonSyntaxError::TooLong { .. }))));
    for text in ["null", "[]", "7", r#""state""#, "{}"] {
        assert!(matches!(read(text), Err(StateJsonError::Invalid { .. })), "{text}");
    }
}

#[test]
fn keys_that_stand_twice_are_faults() {
    let text = start_value().to_string().replacen(r#""currentPlayer":1"#, r#""currentPlayer":1,"currentPlayer":2"#, 1);
    let text = text.replacen(r#""stacks":{}"#, r#""stacks":{"1,1":{"rings":[1]},"1,1":{"rings":[2]}}"#, 1);
    match StateDocument::from_json(&text, RingOrder::BottomToTop) {
        Err(StateJsonError::Invalid { faults, .. }) => {
            assert_eq!(paths(&faults), [r#"$.board.stacks["1,1"]"#, "$.currentPlayer"]);
        }
        _ => panic!("not refused"),
    }
}

#[test]
fn huge_values_are_shortened_in_messages() {
    let mut state = start_value();
    state["currentPhase"] = "x".repeat(5 << 20).into();
    state["board"]["stacks"] = json!({"1,1": {"rings": vec![1; 100_000]}});
    let markers: serde_json::Map<String, Value> =
        (0..5000).map(|i| (format!("{i},-1"), json!({"player": i, "position": "here"}))).collect();
    state["board"]["markers"] = Value::Object(markers);
    let message = read(&state).expect_err("faults").to_string();
    assert!(message.len() < 10_000, "{} bytes", message.len());
    assert!(message.contains("more"), "{message}");
}

#[test]
fn states_beyond_the_rules_can_be_read_on_request() {
    let mut state = start_value();
    state["board"]["stacks"] = json!({"1,1": {"rings": vec![1; 40]}});
    assert!(matches!(refused(&state).1[..], [Violation::TooManyRings { rings: 40, .. }]));
    let options = ReadOptions { strictness: Strictness::Storable, ..ReadOptions::default() };
    let document = StateDocument::from_value(state.clone(), options).expect("a storable state");
    document.position.check_validity().expect("a valid position");
    state["board"]["stacks"] = json!({"1,1": {"rings": vec![1; 73]}});
    let error = StateDocument::from_value(state, options).expect_err("more than a position holds");
    assert!(error.to_string().contains("room for 72"), "{error}");
}

#[test]
fn old_move_types_are_mapped_or_refused() {
    let document = played(BoardKind::Square8, PlayerCount::Two, 0, 1);
    let ask = |kind: &str| move_from_json(&document.position, &json!({"type": kind, "player": 1}));
    for kind in ["resign", "timeout", "move_ring", "build_stack", "castle"] {
        match ask(kind) {
            Err(error @ MoveJsonError::Unsupported { .. }) => assert!(error.to_string().contains("hint: "), "{error}"),
            other => panic!("{kind}: {other:?}"),
        }
    }
    let line = "square8:2 1:line_processing 10/0/0,10/0/0 7,7:1 0,0:1;1,0:1;2,0:1;3,0:1;4,0:1 -";
    let position: AnyPosition = line.parse().expect("a position");
    let cells: Vec<Value> = (0..5).map(|x| json!({"x": x, "y": 0})).collect();
    let base = json!({"player": 1, "formedLines": [{"positions": cells}], "collapsedMarkers": &cells[1..5]});
    for (old, new) in [("choose_line_reward", "O0,0>4,0=1,0>4,0"), ("line_formation", "L0,0>4,0")] {
        let mut json = base.clone();
        json["type"] = old.into();
        let mv = move_from_json(&position, &json).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(position.format_move(mv), new);
    }
}

#[test]
fn regions_are_found_by_their_cells_or_by_an_unambiguous_place() {
    // A wall of player 1's markers cuts off the corner 0,0.
    let text = "square8:2 1:territory_processing 10/0/0,10/0/0 0,0:2;7,7:1;6,6:2 1,0:1;0,1:1;1,1:1 -";
    let position: AnyPosition = text.parse().expect("a position");
    let mut list = MoveList::new();
    position.legal_moves(&mut list);
    let regions = list.iter().filter(|mv| mv.kind() == MoveKind::ChooseTerritoryOption).count();
    assert_eq!(regions, 1, "{list:?}");
    for json in [
        json!({"type": "choose_territory_option", "player": 1, "to": {"x": 0, "y": 0}}),
        json!({"type": "process_territory_region", "player": 1, "disconnectedRegions": [{"spaces": [{"x": 0, "y": 0}]}]}),
    ] {
        let mv = move_from_json(&position, &json).unwrap_or_else(|error| panic!("{error}"));
        assert!(position.format_move(mv).starts_with("T0,0#1#"));
    }
    let wrong = json!({"type": "choose_territory_option", "player": 1, "disconnectedRegions": [{"spaces": [{"x": 5, "y": 5}]}]});
    assert!(matches!(move_from_json(&position, &wrong), Err(MoveJsonError::Illegal { .. })));
}

#[test]
fn every_fault_of_a_move_is_listed() {
    let position = start(BoardKind::Hex8, PlayerCount::Two);
    let json = json!({"type": "place_ring", "player": "one", "phase": 3, "to": {"x": 9, "y": 0}, "placementCount": 4});
    match move_from_json(&position, &json) {
        Err(MoveJsonError::Malformed { faults }) => {
            assert_eq!(paths(&faults), ["$.player", "$.phase", "$.to", "$.placementCount"]);
        }
        other => panic!("{other:?}"),
    }
    for (json, path) in [
        (json!({}), "$.type"),
        (json!([]), "$"),
        (json!({"type": "place_ring", "player": 1}), "$.to"),
        (json!({"type": "place_ring", "player": 1, "to": {"x": 1, "y": 1, "z": 5}}), "$.to.z"),
        (json!({"type": "place_ring", "player": 1, "to": {"x": 1.5, "y": 1}}), "$.to.x"),
        (json!({"type": "overtaking_capture", "player": 1, "from": null, "to": {"x": 0, "y": 0, "z": 0}}), "$.from"),
    ] {
        match move_from_json(&position, &json) {
            Err(MoveJsonError::Malformed { faults }) => assert!(paths(&faults).contains(&path), "{json}: {faults:?}"),
            other => panic!("{json}: {other:?}"),
        }
    }
    assert!(matches!(move_from_json_text(&position, "{"), Err(MoveJsonError::Syntax(_))));
}

#[test]
fn moves_at_the_wrong_time_or_against_the_rules_are_refused() {
    let position = start(BoardKind::Square8, PlayerCount::Two);
    let to = json!({"x": 0, "y": 0});
    let late = json!({"type": "place_ring", "player": 2, "to": to});
    assert!(matches!(move_from_json(&position, &late), Err(MoveJsonError::NotNow { player: 2, .. })));
    let phase = json!({"type": "place_ring", "player": 1, "to": to, "phase": "movement"});
    assert!(matches!(move_from_json(&position, &phase), Err(MoveJsonError::NotNow { .. })));
    let illegal = json!({"type": "move_stack", "player": 1, "from": to, "to": {"x": 0, "y": 1}});
    let error = move_from_json(&position, &illegal).expect_err("no stack to move");
    assert_eq!(
        error.to_string(),
        "no move_stack with from 0,0, to 0,1 is legal for player 1 in ring_placement\nhint: 192 moves are legal here, P0,0x1 among them"
    );
}
