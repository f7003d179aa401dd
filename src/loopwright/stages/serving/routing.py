"""Which model answers whom: a keyed hash decides, so that the answer is the same everywhere and after any restart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from loopwright.records import Deployment

__all__ = ["Arm", "Assignment", "assign", "entity_hash", "position"]

Arm = Literal["champion", "challenger"]

_DIGITS = 13                      # hexadecimal digits that fill a float: 52 of its 53 bits
_HELD_BACK = b"held back"         # personalises the hash: what it says has nothing to do with the arm


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What an entity is given under a deployment.

    Attributes
    ----------
    arm : {"champion", "challenger"}
        The model whose answer is given.
    propensity : float
        Probability, over the salts that the release might have drawn, with which the entity is given this arm.
    held_back : bool
        The caller is told to do without the model.
    """

    arm: Arm
    propensity: float
    held_back: bool


def entity_hash(text: str, *, salt: str) -> str:
    """Return what an entity is called in the log: a keyed hash that cannot be undone without the key.

    Parameters
    ----------
    text : str
        The value of the group column, or the id of the request.
    salt : str
        The key. With the same one, the same entity is recognised.

    Returns
    -------
    str
        128 bits in hex.

    References
    ----------
    RFC 7693, The BLAKE2 Cryptographic Hash and Message Authentication Code.

    Examples
    --------
    >>> entity_hash("taxi-17", salt="pepper")
    'd52f59f63d36f3a9ed945ef4c2034c65'
    """
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=_key(salt)).hexdigest()


def position(entity_hash: str) -> float:
    """Return where on the line from 0 up to, and without, 1 a hash lies; hashes are spread evenly over it.

    Examples
    --------
    >>> position("80000000000000000000000000000000")
    0.5
    """
    return int(entity_hash[:_DIGITS], 16) / 16.0**_DIGITS


def assign(entity: str, deployment: Deployment) -> Assignment:
    """Return what an entity is given: always the same, as long as the share does not pass its position.

    Positions below the share belong to the challenger. So a growing share only takes entities from the champion, and
    nobody changes back and forth. Positions depend on the salt of the deployment: the next release draws anew, so
    that it is not always the same people who try what is new.

    Parameters
    ----------
    entity : str
        Its hash, by `entity_hash`.
    deployment : Deployment

    Examples
    --------
    >>> from loopwright.records import Ref
    >>> state = Deployment(
    ...     name="taxi", stage="canary", champion=Ref(kind="model", digest="a"),
    ...     challenger=Ref(kind="model", digest="b"), share=0.25, held_back=0.0, salt="pepper", step=1, awaiting=False,
    ...     event="advance", by="rule", why="200 answers",
    ... )
    >>> given = [assign(entity_hash(str(number), salt="pepper"), state) for number in range(1000)]
    >>> sum(each.arm == "challenger" for each in given)
    242
    >>> sorted({(each.arm, each.propensity) for each in given})
    [('challenger', 0.25), ('champion', 0.75)]
    """
    held_back = deployment.held_back > 0 and _drawn(entity, deployment.salt, _HELD_BACK) < deployment.held_back
    if deployment.stage != "canary":
        return Assignment(arm="champion", propensity=1.0, held_back=held_back)
    if _drawn(entity, deployment.salt) < deployment.share:
        return Assignment(arm="challenger", propensity=deployment.share, held_back=held_back)
    return Assignment(arm="champion", propensity=1.0 - deployment.share, held_back=held_back)


def _drawn(entity: str, salt: str, purpose: bytes = b"") -> float:
    text = entity.encode("utf-8", "surrogatepass")
    return position(blake2b(text, digest_size=16, key=_key(salt), person=purpose).hexdigest())


@lru_cache(maxsize=64)
def _key(salt: str) -> bytes:
    """Return a key of the length that the hash takes, whatever the salt's."""
    return blake2b(salt.encode("utf-8", "surrogatepass"), digest_size=32).digest()
