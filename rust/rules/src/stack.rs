//! Ring stacks: a packed summary per cell over a shared pool of ring nodes.
//!
//! Every ring in play is one node of the pool. The nodes of a stack form a circle: each links to the ring below it,
//! and the bottom ring links to the top. Pushing on top, popping the top and inserting at the bottom cost a few
//! instructions, nothing is allocated, and a position is copied with all its stacks as plain memory.

use crate::{board::Table, player::PlayerId};

const LINK_BITS: u32 = 9;
const LINK_MASK: u16 = (1 << LINK_BITS) - 1;

/// Summary of one non-empty stack: height, cap height, owner of the top ring, and where its rings are.
#[derive(Copy, Clone, Debug)]
pub struct Stack(u32);

impl Stack {
    /// Marks a cell without a stack in per-cell storage.
    pub(crate) const NONE: Self = Self(0);

    #[inline]
    const fn pack(bottom: u16, height: u32, cap: u32, owner: PlayerId) -> Self {
        Self(bottom as u32 | height << 9 | cap << 18 | (owner.index() as u32) << 27)
    }

    /// The summary as a word. Equal words may be of stacks with different rings under the cap, if the pools differ.
    #[inline]
    pub(crate) const fn word(self) -> u32 {
        self.0
    }

    #[inline]
    const fn bottom(self) -> u16 {
        self.0 as u16 & LINK_MASK
    }

    /// Number of rings; at least 1.
    #[inline]
    pub const fn height(self) -> u32 {
        self.0 >> 9 & 0x1ff
    }

    /// Number of rings of the top ring's owner from the top down; `1..=height`.
    #[inline]
    pub const fn cap_height(self) -> u32 {
        self.0 >> 18 & 0x1ff
    }

    /// The player who controls the stack: the owner of the top ring.
    #[inline]
    pub const fn owner(self) -> PlayerId {
        PlayerId::from_bits(self.0 >> 27)
    }
}

/// The rings of all stacks of a position.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct RingPool<T> {
    nodes: T,
    free: u16,
}

impl<T: Table<u16>> RingPool<T> {
    pub(crate) fn new() -> Self {
        let mut nodes = T::filled(LINK_MASK);
        for i in 1..T::LEN {
            nodes[i - 1] = i as u16;
        }
        Self { nodes, free: 0 }
    }

    #[inline]
    fn below(&self, node: u16) -> u16 {
        self.nodes[node as usize] & LINK_MASK
    }

    #[inline]
    fn colour(&self, node: u16) -> PlayerId {
        PlayerId::from_bits(u32::from(self.nodes[node as usize] >> LINK_BITS))
    }

    #[inline]
    fn link(&mut self, node: u16, below: u16) {
        let word = &mut self.nodes[node as usize];
        *word = *word & !LINK_MASK | below;
    }

    #[inline]
    fn allocate(&mut self, colour: PlayerId) -> u16 {
        let node = self.free;
        debug_assert!(node != LINK_MASK, "more rings on the board than the game has");
        self.free = self.below(node);
        self.nodes[node as usize] = (colour.index() as u16) << LINK_BITS;
        node
    }

    #[inline]
    fn release(&mut self, node: u16) {
        self.nodes[node as usize] = self.free;
        self.free = node;
    }

    /// A stack of one ring.
    #[inline]
    pub(crate) fn create(&mut self, colour: PlayerId) -> Stack {
        let node = self.allocate(colour);
        self.link(node, node);
        Stack::pack(node, 1, 1, colour)
    }

    /// The stack with one more ring on top.
    #[inline]
    pub(crate) fn push_top(&mut self, stack: Stack, colour: PlayerId) -> Stack {
        let node = self.allocate(colour);
        let top = self.below(stack.bottom());
        self.link(node, top);
        self.link(stack.bottom(), node);
        let cap = if stack.owner() == colour { stack.cap_height() + 1 } else { 1 };
        Stack::pack(stack.bottom(), stack.height() + 1, cap, colour)
    }

    /// The stack with one more ring under the others.
    #[inline]
    pub(crate) fn push_bottom(&mut self, stack: Stack, colour: PlayerId) -> Stack {
        let node = self.allocate(colour);
        let top = self.below(stack.bottom());
        self.link(stack.bottom(), node);
        self.link(node, top);
        let uniform = stack.cap_height() == stack.height() && stack.owner() == colour;
        Stack::pack(node, stack.height() + 1, stack.cap_height() + u32::from(uniform), stack.owner())
    }

    /// The stack without its top ring (none if that was the only one), and the owner of that ring.
    #[inline]
    pub(crate) fn pop_top(&mut self, stack: Stack) -> (Option<Stack>, PlayerId) {
        let bottom = stack.bottom();
        let top = self.below(bottom);
        if stack.height() == 1 {
            self.release(top);
            return (None, stack.owner());
        }
        let next = self.below(top);
        self.link(bottom, next);
        self.release(top);
        let height = stack.height() - 1;
        let rest = if stack.cap_height() > 1 {
            Stack::pack(bottom, height, stack.cap_height() - 1, stack.owner())
        } else {
            self.summarise(bottom, height)
        };
        (Some(rest), stack.owner())
    }

    /// Owner and cap height of the circle that ends in `bottom`, from its nodes.
    fn summarise(&self, bottom: u16, height: u32) -> Stack {
        let top = self.below(bottom);
        let owner = self.colour(top);
        let mut cap = 1;
        let mut node = self.below(top);
        while cap < height && self.colour(node) == owner {
            cap += 1;
            node = self.below(node);
        }
        Stack::pack(bottom, height, cap, owner)
    }

    /// Depth of the lowest ring of `colour`, counted from the top (0 is the top ring).
    pub(crate) fn lowest(&self, stack: Stack, colour: PlayerId) -> Option<u32> {
        let mut found = None;
        for (depth, owner) in self.rings_down(stack).enumerate() {
            if owner == colour {
                found = Some(depth as u32);
            }
        }
        found
    }

    /// The stack without the ring at `depth` below the top.
    pub(crate) fn remove_at(&mut self, stack: Stack, depth: u32) -> Option<Stack> {
        debug_assert!(depth < stack.height(), "the ring to remove is in the stack");
        if depth == 0 {
            return self.pop_top(stack).0;
        }
        let mut above = self.below(stack.bottom());
        for _ in 1..depth {
            above = self.below(above);
        }
        let target = self.below(above);
        let next = self.below(target);
        self.link(above, next);
        self.release(target);
        let bottom = if target == stack.bottom() { above } else { stack.bottom() };
        Some(self.summarise(bottom, stack.height() - 1))
    }

    /// Gives all rings of the stack back to the pool, and reports each one's owner.
    pub(crate) fn clear(&mut self, stack: Stack, mut each: impl FnMut(PlayerId)) {
        let mut node = self.below(stack.bottom());
        for _ in 0..stack.height() {
            let next = self.below(node);
            each(self.colour(node));
            self.release(node);
            node = next;
        }
    }

    /// Owners of the rings from the top down.
    #[inline]
    pub(crate) fn rings_down(&self, stack: Stack) -> impl Iterator<Item = PlayerId> + '_ {
        let mut node = self.below(stack.bottom());
        (0..stack.height()).map(move |_| {
            let colour = self.colour(node);
            node = self.below(node);
            colour
        })
    }

    /// Number of unused nodes.
    pub(crate) fn free_count(&self) -> usize {
        let (mut node, mut count) = (self.free, 0);
        while node != LINK_MASK && count <= T::LEN {
            node = self.below(node);
            count += 1;
        }
        count
    }
}
