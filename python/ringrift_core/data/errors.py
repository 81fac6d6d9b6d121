"""The error of files that are not the training data they should be."""

from ringrift_core._native import RecordError


class ShardError(RecordError):
    """A file of training data that is torn, foreign, of another layout, or does not fit its manifest."""
