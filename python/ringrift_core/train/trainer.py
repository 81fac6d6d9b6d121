"""A training run: the network, its optimiser, how far they are, and what is kept of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringrift_core.train.config import NnueConfig
from ringrift_core.train.errors import TrainError, TrainUnavailableError
from ringrift_core.train.run import CHECKPOINT, Metrics, Progress

try:
    import torch
except ImportError as error:
    raise TrainUnavailableError("training needs torch\nhint: pip install 'ringrift-core[train]'") from error

from ringrift_core.train.checkpoint import load_checkpoint, save_checkpoint
from ringrift_core.train.gradients import Workers
from ringrift_core.train.model import UNITS, NnueModel
from ringrift_core.train.source import Batches, Loader, Piece, Samples
from ringrift_core.train.validation import Validator

CLIP_STEPS = 16
"""Steps between two looks at what accumulators can reach."""
STEP_METRICS = 50
"""Steps between two lines of metrics."""


@dataclass
class State:
    """How far a run is."""

    epoch: int = 0
    """Epochs done."""
    step: int = 0
    """Steps done in the epoch after them."""
    loss_sum: float = 0.0
    """Sum of losses of rows, in that epoch."""
    rows: int = 0
    """Rows, in that epoch."""
    best_epoch: int = -1
    """Epoch with the lowest validation loss, from 0."""
    best_loss: float = math.inf
    """Its validation loss."""
    is_over: bool = False
    """The last epoch is done, or patience is at its end."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C was pressed; the run stopped after a whole step, and its checkpoint was written."""


class Trainer:
    """A run: network, optimiser, and how far they are."""

    def __init__(
        self, config: NnueConfig, samples: Samples, folder: Path, progress: Progress, workers: Workers
    ) -> None:
        """Begins a run, or goes on with that of the folder if it has a checkpoint.

        Args:
            config: The settings.
            samples: The samples.
            folder: Folder of the run; it exists.
            progress: Where to tell how it goes.
            workers: Threads.

        Raises:
            TrainError: The checkpoint is damaged or that of another run, or there is nothing to train with.
        """
        self.config, self.samples, self.folder = config, samples, folder
        self.progress, self.workers = progress, workers
        self.training_rows, self.validation_rows = samples.split(config)
        if not len(self.training_rows):
            search = " with searches" if config.searched_only else ""
            raise TrainError(
                f"no positions{search} to train with\nhint: give databases with more games of this configuration"
            )
        if config.val_split > 0 and not len(self.validation_rows):
            progress.say(
                "warning: no game was drawn for validation: epochs are judged by their training loss\n"
                "  hint: more games, or a greater --val-split"
            )
        self.epoch_steps = -(-len(self.training_rows) // config.batch_size)
        self.model = NnueModel(samples.layout, config.width, seed=config.seed)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.state = State()
        self.digest = samples.digest()
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, torch.Tensor] = {}
        self.validator = Validator(samples, self.validation_rows, config.value_lambda[1])
        keep_bytes = self._restore() if (folder / CHECKPOINT).exists() else 0
        self.metrics = Metrics(folder, keep_bytes=keep_bytes, tensorboard=_tensorboard(config, folder))

    def _restore(self) -> int:
        path = self.folder / CHECKPOINT
        saved = load_checkpoint(path)
        try:
            theirs, ours = saved["config"], self.config.binding()
            for name in [*ours, *(set(theirs) - set(ours))]:
                if theirs.get(name) != ours.get(name):
                    raise TrainError(
                        f"{path}: {name} is {theirs.get(name)!r} in the checkpoint and {ours.get(name)!r} now\n"
                        "hint: go on with the settings of the run, or begin another one"
                    )
            if saved["samples"] != self.digest:
                raise TrainError(
                    f"{path}: the databases have other positions than when the run began\n"
                    "hint: go on with the same databases, or begin another run"
                )
            self.model.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.state = State(**saved["state"])
            self.history, self.best = saved["history"], saved["best"]
            metrics_bytes: int = saved["metrics_bytes"]
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise TrainError(f"{path}: a damaged checkpoint: {error}\nhint: begin the run anew") from error
        return metrics_bytes

    def save(self) -> None:
        """Writes the checkpoint."""
        save_checkpoint(
            self.folder / CHECKPOINT,
            {
                "config": self.config.binding(),
                "samples": self.digest,
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "state": vars(self.state),
                "history": self.history,
                "best": self.best,
                "metrics_bytes": self.metrics.sync(),
            },
        )

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Trains to the end.

        Args:
            is_stopped: Asked after every step; True ends the run with a checkpoint.

        Raises:
            Interrupted: It was stopped.
            TrainError: The loss is no number any more.
        """
        while not self.state.is_over:
            self._epoch(is_stopped)
            self.save()
            if is_stopped() and not self.state.is_over:
                raise Interrupted

    def best_model(self) -> NnueModel:
        """The network of the best epoch."""
        model = NnueModel(self.samples.layout, self.config.width)
        model.load_state_dict(self.best)
        return model

    def __enter__(self) -> Trainer:
        """This run, its files closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the files."""
        self.metrics.close()

    def _epoch(self, is_stopped: Callable[[], bool]) -> None:
        config, state = self.config, self.state
        batches = Batches(self.training_rows, batch_size=config.batch_size, seed=config.seed, epoch=state.epoch)
        load = Loader(
            self.samples,
            value_lambda=config.lambda_at(state.epoch),
            augment_seed=config.seed if config.augment else None,
            epoch=state.epoch,
        )

        def build(step: int) -> list[Future[Piece]]:
            return self.workers.build(load, load.sort(batches[step])) if step < len(batches) else []

        began, rows_before = time.monotonic(), state.rows
        pieces = build(state.step)
        while state.step < len(batches):
            # The next batch is built while this one is learnt from.
            running = self._differentiate(pieces)
            pieces = build(state.step + 1)
            loss, rate = self._learn(running)
            speed = (state.rows - rows_before) / max(time.monotonic() - began, 1e-9)
            self.progress.tell(
                f"epoch {state.epoch + 1}/{config.epochs}, step {state.step}/{len(batches)}: "
                f"loss {state.loss_sum / state.rows:.4f}, {speed:,.0f} positions/s"
            )
            total = self._steps_done()
            if total % STEP_METRICS == 0:
                numbers = {"loss": loss, "learning_rate": rate, "positions_per_second": round(speed)}
                self.metrics.write("step", total, numbers)
            if is_stopped():
                self.save()
                raise Interrupted
            if state.step % config.checkpoint_steps == 0:
                self.save()
        self._finish_epoch(time.monotonic() - began, state.rows - rows_before)

    def _steps_done(self) -> int:
        return self.state.epoch * self.epoch_steps + self.state.step

    def _differentiate(self, pieces: list[Future[Piece]]) -> Iterator[tuple[int, float, list[torch.Tensor]]]:
        is_quantised = self.state.epoch >= self.config.qat_start_epoch
        return self.workers.differentiate(self.model.scaled(is_quantised), pieces, is_quantised=is_quantised)

    def _learn(self, running: Iterator[tuple[int, float, list[torch.Tensor]]]) -> tuple[float, float]:
        """Learns from the gradients of a batch; returns its loss and the learning rate."""
        state, done = self.state, self._steps_done()
        rows, loss, gradients = next(running)
        for more_rows, more_loss, more in running:
            rows, loss = rows + more_rows, loss + more_loss
            for total, part in zip(gradients, more, strict=True):
                total.add_(part)
        if not math.isfinite(loss):
            raise TrainError(
                f"the loss is {loss / rows} in step {state.step + 1} of epoch {state.epoch + 1}\n"
                "hint: the last checkpoint is kept; begin another run with a lower learning rate"
            )
        for (name, unit), gradient in zip(UNITS.items(), gradients, strict=True):
            getattr(self.model, name).grad = gradient.mul_(unit / rows)
        rate = self.config.rate_at(done, self.epoch_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.model.clip_head()
        if (done + 1) % CLIP_STEPS == 0:
            self.model.clip()
        state.step += 1
        state.loss_sum += loss
        state.rows += rows
        return loss / rows, rate

    def _finish_epoch(self, seconds: float, rows: int) -> None:
        config, state = self.config, self.state
        speed = rows / max(seconds, 1e-9)
        self.model.clip()
        numbers: dict[str, Any] = {"epoch": state.epoch + 1, "train_loss": state.loss_sum / state.rows}
        if len(self.validation_rows):
            numbers |= self.validator.measure(self.model, self.workers)
        numbers |= {"seconds": round(seconds, 2), "positions_per_second": round(speed)}
        judged = numbers.get("val_loss", numbers["train_loss"])
        if not math.isfinite(judged):
            raise TrainError(f"the validation loss is {judged} after epoch {state.epoch + 1}\nhint: lower the rate")
        if judged < state.best_loss:
            state.best_loss, state.best_epoch = judged, state.epoch
            self.best = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.history.append(numbers)
        self.metrics.write("epoch", (state.epoch + 1) * self.epoch_steps, numbers)
        told = [f"loss {numbers['train_loss']:.4f}"]
        if "val_loss" in numbers:
            told.append(f"validation {numbers['val_loss']:.4f}")
            told.append(f"winner {numbers['val_accuracy']:.1%}")
            told.append(f"correlation with search {numbers['val_correlation']:.3f}")
        told.append(f"{speed:,.0f} positions/s")
        self.progress.say(f"epoch {state.epoch + 1}/{config.epochs}: {', '.join(told)}")
        state.epoch += 1
        state.step, state.loss_sum, state.rows = 0, 0.0, 0
        waited = state.epoch - 1 - state.best_epoch
        state.is_over = state.epoch >= config.epochs or 0 < config.patience <= waited


def _tensorboard(config: NnueConfig, folder: Path) -> Any:  # noqa: ANN401 - a class of an optional module
    if not config.tensorboard:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainUnavailableError("--tensorboard needs tensorboard\nhint: pip install tensorboard") from error
    return SummaryWriter(str(folder / "tensorboard"))
