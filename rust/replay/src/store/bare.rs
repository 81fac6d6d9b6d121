//! Moves and games without what may differ between equal games: ids, times, fields without value.

use serde_json::Value;

/// Removes fields that are null, at any depth.
pub(crate) fn strip_nulls(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(strip_nulls),
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        _ => {}
    }
}

/// The JSON of a move without nulls, id and times.
pub(crate) fn bare_move(mut json: Value) -> Value {
    strip_nulls(&mut json);
    if let Some(fields) = json.as_object_mut() {
        for name in ["id", "timestamp", "thinkTime"] {
            fields.shift_remove(name);
        }
    }
    json
}

/// [`bare_move`] of a text.
pub(crate) fn bare_move_text(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(bare_move)
}
