//! Value targets: what a finished game was worth to each seat.

use ringrift_rules::{AnyPosition, PlayerCount, PlayerId};

/// How games are turned into value targets.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum ValueRule {
    /// By the final ranks of the rules, the winner first: 1 for rank 1, -1 for the last, even steps between; seats that
    /// share ranks share their worth. Source: RR-CANON-R175..R178.
    #[default]
    Ranks,
    /// 1 for the winner, -1 for everybody else.
    Winner,
}

impl ValueRule {
    /// Spelling in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ranks => "ranks",
            Self::Winner => "winner",
        }
    }
}

/// The targets of a game.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub(crate) struct GameValues {
    /// `f32[4] in [-1, 1]`: the scalar target of a row, by the seat whose row it is.
    pub value: [f32; 4],
    /// `f32[4] in [-1, 1]`: the vector target of all rows, by seat; 0 for seats that nobody has.
    pub values_mp: [f32; 4],
}

/// Targets of a game that the rules ended.
pub(crate) fn values(end: &AnyPosition, rule: ValueRule) -> GameValues {
    let seats = end.players().seats();
    let mut values_mp = [0.0; 4];
    match rule {
        ValueRule::Ranks => {
            let returns = end.returns();
            seats.for_each(|seat| values_mp[seat.index()] = returns[seat]);
        }
        ValueRule::Winner => {
            let winner = end.outcome().map(|outcome| outcome.winner);
            seats.for_each(|seat| values_mp[seat.index()] = win_or_loss(winner, seat));
        }
    }
    GameValues { value: values_mp, values_mp }
}

fn win_or_loss(winner: Option<PlayerId>, seat: PlayerId) -> f32 {
    match winner {
        None => 0.0,
        Some(winner) if winner == seat => 1.0,
        Some(_) => -1.0,
    }
}

/// Targets as upstream computes them: the ranks go by eliminated rings, then territory, then seat, whoever has won; the
/// scalar of two players goes by the winner. All 0 without a winner. Source: npz.md section 7.
pub(crate) fn upstream_values(end: &AnyPosition, winner: Option<i64>, rule: ValueRule) -> GameValues {
    let Some(winner) = winner else { return GameValues::default() };
    let players = end.players();
    let by_winner = |seat: PlayerId| if i64::from(seat.number()) == winner { 1.0 } else { -1.0 };
    let mut values = GameValues::default();
    for seat in players.seats() {
        let (won, ranked) = (by_winner(seat), by_score(end, seat));
        values.values_mp[seat.index()] = if rule == ValueRule::Ranks { ranked } else { won };
        let scalar_by_rank = rule == ValueRule::Ranks && players != PlayerCount::Two;
        values.value[seat.index()] = if scalar_by_rank { ranked } else { won };
    }
    values
}

fn by_score(end: &AnyPosition, seat: PlayerId) -> f32 {
    let score = |seat: PlayerId| (end.eliminated(seat), end.territory(seat));
    let seats = end.players().seats();
    let before =
        seats.filter(|&other| score(other) > score(seat) || score(other) == score(seat) && other < seat).count();
    (1.0 - 2.0 * before as f64 / (end.players().get() - 1) as f64) as f32
}
