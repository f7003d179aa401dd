"""When a new model is trained, on which data, and why."""

from loopwright.stages.retraining.steps import candidates, choose, decide, gather, rule, take, warnings

__all__ = ["candidates", "choose", "decide", "gather", "rule", "take", "warnings"]
