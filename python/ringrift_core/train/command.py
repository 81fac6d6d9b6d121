"""The command `rrpipe train nnue`. Nothing here needs torch, so that help and wrong flags do not either."""

from __future__ import annotations

import argparse
import errno
import glob
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ringrift_core import BOARDS, RecordError
from ringrift_core.train.config import NnueConfig
from ringrift_core.train.errors import TrainError, TrainUsageError
from ringrift_core.train.flags import INERT, REFUSED, add_unused, given

OK = 0
BAD_INPUT = 4
SYSTEM = 5
INTERRUPTED = 130
DEFAULT_DATABASES = (Path("data/games/merged.db"), Path("data/games/selfplay.db"))


def nnue(argv: Sequence[str]) -> int:
    """Trains networks as the command line says.

    Args:
        argv: The flags.

    Returns:
        The exit status: 0 if all was written, 2 for wrong flags, 4 for databases or checkpoints that are not what they
        should be, 5 for what the system refuses, 6 if a package is missing, 130 after Ctrl-C.
    """
    parser = _parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    try:
        _check_flags(args)
        for config in _configs(args):
            _train(config, args)
    except TrainError as error:
        return _fail(str(error), error.status)
    except RecordError as error:
        return _fail(str(error), BAD_INPUT)
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename is not None else str(error)
        return _fail(named, SYSTEM)
    except KeyboardInterrupt:
        return _fail("interrupted\nhint: the same command with --resume goes on", INTERRUPTED)
    return OK


def _train(config: NnueConfig, args: argparse.Namespace) -> None:
    # Torch takes a second to load.
    from ringrift_core.train.nnue import train_nnue

    train_nnue(config, resume=args.resume, told="results" if args.no_progress else "progress")


def _fail(text: str, status: int) -> int:
    lines = [f"  {line}" if line.startswith("hint:") else line for line in text.splitlines()]
    print("\n".join(["error: " + lines[0], *lines[1:]]), file=sys.stderr)
    return status


class _Parser(argparse.ArgumentParser):
    """A parser that complains as `rrpipe` does."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}\n  hint: {self.prog} --help lists the flags", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rrpipe train nnue",
        allow_abbrev=False,
        description="Trains a network for the engine (NNUE) from replay databases. Takes the command line of "
        "RingRift's train_nnue.py; docs/nnue-training.md says what each of its flags does here. Needs torch (extra "
        "'train').",
        epilog="Example: rrpipe train nnue --db data/games/merged.db --board-type square8 --num-players 2 --epochs 50 "
        "--batch-size 1024 --output models/nnue/square8_2p_v1.nnue",
    )
    add = parser.add_argument
    add("--db", nargs="+", action="extend", default=[], metavar="FILE", help="replay databases, or patterns such as "
        "'data/games/*.db' [default: data/games/merged.db, or data/games/selfplay.db without it]")  # fmt: skip
    add("--board-type", choices=BOARDS, default="square8", help="board [default: %(default)s]")
    add("--num-players", type=int, choices=(2, 3, 4), default=2, help="players [default: %(default)s]")
    add("--all-configs", action="store_true", help="train a network for every board and number of players that the "
        "databases have games of")  # fmt: skip
    add("--output", type=Path, metavar="FILE", help="the network [default: models/nnue/BOARD_Np.nnue]")
    add("--upstream-output", type=Path, metavar="FILE.pt", help="also train and write a network in RingRift's layout")
    add("--save-path", type=Path, metavar="FILE", help="as --upstream-output if it ends in .pt, else as --output")
    add("--model-id", metavar="NAME", help="names the output models/nnue/NAME.nnue")
    add("--run-dir", type=Path, metavar="DIR", help="checkpoints, metrics, figure, data card "
        "[default: runs/nnue_BOARD_Np_DATE]")  # fmt: skip
    add("--resume", action="store_true", help="go on with the run of the folder, by default the newest one")
    add("--epochs", type=int, metavar="N", help="passes over the positions, at most [default: 30]")
    add("--batch-size", type=int, metavar="N", help="positions of a step [default: 8192]")
    add("--learning-rate", type=float, metavar="X", help="largest learning rate [default: 0.001]")
    add("--weight-decay", type=float, metavar="X", help="of AdamW [default: 0.0001]")
    add("--lr-schedule", choices=("cosine", "warmup_cosine", "plateau"), default="warmup_cosine",
        help="cosine: without warm-up; plateau is refused [default: %(default)s]")  # fmt: skip
    add("--warmup-epochs", type=float, metavar="X", help="epochs over which the rate rises [default: 0.5]")
    add("--value-lambda", metavar="X[:Y]", help="weight of results in targets, the rest being that of search values; "
        "X:Y from the first to the last epoch [default: 0.5]")  # fmt: skip
    add("--val-split", type=float, metavar="X", help="share of the games to validate with [default: 0.1]")
    add("--early-stopping-patience", type=int, metavar="N", help="epochs without a better validation loss that end the "
        "run; 0 for never [default: 8]")  # fmt: skip
    add("--hidden-dim", "--width", type=int, metavar="N", help="width of the accumulator, a multiple of 64 up to 1024 "
        "[default: 256]")  # fmt: skip
    add("--qat-start-epoch", type=int, metavar="N", help="first epoch, from 0, that rounds as integers do [default: 0]")
    add("--no-augment", action="store_true", help="do not turn and mirror positions")
    add("--sample-every-n", type=int, metavar="N", default=1, help="take every so many positions of a game "
        "[default: %(default)s]")  # fmt: skip
    add("--min-game-length", type=int, metavar="N", default=10, help="least moves of a game [default: %(default)s]")
    add("--max-games", type=int, metavar="N", help="most games, the newest of each database first")
    add("--max-samples", type=int, metavar="N", help="most positions, drawn by --seed")
    add("--cache-path", type=Path, metavar="FILE", help="keeps the positions for the next run with the same databases")
    add("--seed", type=int, metavar="N", help="of weights, orders and symmetries [default: 42]")
    add("--threads", type=int, metavar="N", help="threads; 0 for one per core [default: 0]")
    add("--device", default="auto", metavar="NAME", help="auto or cpu: the first layer is computed by Rust")
    add("--checkpoint-steps", type=int, metavar="N", help="steps between checkpoints within an epoch [default: 500]")
    add("--tensorboard", action="store_true", help="write metrics for TensorBoard, too; needs tensorboard")
    add("--no-progress", action="store_true", help="tell results only")
    add_unused(parser)
    return parser


def _check_flags(args: argparse.Namespace) -> None:
    """Refuses what would not do what it says, and tells what does nothing."""
    refused = given(REFUSED, args)
    if refused:
        raise TrainUsageError("\n".join(f"{flag.name} is not supported: {flag.reason}" for flag in refused))
    if args.lr_schedule == "plateau":
        raise TrainUsageError("--lr-schedule plateau is not supported\nhint: cosine, with --early-stopping-patience")
    if args.device not in ("auto", "cpu"):
        raise TrainUsageError(
            f"--device {args.device} is not supported: the first layer is computed by Rust\nhint: leave it out"
        )
    if args.all_configs:
        single = ("output", "save_path", "model_id", "upstream_output", "run_dir")
        clashing = [f"--{name.replace('_', '-')}" for name in single if getattr(args, name) is not None]
        if clashing:
            raise TrainUsageError(f"{', '.join(clashing)} with --all-configs\nhint: one file cannot be all networks")
    for flag in given(INERT, args):
        print(f"warning: {flag.name} has no effect: {flag.reason}", file=sys.stderr)


def _configs(args: argparse.Namespace) -> list[NnueConfig]:
    databases = _databases(args.db)
    if not args.all_configs:
        return [_config(args, databases, args.board_type, args.num_players)]
    counts = _counts(databases)
    configs = []
    for board in BOARDS:
        for players in (2, 3, 4):
            if counts.get((board, players)):
                configs.append(_config(args, databases, board, players))
            else:
                print(f"{board} with {players} players: no games", file=sys.stderr)
    if not configs:
        raise TrainError(f"{', '.join(map(str, databases))}: no games\nhint: rrpipe selfplay records some")
    return configs


def _config(args: argparse.Namespace, databases: tuple[Path, ...], board: str, players: int) -> NnueConfig:
    output, upstream_output = args.output, args.upstream_output
    if args.model_id is not None:
        output = output or Path("models") / "nnue" / f"{args.model_id}.nnue"
    if args.save_path is not None:
        if args.save_path.suffix == ".pt":
            upstream_output = upstream_output or args.save_path
        else:
            output = output or args.save_path
    settings = {
        "epochs": args.epochs,
        "batch_size": args.batch_size,
        "learning_rate": args.learning_rate,
        "weight_decay": args.weight_decay,
        "warmup_epochs": 0.0 if args.lr_schedule == "cosine" else args.warmup_epochs,
        "value_lambda": None if args.value_lambda is None else _lambda(args.value_lambda),
        "val_split": args.val_split,
        "patience": args.early_stopping_patience,
        "width": args.hidden_dim,
        "qat_start_epoch": args.qat_start_epoch,
        "seed": args.seed,
        "threads": args.threads,
        "checkpoint_steps": args.checkpoint_steps,
        "max_samples": args.max_samples,
        "max_games": args.max_games,
        "cache": args.cache_path,
    }
    return NnueConfig(
        databases=databases,
        board_type=board,
        num_players=players,
        output=output,
        upstream_output=upstream_output,
        run_dir=args.run_dir,
        augment=not args.no_augment,
        tensorboard=args.tensorboard,
        sample_every=args.sample_every_n,
        min_moves=args.min_game_length,
        **{name: value for name, value in settings.items() if value is not None},
    )


def _lambda(text: str) -> tuple[float, float]:
    try:
        first, last = (float(part) for part in (text.split(":") * 2)[:2])
    except ValueError as error:
        raise TrainUsageError(f"--value-lambda is {text!r}\nhint: 0.5, or 0.3:0.8 from first to last epoch") from error
    return first, last


def _databases(patterns: Sequence[str]) -> tuple[Path, ...]:
    """The files that patterns stand for, each once, in the order given."""
    if not patterns:
        there = [path for path in DEFAULT_DATABASES if path.exists()]
        if not there:
            raise TrainUsageError(
                f"no --db, and neither {DEFAULT_DATABASES[0]} nor {DEFAULT_DATABASES[1]} is there\n"
                "hint: rrpipe selfplay --record-db data/games/selfplay.db records games"
            )
        return (there[0],)
    found: dict[Path, None] = {}
    for pattern in patterns:
        # A file may have the name of a pattern.
        names = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
        if not names:
            raise FileNotFoundError(errno.ENOENT, "no such file, nor a pattern of any", pattern)
        found.update((Path(name), None) for name in names)
    return tuple(found)


def _counts(databases: Sequence[Path]) -> dict[tuple[str, int], int]:
    """Games by board and number of players."""
    counts: dict[tuple[str, int], int] = {}
    for path in databases:
        query = "SELECT board_type, num_players, COUNT(*) FROM games GROUP BY 1, 2"
        try:
            connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            try:
                rows = connection.execute(query).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise TrainError(f"{path}: not a replay database: {error}\nhint: rrpipe selfplay records some") from error
        for board, players, games in rows:
            counts[board, players] = counts.get((board, players), 0) + games
    return counts
