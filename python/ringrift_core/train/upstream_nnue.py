"""Networks in upstream's layout, trained with torch: what `rrpipe train nnue --upstream-output` gives to `ai-service`.

They are the networks that its loader builds: an accumulator of 256, two residual layers of 32, tanh. Their features do
not know who is to move; see `docs/nnue-upstream.md`.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ringrift_core import Position, RecordError, UpstreamNnue, __version__, read_game
from ringrift_core._native import NnueSamples
from ringrift_core.train.errors import TrainError

WIDTH = 256
LAYERS = 2
"""What upstream's loader builds, whatever a file says."""
LAYER_WIDTH = 32
FEATURE_VERSION = 3
CHECKED_VIEWS = 512
"""Views on which torch and the engine are compared before a file is kept."""
TOLERANCE = 1e-4
"""Largest difference between them: sums of float32 in another order."""
PIECE = 64
"""Positions whose features are made at a time."""


class _Block(nn.Module):
    """A residual layer, with a projection around it where the widths differ."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)
        self.projection = nn.Linear(inputs, outputs) if inputs != outputs else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """float32[B, inputs] to float32[B, outputs]."""
        around = x if self.projection is None else self.projection(x)
        return around + self.fc(x).clamp(0, 1)


class UpstreamModel(nn.Module):
    """The network; its state has the names and shapes that upstream's has.

    D features, n outputs: 1 for the player whose view the features are, or one for each seat.
    """

    def __init__(self, inputs: int, outputs: int = 1, *, width: int = WIDTH, layers: int = LAYERS) -> None:
        """Makes a network with torch's usual weights.

        Args:
            inputs: D.
            outputs: n.
            width: Width of the accumulator.
            layers: Number of residual layers.
        """
        super().__init__()
        self.accumulator = nn.Linear(inputs, width)
        self.hidden_blocks = nn.ModuleList(
            _Block(LAYER_WIDTH if layer else 2 * width, LAYER_WIDTH) for layer in range(layers)
        )
        self.output = nn.Linear(LAYER_WIDTH, outputs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Values in -1..1: float32[B, D] to float32[B, n]."""
        accumulator = self.accumulator(features).clamp(0, 1)
        x = torch.cat([accumulator, accumulator], dim=1)
        for block in self.hidden_blocks:
            x = block(x)
        return torch.tanh(self.output(x))


@dataclass
class Views:
    """Positions, each as one player sees it, with the values to learn. V views, n values; features that are not 0."""

    inputs: int
    """D."""
    offsets: NDArray[np.int64]
    """int64[V + 1]: features of view v are those from offsets[v] to offsets[v + 1]."""
    features: NDArray[np.uint16]
    """uint16[...]: which."""
    values: NDArray[np.float32]
    """float32[...]: how much."""
    targets: NDArray[np.float32]
    """float32[V, n] in -1..1."""

    def __len__(self) -> int:
        """V."""
        return len(self.targets)

    def batch(self, views: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Features float32[B, D] and targets float32[B, n] of some views: int64[B]."""
        lengths = self.offsets[views + 1] - self.offsets[views]
        rows = np.repeat(np.arange(len(views)), lengths)
        starts = np.cumsum(lengths) - lengths
        places = np.arange(len(rows)) - np.repeat(starts - self.offsets[views], lengths)
        dense = np.zeros((len(views), self.inputs), np.float32)
        dense[rows, self.features[places]] = self.values[places]
        return torch.from_numpy(dense), torch.from_numpy(self.targets[views])

    @staticmethod
    def of(board: str, positions: Sequence[Position], seats: Sequence[int], targets: NDArray[np.float32]) -> Views:
        """The views of positions.

        Args:
            board: Board name.
            positions: V positions.
            seats: Who looks at each, from 0.
            targets: float32[V, n] in -1..1.
        """
        lengths, features, values = [], [], []
        inputs = UpstreamNnue.features(board, [], []).shape[1]
        for start in range(0, len(positions), PIECE):
            piece = slice(start, start + PIECE)
            dense = UpstreamNnue.features(board, positions[piece], seats[piece])
            rows, columns = np.nonzero(dense)
            lengths.append(np.bincount(rows, minlength=len(dense)))
            features.append(columns.astype(np.uint16))
            values.append(dense[rows, columns])
        none = np.empty(0, np.int64)
        return Views(
            inputs,
            np.concatenate([[0], np.cumsum(np.concatenate([none, *lengths]))]).astype(np.int64),
            np.concatenate([none, *features]).astype(np.uint16),
            np.concatenate([none, *values]).astype(np.float32),
            targets,
        )

    @staticmethod
    def joined(parts: Sequence[Views]) -> Views:
        """All views of some parts, of which there is at least one."""
        ends = np.cumsum([0, *(part.offsets[-1] for part in parts)])
        return Views(
            parts[0].inputs,
            np.concatenate([[0], *(part.offsets[1:] + end for part, end in zip(parts, ends[:-1], strict=True))]),
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.targets for part in parts]),
        )


class UpstreamTrainer:
    """Trains one network."""

    def __init__(
        self,
        board: str,
        players: int,
        *,
        by_seat: bool = False,
        width: int = WIDTH,
        layers: int = LAYERS,
        seed: int = 42,
    ) -> None:
        """Makes the network. Equal arguments give equal weights.

        Args:
            board: Board name.
            players: Number of players.
            by_seat: One value for each seat (`MultiPlayerNNUE`) and not one for the player who looks (`RingRiftNNUE`).
            width: Width of the accumulator.
            layers: Number of residual layers.
            seed: Seed of weights and orders.
        """
        self.board, self.players, self.seed = board, players, seed
        self.outputs = players if by_seat else 1
        inputs = UpstreamNnue.features(board, [], []).shape[1]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = UpstreamModel(inputs, self.outputs, width=width, layers=layers)
        self.best_epoch = 0
        """The epoch whose weights are kept, from 1."""
        self.best_loss = math.inf
        """Its loss on the views for validation, or on those for training if there are none."""

    def fit(
        self,
        training: Views,
        validation: Views | None = None,
        *,
        epochs: int,
        batch_size: int = 512,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-4,
        patience: int = 15,
        is_stopped: Callable[[], bool] = lambda: False,
        tell: Callable[[str], object] = lambda _: None,
    ) -> list[dict[str, float]]:
        """Trains, and keeps the weights of the best epoch.

        Args:
            training: Views to learn from.
            validation: Views to choose by.
            epochs: Most passes over the views.
            batch_size: Views of a step.
            learning_rate: Of AdamW at the beginning; it falls to a hundredth along half a cosine.
            weight_decay: Of AdamW.
            patience: Epochs without a better loss after which it ends.
            is_stopped: Asked after every step; True ends it.
            tell: Gets a line for each epoch.

        Returns:
            For each epoch, `epoch`, `train_loss` and `val_loss` (mean squared errors; NaN without validation).

        Raises:
            TrainError: There is nothing to learn from, or the loss is no number.
            KeyboardInterrupt: It was stopped.
        """
        if not len(training):
            raise TrainError("no positions to train a network of RingRift's layout with\nhint: name more games")
        steps = epochs * -(-len(training) // batch_size)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=learning_rate, weight_decay=weight_decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=learning_rate / 100)
        random = torch.Generator().manual_seed(self.seed)
        best, history = copy.deepcopy(self.model.state_dict()), []
        for epoch in range(1, epochs + 1):
            order = torch.randperm(len(training), generator=random).numpy()
            total = 0.0
            for views in _batches(order, batch_size):
                features, targets = training.batch(views)
                loss = functional.mse_loss(self.model(features), targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                total += loss.item() * len(views)
                if is_stopped():
                    raise KeyboardInterrupt
            train_loss = total / len(training)
            val_loss = self.loss(validation) if validation is not None and len(validation) else math.nan
            deciding = train_loss if math.isnan(val_loss) else val_loss
            if not math.isfinite(train_loss) or not math.isfinite(deciding):
                raise TrainError(f"the loss of epoch {epoch} is no number\nhint: take a smaller learning rate")
            history.append({"epoch": epoch, "train_loss": train_loss, "val_loss": val_loss})
            tell(f"RingRift's layout, epoch {epoch}: loss {train_loss:.4f}, validation {val_loss:.4f}")
            if deciding < self.best_loss:
                self.best_loss, self.best_epoch = deciding, epoch
                best = copy.deepcopy(self.model.state_dict())
            elif epoch - self.best_epoch >= patience:
                break
        self.model.load_state_dict(best)
        return history

    def loss(self, views: Views, batch_size: int = 4096) -> float:
        """Mean squared error on views."""
        total = 0.0
        with torch.no_grad():
            for rows in _batches(np.arange(len(views)), batch_size):
                features, targets = views.batch(rows)
                total += functional.mse_loss(self.model(features), targets, reduction="sum").item()
        return total / views.targets.size

    def values(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """What torch says: float32[B, D] to float32[B, n]."""
        with torch.no_grad():
            values: NDArray[np.float32] = self.model(torch.from_numpy(features)).numpy()
        return values

    def save(self, path: Path, metadata: dict[str, Any] | None = None) -> UpstreamNnue:
        """Writes the network as upstream's training does, for its loader and for `torch.load(..., weights_only=True)`.

        Args:
            path: The file, `nnue_<board>_<players>p.pt` in upstream's `models/nnue` folder.
            metadata: More to say in it: numbers, texts, lists and dictionaries.

        Returns:
            The network as the engine reads it.

        Raises:
            OSError: The file cannot be written.
        """
        loss = self.best_loss if math.isfinite(self.best_loss) else None
        known = {"board_type": self.board, "epoch": self.best_epoch, "val_loss": loss}
        tensors = {name: value.detach().numpy() for name, value in self.model.state_dict().items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        return UpstreamNnue.save(
            path, tensors, players=self.players, metadata=json.dumps({**known, **(metadata or {})})
        )


def _batches(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


@dataclass(frozen=True)
class UpstreamSummary:
    """What was made."""

    output: Path
    """The file."""
    positions: int
    """Positions trained and validated with."""
    best_epoch: int
    """Epoch of the weights, from 1."""
    best_loss: float
    """Its mean squared error."""
    checked: int
    """Views on which torch and the engine agree."""
    difference: float
    """The largest difference between them."""
    sha256: str
    """Hash of the file."""


def train_upstream(
    output: Path,
    databases: Sequence[Path],
    samples: NnueSamples,
    training: NDArray[np.int64],
    validation: NDArray[np.int64],
    *,
    epochs: int,
    by_seat: bool = False,
    value_lambda: float = 0.5,
    max_positions: int = 100_000,
    patience: int = 15,
    batch_size: int = 512,
    seed: int = 42,
    metadata: dict[str, Any] | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[str], object] = lambda _: None,
) -> UpstreamSummary:
    """Trains a network of upstream's layout on the positions of samples, and writes it.

    Values to learn are twice the win shares that our networks learn, less 1. A network with one value learns every
    position as each player sees it, one with a value for each seat as the player to move does, as upstream asks them.

    Args:
        output: The file to write, `.pt`.
        databases: The databases that the samples were made from.
        samples: The samples.
        training: Rows to learn from: int64[...].
        validation: Rows to choose the best epoch by: int64[...].
        epochs: Most passes.
        by_seat: As for `UpstreamTrainer`. `ai-service` loads networks with one value, for any number of players.
        value_lambda: Share of results in what is learnt; the rest is the searches'.
        max_positions: Most positions of both parts together; more are thinned out evenly.
        patience: Epochs without a better loss after which it ends.
        batch_size: Views of a step.
        seed: Seed of weights and orders.
        metadata: More to say in the file.
        is_stopped: Asked after every step; True ends it.
        tell: Gets lines about the progress.

    Raises:
        TrainError: A game cannot be found again, or torch and the engine disagree about the network.
        OSError: A file cannot be read or written.
        KeyboardInterrupt: It was stopped.
    """
    thin = max(1, -(-(len(training) + len(validation)) // max_positions))
    games = _Games(databases, samples)
    trainer = UpstreamTrainer(samples.board, samples.players, by_seat=by_seat, seed=seed)
    parts = []
    for rows in (training[::thin], validation[::thin]):
        parts.append(_views(games, samples, rows, by_seat=by_seat, value_lambda=value_lambda, is_stopped=is_stopped))
    trainer.fit(*parts, epochs=epochs, batch_size=batch_size, patience=patience, is_stopped=is_stopped, tell=tell)
    made = trainer.save(output, {"ringrift_core": __version__, **(metadata or {})})
    checked, difference = _check(trainer, made, games, (validation if len(validation) else training)[::thin])
    return UpstreamSummary(
        output=output,
        positions=len(training[::thin]) + len(validation[::thin]),
        best_epoch=trainer.best_epoch,
        best_loss=trainer.best_loss,
        checked=checked,
        difference=difference,
        sha256=made.sha256 or "",
    )


class _Games:
    """The positions of sampled rows, out of their databases."""

    def __init__(self, databases: Sequence[Path], samples: NnueSamples) -> None:
        self._databases = list(databases)
        self._names = samples.game_ids()
        self._games, self._plies = samples.games(), samples.plies()

    def __call__(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], list[Position]]]:
        """For each game in turn, its rows among these, and their positions."""
        rows = np.sort(rows)
        for part in np.split(rows, np.flatnonzero(np.diff(self._games[rows])) + 1):
            if len(part):
                moves = self._moves(self._names[self._games[part[0]]])
                yield part, [moves[ply].position for ply in self._plies[part]]

    def _moves(self, name: str) -> Sequence[Any]:
        for place, database in enumerate(self._databases):
            try:
                moves = read_game(database, name)
            except RecordError:
                continue
            # The next game is most likely in the same one.
            self._databases.insert(0, self._databases.pop(place))
            return moves
        raise TrainError(f"game {name} is in none of the databases\nhint: leave them as they are while training")


def _views(
    games: _Games,
    samples: NnueSamples,
    rows: NDArray[np.int64],
    *,
    by_seat: bool,
    value_lambda: float,
    is_stopped: Callable[[], bool],
) -> Views:
    """The views of rows."""
    movers, players = samples.movers(), samples.players
    none = np.empty((0, players if by_seat else 1), np.float32)
    parts = [Views.of(samples.board, [], [], none)]
    for part, positions in games(rows):
        if is_stopped():
            raise KeyboardInterrupt
        values = 2 * samples.targets(part, value_lambda) - 1
        if by_seat:
            parts.append(Views.of(samples.board, positions, movers[part].tolist(), values))
        else:
            seen = [position for position in positions for _ in range(players)]
            parts.append(Views.of(samples.board, seen, [*range(players)] * len(part), values.reshape(-1, 1)))
    return Views.joined(parts)


def _check(trainer: UpstreamTrainer, made: UpstreamNnue, games: _Games, rows: NDArray[np.int64]) -> tuple[int, float]:
    """Compares torch with the engine, which has read the file."""
    checked, difference = 0, 0.0
    for _, positions in games(rows[:CHECKED_VIEWS]):
        for seat in range(trainer.players):
            seats = [seat] * len(positions)
            expected = trainer.values(UpstreamNnue.features(trainer.board, positions, seats))
            got = made.evaluate(positions, seats)
            difference = max(difference, float(np.abs(expected - got).max()))
            checked += len(positions)
    if difference > TOLERANCE:
        raise TrainError(
            f"torch and the engine differ by {difference:.1e} about the network in RingRift's layout\n"
            "hint: report this bug"
        )
    return checked, difference
