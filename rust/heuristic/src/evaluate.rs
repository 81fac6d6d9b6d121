//! The components, from the counts.
//!
//! Source of the formulas: upstream's `heuristic_ai.py` and `evaluators/*.py`; `reference/heuristic.md` lists them.

use ringrift_rules::{Board, BoardKind, Cell, CellSet, PlayerId};

use crate::{
    components::{Component, Components},
    facts::Facts,
    features::{Contacts, Material, View, pair_distances},
    heuristic::EvalGeometry,
    tables::Tables,
    weights::Weights,
};

/// What to evaluate, and how.
pub(crate) struct Task<'t, B: Board> {
    pub weights: &'t Weights,
    pub tables: &'t Tables<B>,
    pub geometry: EvalGeometry,
    pub full: bool,
    /// Cells with markers in the order that upstream keeps them in; see [`Task::closure`].
    pub marker_order: Option<&'t [Cell]>,
}

impl<B: Board> Task<'_, B> {
    /// All components for one seat.
    #[inline]
    pub(crate) fn components<P: Facts<B>>(&self, position: &P, me: PlayerId) -> Components {
        match position.players().get() {
            2 => self.components_of::<P, 2>(position, me),
            3 => self.components_of::<P, 3>(position, me),
            _ => self.components_of::<P, 4>(position, me),
        }
    }

    fn components_of<P: Facts<B>, const N: usize>(&self, position: &P, me: PlayerId) -> Components {
        let w = self.weights;
        let mine = me.index() % N;
        let view = View::<B, P, N>::new(position);
        let material = view.material(self.tables);
        let contacts = if self.geometry == EvalGeometry::Compat && B::KIND == BoardKind::Hex8 {
            // Upstream's adjacency tables lack hex8: no stack there has a neighbour.
            Contacts { steps: [0; N], captures: [0; N], captures_of_me: 0, mobile: [0; N], cap_lead: 0 }
        } else {
            view.contacts(me)
        };
        let against_best = |values: [f64; N]| values[mine] - best_other(&values, mine);
        let seats = |value: &dyn Fn(PlayerId) -> f64| std::array::from_fn(|seat| value(PlayerId::ALL[seat]));

        let mut out = Components::default();
        out[Component::StackControl] = stack_control(w, &material, mine);
        out[Component::Territory] = against_best(seats(&|q| f64::from(position.territory(q)))) * w.territory;
        out[Component::RingsInHand] = against_best(seats(&|q| f64::from(position.hand(q)))) * w.rings_in_hand;
        let centre: u32 = material.iter().map(|seat| seat.centre).sum();
        out[Component::CenterControl] = f64::from(2 * material[mine].centre as i32 - centre as i32) * w.center_control;
        out[Component::OpponentThreats] = f64::from(contacts.cap_lead) * w.opponent_threat * 0.5;
        let steps: u32 = contacts.steps.iter().sum();
        let others = steps - contacts.steps[mine] + contacts.captures_of_me;
        let own = contacts.steps[mine] + contacts.captures[mine];
        out[Component::Mobility] = f64::from(own as i32 - others as i32) * w.mobility;
        out[Component::EliminatedRings] = f64::from(position.eliminated(me)) * w.eliminated_rings;
        let markers: [B::Cells; N] = std::array::from_fn(|seat| position.markers_of(PlayerId::ALL[seat]));
        let marker_counts = markers.map(|cells| cells.count());
        out[Component::MarkerCount] = against_best(marker_counts.map(f64::from)) * w.marker_count;

        let proximity: [f64; N] = std::array::from_fn(|seat| victory_proximity(w, position, PlayerId::ALL[seat]));
        let best = best_other(&proximity, mine).max(0.0);
        out[Component::VictoryProximity] = (proximity[mine] - best) * w.victory_proximity;
        out[Component::OpponentVictoryThreat] = -(best - proximity[mine]).max(0.0) * w.opponent_victory_threat;
        out[Component::StackMobility] = against_best(std::array::from_fn(|seat| {
            let blocked = material[seat].stacks - contacts.mobile[seat];
            f64::from(contacts.steps[seat] + contacts.captures[seat]) - f64::from(blocked) * w.blocked_stack_penalty
        })) * w.stack_mobility;
        if N > 2 {
            out[Component::MultiLeaderThreat] = -leader_gap(&proximity, mine) * w.multi_leader_threat;
        }
        if !self.full {
            return out;
        }

        if !(self.geometry == EvalGeometry::Compat && B::KIND == BoardKind::Hex8) {
            let rows = markers.map(|cells| view.rows(cells));
            let in_a_row = rows.map(|rows| {
                f64::from(2 * rows.twos) * w.two_in_row
                    + f64::from(2 * rows.threes) * w.three_in_row
                    + f64::from(2 * rows.fours) * w.four_in_row
            });
            let connected = rows.map(|rows| {
                f64::from(2 * rows.twos) * w.connected_neighbor + f64::from(2 * rows.gaps) * w.gap_potential
            });
            out[Component::LinePotential] = against_best(in_a_row) * w.line_potential;
            out[Component::LineConnectivity] = against_best(connected) * w.line_connectivity;
        }
        let (behind, ahead) = view.lines_of_sight(me);
        out[Component::Vulnerability] = (0.0 - f64::from(behind)) * w.vulnerability;
        out[Component::OvertakePotential] = f64::from(ahead) * w.overtake_potential;
        out[Component::TerritoryClosure] =
            against_best(std::array::from_fn(|seat| self.closure(markers[seat], marker_counts[seat])))
                * w.territory_closure;
        out[Component::TerritorySafety] =
            against_best(std::array::from_fn(|seat| -f64::from(view.exposure(seat, markers[seat]))))
                * w.territory_safety;

        let has_room = !view.free.is_empty();
        let actions: [u32; N] = std::array::from_fn(|seat| {
            contacts.mobile[seat] + u32::from(position.hand(PlayerId::ALL[seat]) > 0 && has_room)
        });
        out[Component::ForcedEliminationRisk] =
            -against_best(std::array::from_fn(|seat| elimination_risk(actions[seat], material[seat].stacks)))
                * w.forced_elimination_risk;
        if N > 2 {
            out[Component::LpsActionAdvantage] = action_advantage(&actions, mine) * w.lps_action_advantage;
        }
        let buried = position.buried_rings();
        out[Component::RecoveryPotential] = against_best(std::array::from_fn(|seat| {
            let player = PlayerId::ALL[seat];
            if !position.may_recover(player, buried[player]) {
                f64::from(buried[player]) * w.buried_ring_value * 0.3
            } else if view.can_slide(markers[seat]) {
                w.recovery_eligibility + w.recovery_potential
            } else {
                w.recovery_eligibility
            }
        }));
        out
    }

    /// Closeness of a seat's markers to each other.
    ///
    /// Upstream measures the first ten markers in the order of its dictionary, which play and even its own evaluation
    /// shuffle. With that order given, its value comes out; without, all markers count, which is the same for up to ten
    /// and depends on no order.
    #[inline]
    fn closure(&self, markers: B::Cells, count: u32) -> f64 {
        if count < 2 {
            return 0.0;
        }
        let (measured, measured_count) = match self.marker_order {
            Some(order) if count > 10 => {
                let mut first = B::Cells::EMPTY;
                order.iter().filter(|&&cell| markers.contains(cell)).take(10).for_each(|&cell| first.insert(cell));
                (first, first.count())
            }
            _ => (markers, count),
        };
        let pairs = (measured_count * measured_count.saturating_sub(1) / 2).max(1);
        let mean = f64::from(pair_distances(self.tables, measured, measured_count)) / f64::from(pairs);
        10.0 / mean.max(1.0) + 0.5 * f64::from(count)
    }
}

#[inline]
fn best_other<const N: usize>(values: &[f64; N], mine: usize) -> f64 {
    (0..N).filter(|&seat| seat != mine).map(|seat| values[seat]).fold(f64::NEG_INFINITY, f64::max)
}

#[inline]
fn stack_control<const N: usize>(w: &Weights, material: &[Material; N], mine: usize) -> f64 {
    let opponents = (N - 1) as f64;
    let mean_of_others = |value: &dyn Fn(&Material) -> f64| {
        (0..N).filter(|&seat| seat != mine).map(|seat| value(&material[seat])).sum::<f64>() / opponents
    };
    // Rings beyond the fifth of a stack count a tenth.
    let height = |seat: &Material| f64::from(seat.low_rings) + 0.1 * f64::from(seat.high_rings);
    let me = &material[mine];
    let stacks = mean_of_others(&|seat| f64::from(seat.stacks));
    (f64::from(me.stacks) - stacks) * w.stack_control
        + (height(me) - mean_of_others(&height)) * w.stack_height
        + (f64::from(me.caps) - mean_of_others(&|seat| f64::from(seat.caps))) * w.cap_height
        + diversity(w, f64::from(me.stacks))
        - diversity(w, stacks)
}

/// Value of having so many stacks; a fraction, as the mean of several opponents may be, gets the bonus.
#[inline]
#[allow(clippy::float_cmp, reason = "the penalties are for exactly these counts")]
fn diversity(w: &Weights, stacks: f64) -> f64 {
    if stacks == 0.0 {
        -w.no_stacks_penalty
    } else if stacks == 1.0 {
        -w.single_stack_penalty
    } else {
        stacks * w.stack_diversity_bonus
    }
}

/// Nearness of victory, by exclusive rounds, or by rings and territory.
#[inline]
fn victory_proximity<B: Board>(w: &Weights, position: &impl Facts<B>, player: PlayerId) -> f64 {
    let (lps, rules) = (position.lps(), position.rules());
    if lps.streak_player == Some(player) && lps.streak_rounds > 0 {
        let rounds = f64::from(lps.streak_rounds);
        let needed = if rules.lps_rounds == 0 { 3.0 } else { f64::from(rules.lps_rounds) };
        return if rounds >= needed {
            w.victory_threshold_bonus
        } else {
            w.victory_threshold_bonus * (0.90 + 0.09 * (rounds / (needed - 1.0)).min(1.0))
        };
    }
    // The field of this name, not the minimum that victory checks prefer: upstream's evaluation reads this one.
    let rings = i32::from(rules.victory_threshold) - i32::from(position.eliminated(player));
    let territory = i32::from(rules.territory_threshold) - i32::from(position.territory(player));
    if rings <= 0 || territory <= 0 {
        w.victory_threshold_bonus
    } else {
        w.rings_proximity_factor / f64::from(rings) + w.territory_proximity_factor / f64::from(territory)
    }
}

/// Lead of the opponent nearest to victory over the next one.
#[inline]
fn leader_gap<const N: usize>(proximity: &[f64; N], mine: usize) -> f64 {
    let (mut first, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for seat in (0..N).filter(|&seat| seat != mine) {
        second = second.max(proximity[seat].min(first));
        first = first.max(proximity[seat]);
    }
    (first - second).max(0.0)
}

#[inline]
fn elimination_risk(actions: u32, stacks: u32) -> f64 {
    if stacks == 0 { 0.0 } else { (2.0 - f64::from(actions) / f64::from(stacks)).max(0.0) }
}

#[inline]
fn action_advantage<const N: usize>(actions: &[u32; N], mine: usize) -> f64 {
    if actions[mine] == 0 {
        return -1.0;
    }
    let idle = (0..N).filter(|&seat| seat != mine && actions[seat] == 0).count();
    idle as f64 / (N - 1) as f64
}
