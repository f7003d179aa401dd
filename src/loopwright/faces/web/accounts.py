"""Who may do what on the pages: names, roles, and passwords that are kept only as hashes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from loopwright.errors import LoopwrightError
from loopwright.store.metadata import Mark

__all__ = ["MARK", "Account", "Body", "Cost", "Role", "account", "allows", "closed", "made", "verified"]

MARK = "user"
"""The kind of mark under which the metadata store keeps users; the key is the name."""

Role = Literal["viewer", "operator", "admin"]
Body: TypeAlias = dict[str, str | int | float | bool | list[str] | None]

_ROLES: tuple[Role, ...] = get_args(Role)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SHORTEST, _LONGEST = 10, 1024  # characters of a password
_HASH_BYTES = 32

# One at a time: each takes memory and time on purpose, and a flood of sign-ins must not take all there is.
_HASHING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """How dear it is to try a password: scrypt takes ``128 * r * n`` bytes, and time in proportion to ``n * r * p``.

    References
    ----------
    C. Percival, S. Josefsson: The scrypt Password-Based Key Derivation Function, RFC 7914 (2016).
    """

    n: int = 1 << 14
    r: int = 8
    p: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in.

    Attributes
    ----------
    name : str
    role : {"viewer", "operator", "admin"}
        Each may do what those before it may.
    stamp : str
        Changes with the password, so that sessions from before it end; not the hash itself.
    """

    name: str
    role: Role
    stamp: str


def made(name: str, password: str, *, role: str, cost: Cost | None = None) -> Body:
    """Return the body of the mark that makes somebody a user, or gives one a new password or role.

    Parameters
    ----------
    name : str
        1 to 64 letters, digits, and ``. _ @ -``.
    password : str
        At least 10 characters, and not the name.
    role : str
        ``"viewer"``, ``"operator"`` or ``"admin"``.
    cost : Cost, optional
        Of trying a password; the default takes 16 MiB and about a quarter of a second.

    Returns
    -------
    dict
        To be kept with ``metadata.mark(accounts.MARK, name, body)``.

    Raises
    ------
    LoopwrightError
        If name, password or role cannot be used.

    Examples
    --------
    >>> body = made("ada", "correct horse battery", role="operator")
    >>> body["role"], verified(body, "correct horse battery"), verified(body, "guess")
    ('operator', True, False)
    """
    if not _NAME.fullmatch(name):
        raise LoopwrightError(
            f"{name!r} is no user name: write 1 to 64 letters, digits and . _ @ -, the first a letter or digit."
        )
    if role not in _ROLES:
        raise LoopwrightError(f"{role!r} is no role; there are {', '.join(_ROLES)}. Choose one with --role.")
    if not _SHORTEST <= len(password) <= _LONGEST or password.casefold() == name.casefold():
        raise LoopwrightError(
            f"this password cannot be used: it needs {_SHORTEST} to {_LONGEST} characters and must not be the name. "
            f"Three or four unrelated words are good."
        )
    cost, salt = cost or Cost(), secrets.token_bytes(16)
    return {
        "role": role, "n": cost.n, "r": cost.r, "p": cost.p, "salt": salt.hex(),
        "hash": _hashed(password, salt, cost).hex(),
    }


def closed() -> Body:
    """Return the body of the mark that takes an account away; its sessions end at once."""
    return {"role": None}


def verified(body: Body | None, password: str) -> bool:
    """Say whether a password is the one that a mark was made with.

    Parameters
    ----------
    body : dict or None
        Of the mark. For None (nobody has that name) and closed accounts the answer is False after as much work, so
        that the time it takes does not tell which names exist.
    password : str
    """
    known = body if body is not None and _is_open(body) else _NOBODY
    cost = Cost(n=_count(known, "n"), r=_count(known, "r"), p=_count(known, "p"))
    tried = _hashed(password[:_LONGEST], bytes.fromhex(str(known["salt"])), cost)
    return hmac.compare_digest(tried, bytes.fromhex(str(known["hash"]))) and known is body


def account(marks: Mapping[str, Mark], name: str) -> Account | None:
    """Return the account of that name, or None if there is none or it was closed.

    Parameters
    ----------
    marks : mapping of str to Mark
        The newest marks of kind ``"user"`` by name.
    name : str
    """
    mark = marks.get(name)
    if mark is None or not _is_open(mark.body):
        return None
    stamp = hashlib.sha256(f"{mark.body['salt']}:{mark.body['hash']}".encode()).hexdigest()
    return Account(name=name, role=cast(Role, mark.body["role"]), stamp=stamp)


def allows(role: Role | None, needed: Role) -> bool:
    """Say whether a role includes what another may do.

    Examples
    --------
    >>> allows("admin", "operator"), allows("viewer", "operator"), allows(None, "viewer")
    (True, False, False)
    """
    return role is not None and _ROLES.index(role) >= _ROLES.index(needed)


def _is_open(body: Body) -> bool:
    return body.get("role") in _ROLES and isinstance(body.get("hash"), str) and isinstance(body.get("salt"), str)


def _count(body: Body, name: str) -> int:
    """Return a parameter of the hash; what is no number would only make every password wrong."""
    value = body.get(name)
    return value if isinstance(value, int) else 1


def _hashed(password: str, salt: bytes, cost: Cost) -> bytes:
    with _HASHING:
        return hashlib.scrypt(
            password.encode(), salt=salt, n=cost.n, r=cost.r, p=cost.p, dklen=_HASH_BYTES,
            maxmem=256 * cost.r * cost.n + (1 << 20),
        )


# What is hashed where there is no user of that name: nothing has this hash.
_NOBODY: Body = {"n": Cost().n, "r": Cost().r, "p": Cost().p, "salt": "00" * 16, "hash": "00" * _HASH_BYTES}
