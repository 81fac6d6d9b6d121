"""Flags of upstream's `train_nnue.py` that have nothing to do here, or that are refused. Source: nnue.md section 6."""

from __future__ import annotations

import argparse
from typing import NamedTuple

_ONE_NETWORK = "the network has one form, that of docs/nnue.md"
_ONE_OPTIMISER = "training is AdamW with one learning rate, warmed up and lowered by a cosine"
_ONE_LOSS = "the loss is the cross entropy of win shares, of all positions alike"
_NOT_THERE_EITHER = "it changes nothing in upstream's script either"
_RUST_READS = "the positions are read by Rust and kept in memory"
_NO_GATES = "every game is replayed on this engine before it is learnt from"
_NO_TEACHER = "targets are results and search values"


class Flag(NamedTuple):
    """A flag that is known and not used."""

    name: str
    """Its name."""
    values: int
    """How many values it takes: 0 or 1."""
    reason: str
    """Why."""


INERT = (
    Flag("--allow-noncanonical", 0, _NO_GATES),
    Flag("--allow-pending-gate", 0, _NO_GATES),
    Flag("--registry", 1, _NO_GATES),
    Flag("--num-workers", 1, "threads are set by --threads"),
    Flag("--prefetch-factor", 1, "the next batch is always built ahead"),
    Flag("--streaming", 0, _RUST_READS),
    Flag("--streaming-buffer", 1, _RUST_READS),
    Flag("--qat", 0, "training always rounds as the integers of the network do"),
    Flag("--num-hidden-layers", 1, _ONE_NETWORK),
    Flag("--use-attention", 0, _NOT_THERE_EITHER),
    Flag("--use-moe", 0, _NOT_THERE_EITHER),
    Flag("--use-multitask", 0, _NOT_THERE_EITHER),
    Flag("--difficulty-curriculum", 0, _NOT_THERE_EITHER),
    Flag("--contrastive-pretrain", 0, _NOT_THERE_EITHER),
    Flag("--online-bootstrap", 0, _NOT_THERE_EITHER),
    Flag("--use-sam", 0, _NOT_THERE_EITHER),
    Flag("--use-board-config", 0, "there is no such file; the defaults serve every board"),
)
"""Accepted, and said to be without effect."""

REFUSED = (
    Flag("--spectral-norm", 0, _ONE_NETWORK),
    Flag("--batch-norm", 0, _ONE_NETWORK),
    Flag("--num-heads", 1, _ONE_NETWORK),
    Flag("--stochastic-depth", 0, _ONE_NETWORK),
    Flag("--stochastic-depth-prob", 1, _ONE_NETWORK),
    Flag("--mixed-precision", 0, "float32 holds the integers of the network exactly, shorter numbers do not"),
    Flag("--amp-dtype", 1, "float32 holds the integers of the network exactly, shorter numbers do not"),
    Flag("--gradient-accumulation", 1, "batches fit in memory: raise --batch-size"),
    Flag("--adaptive-batch", 0, "batches have one size: set --batch-size"),
    Flag("--min-batch-size", 1, "batches have one size: set --batch-size"),
    Flag("--max-batch-size", 1, "batches have one size: set --batch-size"),
    Flag("--ema", 0, _ONE_OPTIMISER),
    Flag("--ema-decay", 1, _ONE_OPTIMISER),
    Flag("--lookahead", 0, _ONE_OPTIMISER),
    Flag("--lookahead-k", 1, _ONE_OPTIMISER),
    Flag("--lookahead-alpha", 1, _ONE_OPTIMISER),
    Flag("--adaptive-clip", 0, _ONE_OPTIMISER),
    Flag("--gradient-noise", 0, _ONE_OPTIMISER),
    Flag("--gradient-noise-variance", 1, _ONE_OPTIMISER),
    Flag("--cyclic-lr", 0, _ONE_OPTIMISER),
    Flag("--cyclic-lr-period", 1, _ONE_OPTIMISER),
    Flag("--lars", 0, _ONE_OPTIMISER),
    Flag("--lars-trust-coef", 1, _ONE_OPTIMISER),
    Flag("--knowledge-distill", 0, _NO_TEACHER),
    Flag("--teacher-model", 1, _NO_TEACHER),
    Flag("--distill-alpha", 1, _NO_TEACHER),
    Flag("--distill-temperature", 1, _NO_TEACHER),
    Flag("--per", 0, _ONE_LOSS),
    Flag("--per-alpha", 1, _ONE_LOSS),
    Flag("--per-beta", 1, _ONE_LOSS),
    Flag("--loss-curriculum", 0, _ONE_LOSS),
    Flag("--loss-curriculum-schedule", 1, _ONE_LOSS),
    Flag("--balanced-sampling", 0, _ONE_LOSS),
    Flag("--early-end", 1, _ONE_LOSS),
    Flag("--mid-end", 1, _ONE_LOSS),
    Flag("--value-whitening", 0, _ONE_LOSS),
    Flag("--value-whitening-momentum", 1, _ONE_LOSS),
    Flag("--hard-example-mining", 0, _ONE_LOSS),
    Flag("--hard-example-top-k", 1, _ONE_LOSS),
    Flag("--transfer-from", 1, "upstream's networks have other features; --resume goes on with a run"),
    Flag("--transfer-freeze-epochs", 1, "upstream's networks have other features; --resume goes on with a run"),
    Flag("--demo", 0, "a network of random data is of no use; --epochs 1 with a small database is as quick"),
)
"""Refused: they would give another network than was asked for."""


def add_unused(parser: argparse.ArgumentParser) -> None:
    """Adds the flags to a parser, without help: tables in the documentation list them."""
    for flag in (*INERT, *REFUSED):
        if flag.values:
            parser.add_argument(flag.name, help=argparse.SUPPRESS, default=None)
        else:
            parser.add_argument(flag.name, help=argparse.SUPPRESS, action="store_true", default=None)


def given(flags: tuple[Flag, ...], args: argparse.Namespace) -> list[Flag]:
    """Those of the flags that were given."""
    return [flag for flag in flags if getattr(args, flag.name[2:].replace("-", "_")) is not None]
