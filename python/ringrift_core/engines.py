"""Searches from Python: `Engine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringrift_core._native import Position, SearchEngine, SearchResult
from ringrift_core.runs import end_of

if TYPE_CHECKING:
    import asyncio
    import os


class Engine:
    """Searches positions of one board and number of players.

    A result depends on the position, the limits and the seed alone, never on earlier searches, unless a time limits the
    search or the engine has several threads. An engine may be used by several threads at once.

        >>> from ringrift_core import Engine, Position
        >>> engine = Engine("mcts:nodes=200", board="hex8", players=3)
        >>> result = engine.search(Position("hex8", 3), seed=1)
        >>> result.nodes, result.values.shape
        (200, (3,))
    """

    def __init__(
        self,
        spec: str = "d6",
        *,
        board: str = "square8",
        players: int = 2,
        nnue: str | os.PathLike[str] | None = None,
    ) -> None:
        """Makes an engine.

        Args:
            spec: A rung of the ladder (`d1` to `d11`), or a kind of engine (`random`, `heuristic`, `minimax`, `brs`,
                `maxn`, `descent`, `mcts`, `gumbel_mcts`), with settings: `mcts:nodes=5000,threads=2`,
                `d6:time_ms=500`. The randomness of a rung is left out.
            board: `square8`, `square19`, `hex8` or `hexagonal` (also `hex`).
            players: Number of players, 2 to 4.
            nnue: File with a network (`.nnue`) that the engine evaluates with, in place of the heuristic evaluation;
                `"none"` for none. By default, rungs of the ladder that use one take it from the folder of models
                (docs/nnue.md), and other engines have none.

        Raises:
            ValueError: Unknown engine, setting or board, a budget of 0, an impossible number of players, or a network
                for another game.
            OSError: A file with weights or a network that cannot be read.
            RecordError: A file with weights that is damaged.
            NetworkFormatError: A network that is damaged.
        """
        self._engine = SearchEngine(spec, board, players, nnue)
        self._board = board
        self._players = players

    @property
    def spec(self) -> str:
        """The engine with all its settings, as text."""
        return self._engine.spec

    def __repr__(self) -> str:
        """The engine as an expression."""
        return f"Engine({self.spec!r}, board={self._board!r}, players={self._players})"

    def search(
        self, position: Position, *, nodes: int | None = None, time_ms: int | None = None, seed: int = 0
    ) -> SearchResult:
        """Searches a position, with the interpreter released; Ctrl-C ends it.

        Args:
            position: A position of the engine's board and number of players, in progress.
            nodes: Most nodes (simulations of tree searches); with neither this nor `time_ms`, the engine's own limits.
            time_ms: Longest time, in milliseconds.
            seed: Seed of what the engine draws, from 0.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            ValueError: A finished game, a position of another board or number of players, or a limit of 0.
        """
        return self._engine.search(position, nodes, time_ms, seed)

    async def search_async(
        self, position: Position, *, nodes: int | None = None, time_ms: int | None = None, seed: int = 0
    ) -> SearchResult:
        """Searches a position on a thread of the module; arguments and errors are those of `search`.

        Cancelling the task ends the search, and waits until it has ended.
        """
        import asyncio

        ended: asyncio.Future[SearchResult]
        ended, handle = self._engine.start(position, nodes, time_ms, seed)
        try:
            # Waiting for it in this way leaves it alone when this task is cancelled.
            await asyncio.wait([ended])
        except GeneratorExit:  # The loop is gone, and nothing can be waited for.
            handle.stop()
            raise
        except BaseException as error:
            handle.stop()
            fault = await end_of(ended)
            if fault is not None:
                raise error from fault
            raise
        return ended.result()
