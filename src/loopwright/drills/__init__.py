"""Drills: a fault is put into a copy of the project, and whether it is noticed for what it is becomes evidence."""

from loopwright.drills.drilling import DRILLS, drill
from loopwright.drills.results import DrillResult

__all__ = ["DRILLS", "DrillResult", "drill"]
