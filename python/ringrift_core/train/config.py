"""The settings of a training run."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringrift_core import BOARDS
from ringrift_core.train.errors import TrainUsageError

WIDTH_MAX = 1024

FREE = frozenset(
    {"databases", "output", "upstream_output", "run_dir", "checkpoint_steps", "tensorboard", "threads", "cache"}
)
"""Settings that may differ when a run goes on: they change no weight."""


@dataclass(frozen=True)
class NnueConfig:
    """What a run trains, with what, and how."""

    databases: tuple[Path, ...]
    """Replay databases."""
    board_type: str = "square8"
    """Board name."""
    num_players: int = 2
    """Number of players, 2 to 4."""
    output: Path | None = None
    """The network; `models/nnue/<board_type>_<num_players>p.nnue` by default."""
    upstream_output: Path | None = None
    """A network in upstream's layout, trained on the same positions; None for none."""
    run_dir: Path | None = None
    """Folder for checkpoints, metrics and figure; `runs/nnue_<board_type>_<num_players>p_<date>` by default."""
    width: int = 256
    """Width of the accumulator, a multiple of 64 up to 1024."""
    epochs: int = 30
    """Passes over the training rows, at most."""
    batch_size: int = 8192
    """Rows of a step."""
    learning_rate: float = 1e-3
    """Largest learning rate."""
    final_rate_share: float = 0.01
    """Share of it that is left at the end."""
    warmup_epochs: float = 0.5
    """Epochs over which the rate rises from 0."""
    weight_decay: float = 1e-4
    """Of AdamW."""
    value_lambda: tuple[float, float] = (0.5, 0.5)
    """Weight of the result in targets, in the first and in the last epoch; the rest is that of the search's values."""
    val_split: float = 0.1
    """Share of the games to validate with."""
    patience: int = 8
    """Epochs without a better validation loss after which the run ends; 0 to go on to the end."""
    augment: bool = True
    """Turns and mirrors positions at random."""
    qat_start_epoch: int = 0
    """First epoch whose forward pass rounds as the integers do."""
    seed: int = 42
    """Seed of weights, orders, symmetries and split."""
    threads: int = 0
    """Threads; 0 for one per core."""
    checkpoint_steps: int = 500
    """Steps between two checkpoints within an epoch."""
    tensorboard: bool = False
    """Writes metrics for TensorBoard, too."""
    sample_every: int = 1
    """Takes every so many positions of a game."""
    min_moves: int = 10
    """Least moves of a game."""
    max_games: int | None = None
    """Most games, the newest of each database first; None for all."""
    max_samples: int | None = None
    """Most positions, drawn by `seed`; None for all."""
    searched_only: bool = False
    """Leaves out positions without a search, such as those of random openings."""
    cache: Path | None = None
    """File that keeps the positions for the next run; None for none."""

    def __post_init__(self) -> None:
        """Checks ranges."""
        rules = [
            (self.board_type in BOARDS, f"board_type is {self.board_type!r}, expected one of {', '.join(BOARDS)}"),
            (2 <= self.num_players <= 4, f"num_players is {self.num_players}, expected 2 to 4"),
            (
                64 <= self.width <= WIDTH_MAX and self.width % 64 == 0,
                f"width is {self.width}, expected a multiple of 64 up to {WIDTH_MAX}",
            ),
            (self.epochs >= 1, f"epochs is {self.epochs}, expected at least 1"),
            (self.batch_size >= 1, f"batch_size is {self.batch_size}, expected at least 1"),
            (_is_in(self.learning_rate, 0, 1), f"learning_rate is {self.learning_rate}, expected 0 to 1"),
            (_is_in(self.final_rate_share, 0, 1), f"final_rate_share is {self.final_rate_share}, expected 0 to 1"),
            (_is_in(self.warmup_epochs, 0, math.inf), f"warmup_epochs is {self.warmup_epochs}, expected 0 or more"),
            (_is_in(self.weight_decay, 0, 1), f"weight_decay is {self.weight_decay}, expected 0 to 1"),
            (
                all(_is_in(share, 0, 1) for share in self.value_lambda),
                f"value_lambda is {self.value_lambda}, expected 0 to 1",
            ),
            (0 <= self.val_split < 1, f"val_split is {self.val_split}, expected 0 to below 1"),
            (self.patience >= 0, f"patience is {self.patience}, expected 0 or more"),
            (self.qat_start_epoch >= 0, f"qat_start_epoch is {self.qat_start_epoch}, expected 0 or more"),
            (0 <= self.threads <= 4096, f"threads is {self.threads}, expected 0 to 4096"),
            (self.checkpoint_steps >= 1, f"checkpoint_steps is {self.checkpoint_steps}, expected at least 1"),
            (self.sample_every >= 1, f"sample_every is {self.sample_every}, expected at least 1"),
            (self.min_moves >= 0, f"min_moves is {self.min_moves}, expected 0 or more"),
            (self.max_games is None or self.max_games >= 1, f"max_games is {self.max_games}, expected at least 1"),
            (
                self.max_samples is None or self.max_samples >= 1,
                f"max_samples is {self.max_samples}, expected at least 1",
            ),
        ]
        wrong = [text for holds, text in rules if not holds]
        if wrong:
            raise TrainUsageError("\n".join(wrong))

    @property
    def name(self) -> str:
        """Board and players, as file names have them."""
        return f"{self.board_type}_{self.num_players}p"

    @property
    def output_path(self) -> Path:
        """Where the network goes."""
        return self.output or Path("models") / "nnue" / f"{self.name}.nnue"

    def lambda_at(self, epoch: int) -> float:
        """The weight of results in an epoch, counted from 0."""
        first, last = self.value_lambda
        return last if self.epochs == 1 else first + (last - first) * epoch / (self.epochs - 1)

    def rate_at(self, step: int, epoch_steps: int) -> float:
        """The learning rate of a step: linear warm-up, then half a cosine.

        Args:
            step: Steps before it, in all epochs.
            epoch_steps: Steps of an epoch.
        """
        warmup, total = self.warmup_epochs * epoch_steps, self.epochs * epoch_steps
        if step < warmup:
            return self.learning_rate * (step + 1) / (warmup + 1)
        done = (step - warmup) / max(1.0, total - warmup)
        low = self.final_rate_share
        return self.learning_rate * (low + (1 - low) * (1 + math.cos(math.pi * min(done, 1.0))) / 2)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values; databases by their names alone."""
        fields = dataclasses.asdict(self)
        fields["databases"] = [path.name for path in self.databases]
        for name in ("output", "upstream_output", "run_dir", "cache"):
            fields[name] = None if fields[name] is None else str(fields[name])
        fields["value_lambda"] = list(self.value_lambda)
        return fields

    def binding(self) -> dict[str, Any]:
        """The settings that a run may not change when it goes on."""
        return {name: value for name, value in self.to_json().items() if name not in FREE}


def _is_in(value: float, low: float, high: float) -> bool:
    return math.isfinite(value) and low <= value <= high
