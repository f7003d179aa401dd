"""What the model is to learn, for every row."""

from loopwright.stages.labels.steps import label

__all__ = ["label"]
