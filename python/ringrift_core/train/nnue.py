"""Training of networks for the engine (NNUE) from replay databases: `train_nnue`. See `docs/nnue-training.md`."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ringrift_core import __version__
from ringrift_core._files import write_whole
from ringrift_core._native import NnueNetwork, NnueSamples, RecordError
from ringrift_core.train.config import NnueConfig
from ringrift_core.train.errors import TrainError, TrainUnavailableError, TrainUsageError
from ringrift_core.train.run import CARD, CHECKPOINT, CONFIG, FIGURE, NETWORK, Progress, Told, to_json, write_text

try:
    import torch
except ImportError as error:
    raise TrainUnavailableError("training needs torch\nhint: pip install 'ringrift-core[train]'") from error

from ringrift_core.train.card import card_text
from ringrift_core.train.equality import check_network
from ringrift_core.train.gradients import Workers
from ringrift_core.train.source import Samples
from ringrift_core.train.trainer import Trainer
from ringrift_core.train.upstream_nnue import train_upstream

RUNS = Path("runs")
HASH_BYTES = 1 << 22


@dataclass(frozen=True)
class NnueSummary:
    """What a run made."""

    output: Path
    """The network."""
    run_dir: Path
    """Folder of the run."""
    games: int
    """Games that positions came from."""
    positions: int
    """Positions, those for validation included."""
    epochs: int
    """Epochs trained."""
    best_epoch: int
    """The epoch whose network was kept, from 1."""
    best_loss: float
    """Its loss: of validation, or of training if there was none."""
    sha256: str
    """Hash of the file."""
    checked: int
    """Positions whose logits were found equal in torch and in the engine."""


def train_nnue(
    config: NnueConfig,
    *,
    resume: bool = False,
    told: Told = "progress",
    is_stopped: Callable[[], bool] | None = None,
) -> NnueSummary:
    """Trains a network and writes it.

    The network is the same for equal positions, settings and versions, with any number of threads, and whether the run
    was interrupted in between or not.

    Args:
        config: What to train with, and how.
        resume: Goes on with the run of the folder, if it has a checkpoint.
        told: What is told on standard error: `progress` and results, `results` alone, or `nothing`.
        is_stopped: Asked after every step; True ends the run, its checkpoint written. By default Ctrl-C does.

    Returns:
        What was made.

    Raises:
        TrainError: The run cannot begin or go on; the subclasses tell wrong settings and missing packages.
        OSError: A file cannot be read or written.
        RecordError: A database is damaged.
        KeyboardInterrupt: It was stopped.
    """
    progress = Progress(told)
    folder = _folder(config, resume=resume)
    _check_writable(config)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_locked(folder))
        if not resume and (folder / CHECKPOINT).exists():
            raise TrainUsageError(
                f"{folder} has a checkpoint of another run\nhint: --resume goes on with it; or name another --run-dir"
            )
        samples = open_samples(config, progress)
        workers = stack.enter_context(Workers(config.threads or len(os.sched_getaffinity(0))))
        write_text(
            folder / CONFIG, to_json({"ringrift_core": __version__, "torch": torch.__version__, **config.to_json()})
        )
        write_text(folder / CARD, card_text(samples, config))
        trainer = stack.enter_context(Trainer(config, samples, folder, progress, workers))
        if is_stopped is None:
            with _interrupts() as is_pressed:
                trainer.run(is_pressed)
        else:
            trainer.run(is_stopped)
        summary = _finish(config, samples, trainer, folder, workers)
    progress.say(
        f"{summary.output}: epoch {summary.best_epoch}, loss {summary.best_loss:.4f}, "
        f"equal to torch on {summary.checked:,} positions, sha256 {summary.sha256[:16]}"
    )
    if config.upstream_output is not None:
        with contextlib.nullcontext(is_stopped) if is_stopped is not None else _interrupts() as is_pressed:
            _train_upstream(config, config.upstream_output, samples, trainer, progress, is_pressed)
    return summary


def _train_upstream(
    config: NnueConfig,
    output: Path,
    samples: Samples,
    trainer: Trainer,
    progress: Progress,
    is_stopped: Callable[[], bool],
) -> None:
    """Trains a network in upstream's layout on the rows of a run."""
    made = train_upstream(
        output,
        config.databases,
        samples.native,
        trainer.training_rows,
        trainer.validation_rows,
        epochs=config.epochs,
        value_lambda=config.lambda_at(config.epochs - 1),
        patience=config.patience or config.epochs,
        seed=config.seed,
        is_stopped=is_stopped,
        tell=progress.say,
    )
    progress.say(
        f"{made.output}: {made.positions:,} positions, epoch {made.best_epoch}, loss {made.best_loss:.4f}, "
        f"as torch to {made.difference:.0e} on {made.checked:,} views, sha256 {made.sha256[:16]}"
    )


def open_samples(config: NnueConfig, progress: Progress) -> Samples:
    """Reads the positions of the databases."""
    if not config.databases:
        raise TrainUsageError("no database\nhint: --db data/games/selfplay.db")

    def tell(games: int, total: int, rows: int) -> None:
        progress.tell(f"reading games: {games:,} of {total:,}, {rows:,} positions")

    try:
        native = NnueSamples.open(
            config.databases,
            config.board_type,
            config.num_players,
            threads=config.threads,
            progress=tell,
            every=config.sample_every,
            min_moves=config.min_moves,
            max_games=config.max_games,
            cache=config.cache,
        )
    except RecordError:
        raise
    except ValueError as error:
        raise TrainError(str(error)) from error
    samples = Samples(native)
    searched = int(native.has_search().sum())
    progress.say(
        f"{len(samples):,} positions of {native.game_count:,} games, {searched / len(samples):.0%} with a search value"
    )
    return samples


def _finish(config: NnueConfig, samples: Samples, trainer: Trainer, folder: Path, workers: Workers) -> NnueSummary:
    """Writes the best network, once it is known to be that of torch, and the figure."""
    model = trainer.best_model()
    parts = model.integer_parts()
    made = folder / NETWORK
    lineage = _lineage(config, samples, trainer)
    NnueNetwork.save_parts(
        made, board=config.board_type, players=config.num_players, lineage=json.dumps(lineage), **parts
    )
    rows = trainer.validation_rows if len(trainer.validation_rows) else trainer.training_rows
    checked = check_network(model, samples, rows, NnueNetwork.load(made), workers)
    output = config.output_path
    write_whole(output, lambda path: shutil.copyfile(made, path))
    _draw(trainer.history, folder / FIGURE, trainer.progress)
    return NnueSummary(
        output=output,
        run_dir=folder,
        games=samples.native.game_count,
        positions=len(samples),
        epochs=trainer.state.epoch,
        best_epoch=trainer.state.best_epoch + 1,
        best_loss=trainer.state.best_loss,
        sha256=_sha256(output),
        checked=checked,
    )


def _lineage(config: NnueConfig, samples: Samples, trainer: Trainer) -> dict[str, Any]:
    """What a network was made from: the same for the same run, whenever and wherever it is made."""
    best = trainer.history[trainer.state.best_epoch]
    return {
        "ringrift_core": __version__,
        "torch": torch.__version__,
        "databases": [{"name": path.name, "sha256": _sha256(path)} for path in config.databases],
        "samples": {"sha256": trainer.digest, **json.loads(samples.native.report_json())},
        "positions": {"training": len(trainer.training_rows), "validation": len(trainer.validation_rows)},
        "config": config.binding(),
        "epochs": trainer.state.epoch,
        "best": {name: value for name, value in best.items() if name not in ("seconds", "positions_per_second")},
    }


def _draw(history: Sequence[dict[str, Any]], path: Path, progress: Progress) -> None:
    try:
        from ringrift_core.train.figure import draw_losses
    except ImportError:
        progress.say("no figure of the losses: matplotlib is missing\n  hint: pip install 'ringrift-core[plots]'")
        return
    write_whole(path, lambda made: draw_losses(history, made))


def _folder(config: NnueConfig, *, resume: bool) -> Path:
    """The folder of the run: that given, the newest that can go on, or a new one."""
    if config.run_dir is not None:
        config.run_dir.mkdir(parents=True, exist_ok=True)
        return config.run_dir
    prefix = f"nnue_{config.name}_"
    if resume and RUNS.is_dir():
        # Names end with their time, so the last one is the newest.
        there = sorted(path for path in RUNS.iterdir() if path.name.startswith(prefix) and (path / CHECKPOINT).exists())
        if there:
            return there[-1]
    stamp = datetime.now(timezone.utc).strftime("%Y%m%d_%H%M%S")
    for number in range(1, 1000):
        folder = RUNS / (prefix + stamp + (f"_{number}" if number > 1 else ""))
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise TrainError(f"{RUNS}/{prefix}{stamp}: too many runs of that name\nhint: name a --run-dir")


def _check_writable(config: NnueConfig) -> None:
    """Finds out before hours of training whether the outputs can be written."""
    for path in (config.output_path, config.upstream_output):
        if path is not None:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "is a folder, expected a file", str(path))
            if path.parent.exists() and not path.parent.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "is no folder", str(path.parent))
            path.parent.mkdir(parents=True, exist_ok=True)
            probe = path.parent / f".{path.name}.{os.getpid()}"
            probe.touch()
            probe.unlink()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps other runs out of a folder."""
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainUsageError(
                f"{folder} is in use by another run\nhint: wait for it, or name another --run-dir"
            ) from error
        yield


@contextlib.contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """While training, the first Ctrl-C is noticed after a whole step; the second one ends the run at once."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return

    def note(number: int, frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _sha256(path: Path) -> str:
    state = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(HASH_BYTES):
            state.update(part)
    return state.hexdigest()
