"""How a search is divided into rounds, and where its seeds come from."""

from __future__ import annotations

import hashlib

from loopwright.settings import CandidateSettings, TrainingSettings

__all__ = ["seed_of", "shares"]


def shares(settings: TrainingSettings, candidate: CandidateSettings) -> list[int]:
    """Return the trials of each round; the first, which sees the whole space, takes what does not divide.

    Examples
    --------
    >>> from loopwright.settings import Range
    >>> wide = CandidateSettings(estimator="a.B", search={"x": Range(low=0, high=1)})
    >>> shares(TrainingSettings(trials=11, rounds=3), wide)
    [5, 3, 3]
    >>> shares(TrainingSettings(trials=11, rounds=3), CandidateSettings(estimator="a.B"))
    [1]
    """
    if not candidate.search:
        return [1]
    rounds = min(settings.rounds, settings.trials)
    each = settings.trials // rounds
    return [settings.trials - each * (rounds - 1)] + [each] * (rounds - 1)


def seed_of(root: int, name: str) -> int:
    """Return a seed for a named purpose, so that adding a purpose does not change the others.

    Examples
    --------
    >>> seed_of(0, "a") == seed_of(0, "a"), seed_of(0, "a") == seed_of(0, "b")
    (True, False)
    """
    return int.from_bytes(hashlib.sha256(f"{root}/{name}".encode()).digest()[:4], "big")
