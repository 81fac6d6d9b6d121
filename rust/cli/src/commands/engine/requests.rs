//! Analysis by requests: a JSON object per line in, one per line out, several side by side.

use std::collections::HashMap;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::str::FromStr as _;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ringrift_replay::{RingOrder, StateDocument};
use ringrift_rules::AnyPosition;
use ringrift_search::{Limits, Stop};
use ringrift_selfplay::{AnalysisError, Analyst, EngineSpec, GameRng};
use serde_json::{Map, Value, json};

use super::lines::{Input, TOO_LONG, listen, next_event, say, spawn_search};
use super::session::{LINES_MAX, mistake, start_of};
use super::{Args, words};
use crate::commands::analyze::parse_spec;
use crate::commands::position::{parse_board, parse_players};
use crate::commands::report;
use crate::suggest::nearest;
use crate::{Context, ExitCode, Failure, OrFail as _, exit};

const FIELDS: [&str; 12] =
    ["id", "action", "position", "board", "players", "moves", "engine", "nodes", "time_ms", "depth", "lines", "seed"];

enum Event {
    Input(Input),
    Answer { id: Value, fields: Value },
}

/// A search that was asked for.
struct Request {
    id: Value,
    position: AnyPosition,
    spec: EngineSpec,
    limits: Option<Limits>,
    lines: usize,
    seed: u64,
    stop: Stop,
}

pub(super) fn serve(
    args: &Args,
    source: impl io::BufRead + Send + 'static,
    context: &mut Context<'_>,
) -> Result<ExitCode, Failure> {
    let (sender, events) = listen(source, context, Event::Input)?;
    let (requests, queue) = mpsc::channel();
    let queue = Arc::new(Mutex::new(queue));
    let jobs = match args.jobs {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        jobs => jobs,
    };
    let mut workers = Vec::new();
    for _ in 0..jobs {
        let (queue, sender) = (Arc::clone(&queue), sender.clone());
        workers.push(spawn_search(move || work(&queue, &sender))?);
    }
    drop(sender);
    let mut active = HashMap::new();
    let ended = answer_all(args, &events, &requests, &mut active, context);
    // The end of the queue.
    drop(requests);
    active.values().for_each(Stop::stop);
    for worker in workers {
        // Requests catch their panics.
        let _ = worker.join();
    }
    ended
}

/// Answers until nothing comes any more and all is answered.
fn answer_all(
    args: &Args,
    events: &Receiver<Event>,
    requests: &Sender<Request>,
    active: &mut HashMap<String, Stop>,
    context: &mut Context<'_>,
) -> Result<ExitCode, Failure> {
    let mut is_ending = false;
    while !(is_ending && active.is_empty()) {
        let Some(event) = next_event(events, context)? else { break };
        let answer = match event {
            Event::Input(Input::Line(line)) if line.is_empty() => None,
            Event::Input(Input::Line(line)) => accept(&line, args, requests, active).err(),
            Event::Input(Input::TooLong) => Some(error_fields(&Value::Null, &mistake(TOO_LONG.0, TOO_LONG.1))),
            Event::Input(Input::End) => {
                is_ending = true;
                None
            }
            Event::Input(Input::Failed(error)) => return Err(error.into()),
            Event::Answer { id, fields } => {
                active.remove(&id.to_string());
                Some(fields)
            }
        };
        if let Some(fields) = answer {
            say(&format!("{fields}\n"), context)?;
        }
    }
    Ok(exit::OK)
}

/// Takes in one line; the answer to a bad one is the error.
fn accept(
    line: &str,
    args: &Args,
    requests: &Sender<Request>,
    active: &mut HashMap<String, Stop>,
) -> Result<(), Value> {
    let form = r#"a request is an object such as {"id":"1","position":"square8:2 ...","nodes":1000}"#;
    let fields = match serde_json::from_str(line) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err(error_fields(&Value::Null, &mistake("a line that is no JSON object", form))),
        Err(error) => {
            return Err(error_fields(&Value::Null, &mistake(format!("a line that is no JSON: {error}"), form)));
        }
    };
    let id = match fields.get("id") {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => {
            let failure = mistake("a request without an id", "give each request a text or a number as id");
            return Err(error_fields(&Value::Null, &failure));
        }
    };
    take(&id, &fields, args, requests, active).map_err(|failure| error_fields(&id, &failure))
}

fn take(
    id: &Value,
    fields: &Map<String, Value>,
    args: &Args,
    requests: &Sender<Request>,
    active: &mut HashMap<String, Stop>,
) -> Result<(), Failure> {
    if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        let hint = nearest(unknown, FIELDS)
            .map_or_else(|| format!("the fields are {}", FIELDS.join(", ")), |field| format!("did you mean {field}?"));
        return Err(mistake(format!("there is no field {unknown:?}"), hint));
    }
    let name = id.to_string();
    match fields.get("action").map(Value::as_str) {
        None | Some(Some("analyze")) => {}
        Some(Some("terminate")) => {
            let missing = || mistake(format!("no request {id} is in progress"), "it may have been answered already");
            active.get(&name).ok_or_else(missing)?.stop();
            return Ok(());
        }
        Some(_) => {
            return Err(mistake(format!("action {}", fields["action"]), "the actions are analyze and terminate"));
        }
    }
    if active.contains_key(&name) {
        return Err(mistake(format!("a request {id} is in progress"), "give each request an id of its own"));
    }
    let request = read(id, fields, args)?;
    active.insert(name, request.stop.clone());
    let gone = |_| Failure::message(exit::UNEXPECTED, "no thread is left that searches");
    requests.send(request).map_err(gone)
}

fn read(id: &Value, fields: &Map<String, Value>, args: &Args) -> Result<Request, Failure> {
    let number = |name: &str, expected: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| mistake(format!("{name}: {value}"), expected)),
    };
    let text = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(value) => Err(mistake(format!("{name}: {value}"), format!("give a text as {name}"))),
    };
    let mut position = match fields.get("position") {
        Some(_) if fields.contains_key("board") || fields.contains_key("players") => {
            return Err(mistake("a position beside board and players", "leave out board and players"));
        }
        Some(Value::String(text)) => AnyPosition::from_str(text).or_fail(exit::BAD_INPUT)?,
        Some(state @ Value::Object(_)) => {
            StateDocument::from_json(&state.to_string(), RingOrder::BottomToTop).or_fail(exit::BAD_INPUT)?.position
        }
        Some(_) => return Err(mistake("a position of another kind", "give a notation, or a game state as an object")),
        None => {
            let board = text("board")?.unwrap_or("square8");
            let players = number("players", "give a number from 2 to 4")?.unwrap_or(2).to_string();
            let board = parse_board(board).map_err(|hint| mistake(format!("board {board:?}"), hint))?;
            let players = parse_players(&players).map_err(|hint| mistake(format!("players: {players}"), hint))?;
            start_of(board, players)
        }
    };
    let shape = || mistake("moves of another kind", "give a list of moves in notation, or a text with spaces between");
    let moves: Vec<&str> = match fields.get("moves") {
        None => Vec::new(),
        Some(Value::String(text)) => text.split_ascii_whitespace().collect(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().ok_or_else(shape)).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(shape()),
    };
    for text in moves {
        let hint = "rrpipe show --legal lists the legal moves of a position";
        let mv = position.parse_move(text).or_fail(exit::BAD_INPUT).map_err(|failure| failure.hint(hint))?;
        position.make_move(mv);
    }
    if let Some(outcome) = position.outcome() {
        return Err(Failure::new(exit::BAD_INPUT, AnalysisError::Over(outcome)));
    }
    let nodes = number("nodes", "give a number of nodes above 0")?;
    let time = number("time_ms", "give milliseconds above 0")?.map(Duration::from_millis);
    let depth = number("depth", "give a number of plies above 0")?.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let limits = match (nodes, time, depth) {
        (None, None, None) => None,
        _ => Some(Limits::new(nodes, time, depth).or_fail(exit::BAD_INPUT)?),
    };
    let most = format!("give a number from 1 to {LINES_MAX}");
    let lines = number("lines", &most)?.map_or(Ok(5), |lines| {
        let lines = usize::try_from(lines).ok().filter(|lines| (1..=LINES_MAX).contains(lines));
        lines.ok_or_else(|| mistake(format!("lines: {}", fields["lines"]), &most))
    })?;
    let seed = number("seed", "give a whole number from 0")?.unwrap_or(args.seed);
    let spec = parse_spec(text("engine")?.unwrap_or(&args.engine), &position)?;
    Ok(Request { id: id.clone(), position, spec, limits, lines, seed, stop: Stop::new() })
}

/// Works off requests until no more will come.
fn work(queue: &Mutex<Receiver<Request>>, sender: &Sender<Event>) {
    loop {
        let Ok(request) = queue.lock().unwrap_or_else(PoisonError::into_inner).recv() else { break };
        let answered = panic::catch_unwind(AssertUnwindSafe(|| request.answer()));
        let failed = |_| Err(mistake("the search failed", "this is a bug; other requests are not affected"));
        let fields = answered.unwrap_or_else(failed).unwrap_or_else(|failure| error_fields(&request.id, &failure));
        if sender.send(Event::Answer { id: request.id, fields }).is_err() {
            break;
        }
    }
}

impl Request {
    /// Searches with an engine of its own, so that no answer depends on other requests.
    fn answer(&self) -> Result<Value, Failure> {
        let mut rng = GameRng::new(self.seed, 0, 0);
        let (board, players) = (self.position.board(), self.position.players());
        let mut analyst = Analyst::new(&self.spec, board, players, &mut rng).or_fail(exit::USAGE)?;
        let limits = self.limits.unwrap_or(*analyst.limits());
        let found = analyst.search(&self.position, &limits, &self.stop, &mut rng).or_fail(exit::BAD_INPUT)?;
        let mut fields = json!({"id": self.id});
        if let (Value::Object(all), Value::Object(found)) =
            (&mut fields, report::to_json(&found, &self.position, self.lines))
        {
            all.extend(found);
        }
        fields["engine"] = EngineSpec { limits: Some(limits), ..self.spec.clone() }.to_string().into();
        fields["seed"] = self.seed.into();
        Ok(fields)
    }
}

fn error_fields(id: &Value, failure: &Failure) -> Value {
    let (error, hint) = words(failure);
    json!({"id": id, "error": error, "hint": hint})
}
