"""Why a training run cannot begin or go on."""


class TrainError(Exception):
    """A run that cannot begin or go on. The text says why, and after a line `hint:` what to do."""

    status = 4
    """Exit status of the command: damaged or impossible input."""


class TrainUsageError(TrainError):
    """Settings that contradict each other or lie out of range."""

    status = 2


class TrainUnavailableError(TrainError, ImportError):
    """This Python environment lacks what was asked for."""

    status = 6
