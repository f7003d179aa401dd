"""Models: baselines that any model must beat, a search that narrows, and checks that training is sane."""

from loopwright.stages.training.material import Configuration, Material
from loopwright.stages.training.steps import baselines, check, choose, finish, search, train

__all__ = ["Configuration", "Material", "baselines", "check", "choose", "finish", "search", "train"]
