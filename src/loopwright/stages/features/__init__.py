"""What the model sees of every row: columns, and functions that are the same in training and serving."""

from loopwright.stages.features.steps import build, examine, examples, suspect

__all__ = ["build", "examine", "examples", "suspect"]
