"""The native half of ringrift_core."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, final, overload

import numpy as np
import numpy.typing as npt

from ringrift_core.batch import PlayoutBatch

__all__ = [
    "Encoder",
    "IllegalMoveError",
    "Move",
    "MoveSequence",
    "NetworkFormatError",
    "NnueNetwork",
    "NnueSamples",
    "Position",
    "RecordError",
    "RingRiftError",
    "SearchEngine",
    "SearchLine",
    "SearchResult",
    "SearchStop",
    "SelfplayRun",
    "SetupError",
    "UpstreamNnue",
    "__version__",
    "cell_coordinates",
    "cli_main",
    "nnue_backward",
    "nnue_forward",
    "random_playouts",
    "read_game",
    "read_state_json",
    "set_shipped_models",
]

__version__: str

_Floats: TypeAlias = npt.NDArray[np.float32]
_Bits: TypeAlias = npt.NDArray[np.uint8]
_Ints: TypeAlias = npt.NDArray[np.int32]
_Counts: TypeAlias = npt.NDArray[np.uint32]
_Features: TypeAlias = npt.NDArray[np.uint16]
_Rows: TypeAlias = npt.NDArray[np.int64]

class RingRiftError(Exception):
    """Base of all errors of ringrift_core."""

class IllegalMoveError(RingRiftError, ValueError):
    """A move that the rules do not allow in this position."""

class SetupError(RingRiftError, ValueError):
    """A state that breaks the rules. The message lists every violation."""

class RecordError(RingRiftError, ValueError):
    """A game record that is damaged, or that does not follow the rules."""

class NetworkFormatError(RingRiftError, ValueError):
    """A network that is damaged, or that is not made for this program."""

@final
class Move:
    """A legal move of a position. Immutable; equal to the same move of an equal position; picklable.

    Cells are position keys: `"x,y"` on square boards, `"x,y,z"` on hex boards. Seats count from 0.
    """

    @property
    def text(self) -> str:
        """The move in notation, such as `P3,3x2` or `M3,3>3,5`."""
    @property
    def kind(self) -> str:
        """Canonical name of its kind, such as `place_ring` or `no_line_action`."""
    @property
    def position(self) -> Position:
        """The position that it is made from."""
    @property
    def player(self) -> int:
        """Seat that makes it."""
    @property
    def origin(self) -> str | None:
        """Cell that it begins on, or whose stack it takes from."""
    @property
    def target(self) -> str | None:
        """Cell of the captured stack."""
    @property
    def landing(self) -> str | None:
        """Cell that a placement, movement, capture or recovery ends on."""
    @property
    def is_bookkeeping(self) -> bool:
        """Whether the rules leave no choice: the move only records that a phase was visited."""
    def to_json(self) -> str:
        """The move as upstream records it, without null fields."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class MoveSequence:
    """The legal moves of a position, distinct, in no promised order. Items are made when asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Move: ...
    def __iter__(self) -> Iterator[Move]: ...
    def __contains__(self, item: Move | str, /) -> bool: ...
    def texts(self) -> list[str]:
        """All moves in notation, in the order of the sequence."""

@final
class NnueSamples:
    """Positions of recorded games, from which networks of `rrpipe train nnue` learn; in memory, some 100 bytes each.

    A row is a position before a move, as the features of `ringrift-nnue` describe it, with the result of its game and
    the win shares of the search that was made from it, if one was recorded.
    """

    @staticmethod
    def open(
        databases: Sequence[str | os.PathLike[str]],
        board: str,
        players: int,
        *,
        min_moves: int | None = None,
        max_moves: int | None = None,
        sources: Sequence[str] | None = None,
        exclude_sources: Sequence[str] | None = None,
        max_games: int | None = None,
        forced: bool = False,
        every: int = 1,
        min_ply: int | None = None,
        max_ply: int | None = None,
        failed_share_max: float = 0.001,
        cache: str | os.PathLike[str] | None = None,
        threads: int = 0,
        progress: Callable[[int, int, int], object] | None = None,
    ) -> NnueSamples:
        """The samples of replay databases: every finished game of the board and number of players is replayed.

        They do not depend on the number of threads. Databases that are being written to are read as they are at one
        moment.

        Args:
            databases: Files, in the order in which their games are taken; the newest of each come first.
            board: Board name.
            players: Number of players.
            min_moves: Least number of moves of a game.
            max_moves: Greatest number of moves of a game.
            sources: Kinds of sources to take: selfplay, gauntlet, tournament, human, all. All if not given.
            exclude_sources: Kinds of sources to leave out.
            max_games: Most games that give rows.
            forced: Takes positions with one legal move too.
            every: Takes every so many of the positions of a game, from one on that the name of the game draws.
            min_ply: Takes no positions before so many moves.
            max_ply: Takes no positions after so many moves.
            failed_share_max: Greatest share of games that cannot be replayed.
            cache: A file that keeps the samples. It is read if it was made from databases of the same content with the
                same settings by the same version, and is written again if not. A database in use keeps none.
            threads: Number of threads; 0 for one per core.
            progress: Called with the games looked at, the games to look at, and the rows so far.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            OSError: A file cannot be read or written.
            RecordError: A database is damaged, too many games cannot be replayed, or `cache` is another kind of file.
            ValueError: Arguments out of range, no games of the board and number of players, or none that gives a row.
        """
    def __len__(self) -> int:
        """Number of rows."""
    @property
    def board(self) -> str:
        """Board name."""
    @property
    def players(self) -> int:
        """Number of players."""
    @property
    def feature_count(self) -> int:
        """Number of features; those in batches are below it."""
    @property
    def feature_hash(self) -> int:
        """What the features mean, as a number of 64 bits; networks have the same."""
    @property
    def game_count(self) -> int:
        """Number of games that gave rows."""
    @property
    def memory_bytes(self) -> int:
        """Memory of the rows."""
    @property
    def cache(self) -> str:
        """What became of the file: `off`, `loaded`, `written`, or `rewritten` or `not written` with the reason."""
    def report_json(self) -> str:
        """What was read and left out, as JSON: games, rows, rows with a search, games dropped by reason, failures."""
    def game_ids(self) -> list[str]:
        """Names of the games, in the order of their rows."""
    def games(self) -> _Counts:
        """For each row, its game: uint32[rows]."""
    def plies(self) -> _Counts:
        """For each row, the moves before it: uint32[rows]."""
    def plies_left(self) -> _Counts:
        """For each row, the moves from it to the end: uint32[rows]."""
    def movers(self) -> _Bits:
        """For each row, the seat to move, from 0: uint8[rows]."""
    def buckets(self) -> _Bits:
        """For each row, its output bucket: uint8[rows]."""
    def has_search(self) -> npt.NDArray[np.bool_]:
        """For each row, whether a search was recorded: bool[rows]."""
    def search_values(self) -> _Floats:
        """Win shares of the searches by seat, NaN where none was recorded: float32[rows, players]."""
    def split(self, shares: str) -> list[_Rows]:
        """Rows of train, validation and holdout, int64 each: whole games, in the parts of `rrpipe export --split`.

        Args:
            shares: Shares of the three, such as `0.9,0.05,0.05`.

        Raises:
            ValueError: Shares that make no sense.
        """
    def batch(
        self, rows: _Rows, symmetries: _Bits | None = None, value_lambda: float = 1.0, threads: int = 0
    ) -> tuple[_Ints, _Features, _Bits, _Floats]:
        """Rows for a network, in any order and as often as they are named.

        Args:
            rows: Rows: int64[batch].
            symmetries: The symmetry that turns or mirrors each row, counted as in `Encoder`: uint8[batch]; none leaves
                them as they are.
            value_lambda: Share of the result in the targets, 0 to 1; the rest is the search's, where one was recorded.
            threads: Number of threads; 0 for the common pool, one per core.

        Returns:
            Offsets int32[batch * players + 1], features uint16[...], output buckets uint8[batch], targets
            float32[batch, players] by seat. Features from `offsets[i * players + s]` on, up to the next offset, are
            those of row `i` as seat `s` sees it, in no order.

        Raises:
            ValueError: A row or symmetry that there is not, or arguments out of range.
        """
    def targets(self, rows: _Rows, value_lambda: float = 1.0) -> _Floats:
        """The targets that `batch` gives to rows: float32[batch, players].

        Raises:
            ValueError: A row that there is not, or `value_lambda` out of range.
        """

@final
class UpstreamNnue:
    """A network in upstream's layout, evaluated as `ai-service` does. Immutable. Seats count from 0.

    `docs/nnue-upstream.md` describes which files are read. Nothing in a file is run.
    """

    @staticmethod
    def load(path: str | os.PathLike[str]) -> UpstreamNnue:
        """Reads a `.pt` or `.safetensors` file.

        Args:
            path: The file.

        Raises:
            NetworkFormatError: It holds no network that could be evaluated as upstream does; the message says why.
            OSError: It cannot be read.
        """
    @staticmethod
    def save(
        path: str | os.PathLike[str],
        tensors: Mapping[str, npt.NDArray[np.float32]],
        *,
        players: int | None = None,
        metadata: str = "{}",
    ) -> UpstreamNnue:
        """Writes a `.pt` file, whole or not at all, and returns the network. Equal arguments give equal files.

        Args:
            path: The file; one that is there is replaced.
            tensors: The state of the model. Names and shapes say which architecture it is.
            players: Number of players to note in the file.
            metadata: The other keys of the file: the text of a JSON object. Those that the tensors show are added.

        Raises:
            NetworkFormatError: The tensors are no network of upstream, or the metadata say otherwise.
            ValueError: `players` or `metadata` is none.
            TypeError: A tensor is no array of float32.
            OSError: The file cannot be written.
        """
    @staticmethod
    def features(board: str, positions: Iterable[Position], seats: Iterable[int], *, version: int = 3) -> _Floats:
        """Upstream's features of positions.

        Args:
            board: Board name.
            positions: Positions on that board.
            seats: Who looks at each of them.
            version: Version of the features: 1, 2 or 3.

        Returns:
            float32[rows, D], D as upstream has it for board and version.

        Raises:
            NetworkFormatError: A position is on another board.
            ValueError: Unknown board or version, or a seat that there is not.
        """
    def evaluate(self, positions: Iterable[Position], seats: Iterable[int]) -> _Floats:
        """Values of positions.

        Args:
            positions: Positions on the board of the network.
            seats: Who looks at each of them.

        Returns:
            float32[rows, outputs] in [-1, 1]: the value for the player who looks, or of all players by seat.

        Raises:
            NetworkFormatError: A position of another board or number of players.
            ValueError: A seat that there is not.
        """
    def policy(self, positions: Iterable[Position], seats: Iterable[int]) -> tuple[_Floats, _Floats]:
        """Scores of the cells that moves start from, and of those that they end on: float32[rows, side * side] each.

        Cells count as in the features. Arguments and exceptions are those of `evaluate`, and `ValueError` without a
        policy.
        """
    def tensors(self) -> dict[str, _Floats]:
        """The state of the model, by the names that upstream has."""
    @property
    def kind(self) -> str:
        """Upstream's class: RingRiftNNUE, MultiPlayerNNUE or RingRiftNNUEWithPolicy."""
    @property
    def board(self) -> str:
        """Board name."""
    @property
    def players(self) -> int | None:
        """Number of players, if the file says it or the network gives so many values."""
    @property
    def width(self) -> int:
        """Width of the accumulator."""
    @property
    def outputs(self) -> int:
        """Number of values."""
    @property
    def version(self) -> str:
        """Upstream's version of the architecture that the tensors show."""
    @property
    def feature_version(self) -> int:
        """Version of the features: 1, 2 or 3."""
    @property
    def sha256(self) -> str | None:
        """Hash of the file."""
    @property
    def metadata(self) -> str:
        """The other keys of the file, as JSON."""

@final
class Position:
    """A game state. Immutable, hashable, picklable; positions are equal when every later game from them is.

    Seats count from 0, players' numbers in files from 1.
    """

    def __new__(
        cls,
        board: str = "square8",
        players: int = 2,
        *,
        rings_per_player: int | None = None,
        lps_rounds: int = 3,
        swap_rule: bool = False,
    ) -> Position:
        """The start of a game.

        Args:
            board: `square8`, `square19`, `hex8` or `hexagonal` (also `hex`).
            players: Number of players, 2 to 4.
            rings_per_player: Rings in each hand; the board's number if not given.
            lps_rounds: Exclusive rounds that win by last player standing.
            swap_rule: Whether the second of two players may swap sides.

        Raises:
            ValueError: Unknown board, or an impossible number of players.
            SetupError: Parameters that no game can have.
        """
    @staticmethod
    def from_text(text: str) -> Position:
        """Reads the one-line notation that `to_text` writes.

        Raises:
            SetupError: The text cannot be read, or the state breaks rules; all of them are listed.
        """
    @staticmethod
    def from_json(text: str, *, ring_order: str = "bottom_to_top") -> Position:
        """Reads a game state as upstream writes it, in camelCase or snake_case.

        Args:
            text: The JSON object.
            ring_order: `bottom_to_top` for states of upstream's Python service, `top_to_bottom` for those of its
                TypeScript engine.

        Raises:
            SetupError: The text is no such object, or the state breaks rules; all faults are listed.
        """
    def to_text(self) -> str:
        """The position in one line; `from_text` reads it back."""
    def to_json(self) -> str:
        """The game state as upstream writes it. The move history is empty: a position does not hold it."""
    def to_canonical(self) -> str:
        """The canonical state text of recorded traces, many lines."""
    def to_svg(
        self,
        *,
        width: int | None = None,
        scheme: str = "auto",
        before: Position | None = None,
        played: Move | None = None,
    ) -> str:
        """A picture of the position as an SVG document.

        Args:
            width: Width in pixels; the natural size if not given.
            scheme: `auto` (as the reader's device prefers), `light` or `dark`.
            before: The position before `played`.
            played: The move that led here, drawn as an arrow.

        Raises:
            ValueError: Unknown scheme, or a move that is not legal in `before`.
        """
    @property
    def board(self) -> str:
        """Board name."""
    @property
    def players(self) -> int:
        """Number of players."""
    @property
    def phase(self) -> str:
        """Phase of the turn, such as `ring_placement`; `game_over` at the end."""
    @property
    def to_move(self) -> int:
        """Seat to move; the winner's once the game is over."""
    @property
    def plies(self) -> int:
        """Moves made so far, bookkeeping moves included."""
    @property
    def turn(self) -> int:
        """Turns begun so far, from 1."""
    @property
    def is_over(self) -> bool:
        """Whether the game has ended."""
    @property
    def winner(self) -> int | None:
        """Seat that won."""
    @property
    def end_reason(self) -> str | None:
        """`ring_elimination`, `territory`, `last_player_standing` or `stalemate`."""
    @property
    def ranks(self) -> list[int] | None:
        """Final rank by seat, 1 for the winner; equal players share a rank (RR-CANON-R175 to R178)."""
    def returns(self) -> npt.NDArray[np.float32]:
        """Returns of a finished game: float32[players] in [-1, 1], by seat, summing to 0.

        Rank 1 is worth 1, the last rank -1, those between are spaced evenly; all 0 while the game goes on.
        """
    @property
    def hands(self) -> list[int]:
        """Rings in hand, by seat."""
    @property
    def eliminated(self) -> list[int]:
        """Rings that each player caused to be eliminated, by seat."""
    @property
    def territory(self) -> list[int]:
        """Territory counters, by seat."""
    @property
    def victory_threshold(self) -> int:
        """Eliminated rings that win."""
    @property
    def territory_needed(self) -> int:
        """Collapsed cells that win, if they are more than those of all others together."""
    def cells(self) -> npt.NDArray[np.int16]:
        """The board: int16[cells, 4] with kind, owner, height, cap height.

        Kind is 0 empty, 1 marker, 2 stack, 3 collapsed; owner is a seat, or -1 on empty cells; the heights are 0
        without a stack. Rows are in the order of `cell_coordinates`.
        """
    def rings(self, cell: str) -> list[int]:
        """Owners of the rings on a cell, bottom to top, as seats; empty without a stack.

        Raises:
            ValueError: `cell` is no position key of the board.
        """
    def legal_moves(self) -> MoveSequence:
        """The legal moves: at least one while the game goes on, none afterwards."""
    def parse_move(self, text: str) -> Move:
        """The legal move of a notation.

        Raises:
            IllegalMoveError: The text is no move, or no legal one here.
        """
    def move_from_json(self, text: str) -> Move:
        """The legal move of an upstream move record.

        Raises:
            IllegalMoveError: The text is no such record, or no legal move here.
        """
    def make_move(self, played: Move | str) -> Position:
        """The position after a move, given as such or in notation; this position stays as it is.

        Raises:
            IllegalMoveError: The move is not legal here.
        """
    @property
    def state_hash(self) -> str:
        """The state hash that game records carry: 16 hex digits."""
    @property
    def zobrist(self) -> int:
        """The zobrist hash that recorded states carry."""
    @property
    def key(self) -> int:
        """64-bit hash of all that later moves depend on, for tables; differs between versions of this package."""
    def perft(self, depth: int) -> int:
        """Number of paths of `depth` legal moves. Releases the interpreter and answers Ctrl-C.

        Raises:
            ValueError: `depth` is above 64.
        """
    def _repr_svg_(self) -> str:
        """The picture that notebooks show."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class NnueNetwork:
    """A network of a `.nnue` file: one score per seat, for one board and number of players. Immutable.

    `docs/nnue-format.md` describes the file and what is computed.
    """

    @staticmethod
    def load(path: str | os.PathLike[str]) -> NnueNetwork:
        """Reads a file.

        Args:
            path: The file.

        Raises:
            NetworkFormatError: It is no network that this program can use; the message says why.
            OSError: It cannot be read.
        """
    @staticmethod
    def save_parts(
        path: str | os.PathLike[str],
        *,
        board: str,
        players: int,
        feature_weights: npt.NDArray[np.int16],
        feature_biases: npt.NDArray[np.int16],
        l1_weights: npt.NDArray[np.int8],
        l1_biases: npt.NDArray[np.int32],
        l2_weights: npt.NDArray[np.int8],
        l2_biases: npt.NDArray[np.int32],
        out_weights: npt.NDArray[np.int8],
        out_biases: npt.NDArray[np.int32],
        lineage: str,
    ) -> NnueNetwork:
        """Writes a file of these arrays, whole or not at all, and returns the network.

        With F features, width H (a multiple of 64, at most 1024), K = 4 buckets and n players. Weights of features are
        real numbers times 255, other weights times 64, other biases times 8128.

        Args:
            path: The file; one that is there is replaced.
            board: Board name.
            players: Number of players.
            feature_weights: Shape [F, H].
            feature_biases: Shape [H].
            l1_weights: Shape [K, 16, n * H / 2]; inputs by seat, the own one first.
            l1_biases: Shape [K, 16].
            l2_weights: Shape [K, 32, 16].
            l2_biases: Shape [K, 32].
            out_weights: Shape [K, 32].
            out_biases: Shape [K].
            lineage: Where the network comes from: the text of a JSON object, at most 64 KiB.

        Raises:
            NetworkFormatError: Sums could overflow, or the lineage or the width is none.
            ValueError: Unknown board or number of players, or an array of another shape.
            TypeError: An argument that is no array, or one of another type.
            OSError: The file cannot be written.
        """
    @staticmethod
    def random(board: str, players: int, width: int = 256, seed: int = 0) -> NnueNetwork:
        """A network of random weights, for tests and measurements. Equal arguments give equal networks.

        Raises:
            ValueError: Unknown board, number of players or width.
        """
    @staticmethod
    def feature_count(board: str, players: int) -> int:
        """Number of features F of a board and number of players."""
    def parts(self) -> dict[str, npt.NDArray[np.int16] | npt.NDArray[np.int8] | npt.NDArray[np.int32]]:
        """The arrays by the names that `save_parts` has for them."""
    def to_bytes(self) -> bytes:
        """The bytes of the file."""
    def evaluate(self, positions: Iterable[Position]) -> _Floats:
        """Logits of all seats; the softmax over a row gives win shares. Integer inside: equal on every machine.

        Args:
            positions: Positions of the network's board and number of players; finished ones get logits too.

        Returns:
            f32[rows, players].

        Raises:
            NetworkFormatError: A position of another board or number of players.
            TypeError: Something that is no position.
        """
    def evaluate_features(self, offsets: _Ints, features: _Features, buckets: _Bits) -> _Floats:
        """Logits of the rows of a batch of `NnueSamples`: float32[rows, players], as those of `evaluate`.

        Raises:
            ValueError: Arrays that do not fit together, or features that the network does not have.
        """
    @property
    def board(self) -> str:
        """Board name."""
    @property
    def players(self) -> int:
        """Number of players."""
    @property
    def width(self) -> int:
        """Width H of the accumulators."""
    @property
    def feature_hash(self) -> int:
        """Tells the meaning of the features; equal for networks that take the same inputs."""
    @property
    def sha256(self) -> str:
        """Digest of the file, in hexadecimal digits."""
    @property
    def lineage(self) -> str:
        """Where the network comes from: the text of a JSON object."""
    @property
    def simd(self) -> str:
        """Instruction set in use: `avx512`, `avx2`, `neon` or `scalar`. Results do not depend on it."""

@final
class Encoder:
    """Positions as network inputs, and moves as policy indices. Immutable, hashable, picklable.

    Rows are as `rrpipe export` writes them: planes as the player to move sees the board, and globals. `docs/data.md`
    and `description` tell what they mean.
    """

    def __new__(
        cls,
        name: str,
        board: str,
        players: int,
        history: int = 3,
        feature_version: int = 2,
        policy: str | None = None,
        history_mode: str = "recorded",
    ) -> Encoder:
        """An encoder for one board and number of players.

        Args:
            name: `square` for square8 and square19, `hex_v2` or `hex_v3` for hex8 and hexagonal, `rr1` for all.
            board: Board name.
            players: Number of players.
            history: Earlier positions in each row, 0 to 32.
            feature_version: Version of the globals of hex boards, 1 or 2; `rr1` and `square` do not look at it.
            policy: `board_aware` (taken if not given) or `legacy_max_n`; `rr1` has its own, `rr1`.
            history_mode: What earlier frames hold: `recorded` positions, `zeros`, or `repeat` for the current one
                again; `rr1` has recorded ones.

        Raises:
            ValueError: Unknown names, numbers out of range, or an encoder of other boards.
        """
    @property
    def name(self) -> str:
        """Name of the encoder."""
    @property
    def board(self) -> str:
        """Board name."""
    @property
    def players(self) -> int:
        """Number of players."""
    @property
    def history(self) -> int:
        """Earlier positions in each row."""
    @property
    def history_mode(self) -> str:
        """What earlier frames hold."""
    @property
    def feature_version(self) -> int:
        """Version of the globals."""
    @property
    def policy(self) -> str:
        """Name of the policy layout."""
    @property
    def planes(self) -> int:
        """Planes of a row, those of earlier positions included."""
    @property
    def side(self) -> int:
        """Rows and columns of a plane."""
    @property
    def packed_bytes(self) -> int | None:
        """Bytes of a packed plane, of `rr1`."""
    @property
    def globals(self) -> int:
        """Globals of a row."""
    @property
    def policy_size(self) -> int:
        """Number of policy indices."""
    @property
    def layout_digest(self) -> str | None:
        """Digest of what each plane, global and index of `rr1` means, as manifests have it."""
    @property
    def plane_names(self) -> list[str] | None:
        """Names of the planes of `rr1`."""
    @property
    def global_names(self) -> list[str] | None:
        """Names of the globals of `rr1`."""
    @property
    def description(self) -> str | None:
        """The whole layout of `rr1` as text: planes, globals, their meanings, blocks of the policy."""
    @property
    def symmetries(self) -> int:
        """Number of symmetries of the board: 8 on square boards, 12 on hex boards; number 0 changes nothing."""
    def plane_symmetries(self) -> npt.NDArray[np.int32]:
        """What symmetries do to planes: int32[symmetries, side * side], the source of each element, or -1 for 0.

        All planes go the same way, those of earlier positions too, and globals stay:
        `numpy.where(table[k] < 0, 0, planes.reshape(n, c, -1)[..., table[k]])` are the planes of the image. Packed
        planes have to be unpacked first (`numpy.unpackbits(planes, axis=-1, count=side * side, bitorder="little")`).
        """
    def policy_symmetries(self) -> npt.NDArray[np.int32]:
        """What symmetries do to policy indices: int32[symmetries, policy_size], the index of the image, or -1.

        The move of index `i` becomes the move of index `table[k, i]` on the image of the position. It is -1 where the
        index has no image, or where that depends on the position: regions always, and `process_line` of upstream's
        layouts on square boards. A row with such an index among its targets has to stay as it is.
        """
    def image(self, position: Position, symmetry: int) -> Position:
        """The position, turned or mirrored by the symmetry of a number.

        Raises:
            ValueError: Another board or number of players, or no such symmetry.
        """
    @overload
    def encode(
        self,
        positions: Iterable[Position | Move],
        *,
        out: tuple[_Floats, _Floats] | None = None,
        packed: Literal[False] = False,
        threads: int = 1,
    ) -> tuple[_Floats, _Floats]:
        """Planes and globals of positions, each for itself: earlier frames are as at the start of a game.

        Releases the interpreter. A move stands for the position that it is made from.

        Args:
            positions: Positions of the encoder's board and number of players, or moves.
            out: Arrays for planes and globals, contiguous and of the shapes below; they are written and returned.
            packed: Whether planes are bits, of `rr1` only.
            threads: Number of threads; 0 for one per core, which processes that were forked from one that has used such
                threads must not ask for.

        Returns:
            Planes float32[n, planes, side, side], or packed uint8[n, planes, packed_bytes] in little bit order, and
            globals float32[n, globals].

        Raises:
            TypeError: An item is no position and no move, or an `out` is no array.
            ValueError: A position of another board or number of players, an `out` of another type or shape, or no
                packed form.
        """
    @overload
    def encode(
        self,
        positions: Iterable[Position | Move],
        *,
        out: tuple[_Bits, _Floats] | None = None,
        packed: Literal[True],
        threads: int = 1,
    ) -> tuple[_Bits, _Floats]: ...
    @overload
    def encode_line(
        self,
        line: Iterable[Position | Move],
        *,
        out: tuple[_Floats, _Floats] | None = None,
        packed: Literal[False] = False,
    ) -> tuple[_Floats, _Floats]:
        """Planes and globals of a line of play from its start: the items before each are its earlier positions.

        Otherwise as `encode`. The moves that `read_game` gives are such a line.
        """
    @overload
    def encode_line(
        self,
        line: Iterable[Position | Move],
        *,
        out: tuple[_Bits, _Floats] | None = None,
        packed: Literal[True],
    ) -> tuple[_Bits, _Floats]: ...
    @overload
    def encode_games(
        self,
        lines: Iterable[Iterable[Position | Move]],
        *,
        out: tuple[_Floats, _Floats] | None = None,
        packed: Literal[False] = False,
        threads: int = 1,
    ) -> tuple[_Floats, _Floats]:
        """The rows of `encode_line` for several lines, one line after the other."""
    @overload
    def encode_games(
        self,
        lines: Iterable[Iterable[Position | Move]],
        *,
        out: tuple[_Bits, _Floats] | None = None,
        packed: Literal[True],
        threads: int = 1,
    ) -> tuple[_Bits, _Floats]: ...
    def policy_index(self, position: Position, moves: Iterable[Move | str]) -> npt.NDArray[np.int64]:
        """Policy indices of legal moves, given as such or in notation: int64[moves], -1 where the layout has none.

        Raises:
            IllegalMoveError: A move is not legal in the position.
            ValueError: Another board or number of players.
        """
    def legal_indices(self, position: Position) -> npt.NDArray[np.int64]:
        """Policy indices of all legal moves, in the order of `Position.legal_moves`: int64[moves], -1 for none."""
    def moves_at(self, position: Position, index: int) -> list[Move]:
        """The legal moves that a policy index stands for; at most one with `rr1`.

        Raises:
            ValueError: No such index, or another board or number of players.
        """
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class SearchLine:
    """What a search knows of one legal move. Immutable."""

    @property
    def move(self) -> Move:
        """The move."""
    @property
    def visits(self) -> int:
        """Work that went into it: simulations of a tree search, nodes of a depth-first one."""
    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Win shares after the move: float64[players] in [0, 1], by seat, summing to 1."""
    @property
    def exact(self) -> bool:
        """Whether `values` are an estimate; if not, the bound that refuted the move."""
    @property
    def policy(self) -> float:
        """Probability with which the search would play it, in [0, 1], summing to 1 over all lines."""
    @property
    def pv(self) -> list[Move]:
        """The moves that are expected, this one first; each is a move of the position that the ones before lead to."""

@final
class SearchResult:
    """What a search found. Immutable."""

    @property
    def position(self) -> Position:
        """The position that was searched."""
    @property
    def best(self) -> Move:
        """The chosen move."""
    @property
    def score(self) -> float:
        """Score for the seat to move against the best opponent, in points of the evaluation.

        A proven win is 100000 less the plies to the end, a proven loss the negative of that.
        """
    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Win shares of the position: float64[players] in [0, 1], by seat, summing to 1."""
    @property
    def lines(self) -> list[SearchLine]:
        """One line per legal move: the chosen one, then by policy, win share of the seat to move, and visits."""
    @property
    def nodes(self) -> int:
        """Nodes that were spent: positions made by a move, or simulations of a tree search."""
    @property
    def evaluations(self) -> int:
        """Evaluations of single seats."""
    @property
    def depth(self) -> int:
        """Depth that was completed, in the engine's own measure."""
    @property
    def elapsed(self) -> float:
        """Seconds that it took."""
    @property
    def ended(self) -> str:
        """Why it ended: `nodes`, `time`, `depth`, `solved`, `stopped` or `memory`."""

@final
class SearchEngine:
    """An engine for one board and number of players. Private: call `ringrift_core.Engine`, which documents it."""

    def __new__(cls, spec: str, board: str, players: int, nnue: str | os.PathLike[str] | None) -> SearchEngine:
        """Reads the specification."""
    @property
    def spec(self) -> str:
        """The engine with all its settings."""
    def search(self, position: Position, nodes: int | None, time_ms: int | None, seed: int) -> SearchResult:
        """Searches in this thread, the interpreter released."""
    def start(
        self, position: Position, nodes: int | None, time_ms: int | None, seed: int
    ) -> tuple[asyncio.Future[SearchResult], SearchStop]:
        """Searches on a thread of the module; the future belongs to the running loop.

        Cancelling the future does not end the search: `stop` does.
        """

@final
class SearchStop:
    """Ends a search that was started."""

    def stop(self) -> None:
        """Ends it at its next look; its future gets what was found."""

@final
class SelfplayRun:
    """A run of recorded games. Private: call `ringrift_core.selfplay`, which documents the options and errors.

    Runs are played once, by `play` or by `start`.
    """

    def __new__(
        cls,
        *,
        board_type: str,
        num_players: int,
        num_games: int,
        engine_mode: str,
        max_moves: int | None,
        seed: int | None,
        jobs: int,
        log_jsonl: str | os.PathLike[str] | None,
        no_log: bool,
        record_db: str | os.PathLike[str] | None,
        lean_db: bool,
        nodes: int | None,
        think_time_ms: int | None,
        nnue: str | os.PathLike[str] | None,
        opening_random_moves: int,
        swap_rule: bool,
        swap_sides_probability: float,
        heuristic_weights_file: str | os.PathLike[str] | None,
        heuristic_profile: str | None,
        state_pool_output: str | os.PathLike[str] | None,
        state_pool_max_states: int,
        state_pool_sampling_interval: int,
        resume_from_jsonl: bool,
        checkpoint_interval: int,
        fail_on_anomaly: bool,
    ) -> SelfplayRun:
        """Checks the options; touches no file that is written."""
    @property
    def progress(self) -> tuple[int, int]:
        """Games recorded so far, those before a resume included, and moves recorded by this call."""
    def play(self, progress: Callable[[int, int], object] | None) -> str:
        """Plays the games in this thread, the interpreter released, and returns the summary as JSON.

        Args:
            progress: Called with the values of `progress` when they have changed.
        """
    def start(self) -> asyncio.Future[str]:
        """Plays the games on threads of the module; the future belongs to the running loop and gets the summary.

        Cancelling the future does not end the run: `stop` does.
        """
    def stop(self) -> None:
        """Ends a run that was started: games in progress vanish, those before them are recorded."""

def nnue_forward(
    weights: _Floats,
    biases: _Floats,
    offsets: _Ints,
    features: _Features,
    threads: int = 0,
    out: _Floats | None = None,
) -> _Floats:
    """Sums of rows: `out[i] = biases + weights[features[offsets[i]:offsets[i + 1]]].sum(0)`.

    The bits are the same for any number of threads.

    Args:
        weights: float32[features, width], C order, as all arrays here.
        biases: float32[width].
        offsets: int32[lists + 1], from 0 to the number of features in all lists.
        features: uint16[...], below the number of rows.
        threads: Number of threads; 0 for one per core.
        out: float32[lists, width] to write to; a new array if not given.

    Raises:
        ValueError: Shapes that do not fit together, offsets or features out of range.
    """

def nnue_backward(
    gradients: _Floats,
    offsets: _Ints,
    features: _Features,
    grad_weights: _Floats,
    threads: int = 0,
    grad_biases: _Floats | None = None,
) -> None:
    """Gradients of `nnue_forward`, with the same bits for any threads.

    Args:
        gradients: Of its result: float32[lists, width].
        offsets: As it had them.
        features: As it had them.
        grad_weights: Overwritten with those of the weights: float32[features, width].
        threads: Number of threads; 0 for one per core.
        grad_biases: Overwritten with those of the biases: float32[width].

    Raises:
        ValueError: Shapes that do not fit together, offsets or features out of range.
    """

def random_playouts(
    position: Position, count: int, *, seed: int = 0, max_moves: int | None = None, threads: int = 0
) -> PlayoutBatch:
    """Plays `count` games of uniformly random moves, on all cores, with the interpreter released.

    Game `i` depends on `seed` and `i` alone, never on `threads`. Ctrl-C stops the batch.

    Args:
        position: Where the games start.
        count: Number of games.
        seed: Seed of the batch.
        max_moves: Moves after which a game is stopped; the training environment's limit if not given.
        threads: Number of threads; 0 for one per core.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        ValueError: Too many threads.
    """

def read_game(database: str | os.PathLike[str], game_id: str) -> list[Move]:
    """The moves of a game in a replay database, in order; `Encoder.encode_line` encodes the positions before them.

    Raises:
        OSError: The database cannot be read.
        RecordError: It has no such game, or the game cannot be replayed.
    """

def read_state_json(text: str, *, ring_order: str = "bottom_to_top") -> tuple[Position, list[str]]:
    """Reads a game state like `Position.from_json`, with the cells of its markers in the order of the file.

    The rules do not look at that order; one feature of upstream's heuristic does.
    """

def cell_coordinates(board: str) -> npt.NDArray[np.int16]:
    """Coordinates `x, y` of a board's cells: int16[cells, 2], in the order of `Position.cells`.

    On hex boards the third cube coordinate is `-x - y`.
    """

def set_shipped_models(folder: str | os.PathLike[str]) -> None:
    """Say where the models lie that came with the package: the first call counts. Private: the package calls it."""

def cli_main(argv: Sequence[str]) -> int:
    """Run one `rrpipe` command line, `argv[0]` being the program's name, and return its exit status."""
