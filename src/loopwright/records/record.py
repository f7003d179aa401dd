"""What every record shares: a digest for an id, and the records it was made from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import ClassVar, TypeVar, cast, get_args, get_type_hints

import msgspec

from loopwright.errors import CorruptStore

__all__ = ["Artifact", "Record", "Ref", "Table", "TableFile", "decode", "encode", "kind_of"]

R = TypeVar("R", bound="Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Points at a record, a source file or a piece of code by the digest of its content.

    Attributes
    ----------
    kind : str
        ``"file"``, ``"code"``, or the kind of a record such as ``"model"``.
    digest : str
        SHA-256 in hex.
    name : str
        What a person calls it (``"data/trips.csv"``); no part of the identity of a record.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset({"name"})

    kind: str
    digest: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.digest[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Bytes in the artifact store."""

    sha256: str
    size: int                      # bytes
    name: str                      # file name that a person would give it
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """One Parquet file of a table version, as it was when the version was committed."""

    path: str                      # relative to the table's folder
    size: int                      # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One committed version of a Delta table in the table store.

    Only ``sha256``, the digest of the rows, is identity: the same rows written again are the same table,
    in whatever files they lie.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset({"version", "files"})

    name: str                      # folder in the table store
    version: int                   # Delta version
    rows: int
    columns: tuple[str, ...]
    sha256: str                    # over column names, types and values in row order
    files: tuple[TableFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A fact about the project: frozen, named by the digest of its content, pointing back.

    Fields listed in ``circumstances`` (when it happened, how long it took) are kept but are no part of
    the identity, so that the same work done twice is the same record.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset()

    made_from: tuple[Ref, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of kind and content, in hex."""
        text = msgspec.json.encode([kind_of(type(self)), _identity(self)], order="deterministic")
        return hashlib.sha256(text).hexdigest()

    @property
    def ref(self) -> Ref:
        """What others point back at this record by."""
        return Ref(kind=kind_of(type(self)), digest=self.digest)

    def _repr_html_(self) -> str:
        from loopwright.records.display import as_html

        return as_html(self)


def kind_of(record_type: type[Record]) -> str:
    """Return the one word for a record type in tables, commands and addresses.

    Examples
    --------
    >>> class DatasetVersion(Record): ...
    >>> kind_of(DatasetVersion)
    'dataset_version'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", record_type.__name__).lower()


def encode(record: Record) -> bytes:
    """Return the record as canonical JSON.

    Raises
    ------
    ValueError
        If the record would not come back as it is, for example because it holds NaN: a record says
        None for what is not known.
    """
    body = msgspec.json.encode(record, order="deterministic")
    if decode(type(record), body) != record:
        raise ValueError(f"{type(record).__name__} does not survive encoding: {record!r}")
    return body


def decode(record_type: type[R], body: bytes) -> R:
    """Return the record that ``encode`` wrote.

    Raises
    ------
    CorruptStore
        If the bytes are not such a record.
    """
    try:
        return cast(R, _decoder(record_type).decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptStore(
            f"a stored {kind_of(record_type)} cannot be read ({error}). Restore the metadata store from a backup, "
            f"or move it aside and run again to rebuild the records from the project."
        ) from error


def _decoder(record_type: type[Record]) -> msgspec.json.Decoder[Record]:
    if record_type not in _DECODERS:
        _DECODERS[record_type] = msgspec.json.Decoder(record_type)
    return _DECODERS[record_type]


_DECODERS: dict[type[Record], msgspec.json.Decoder[Record]] = {}


def _identity(value: object) -> object:
    """Return what makes a value the same as another: everything but the circumstances of its classes."""
    if isinstance(value, str | int | float | None):
        return value
    if is_dataclass(value):
        # Statistics of 10,000 columns are a million values; those without circumstances are left to the encoder.
        owner = cast("type[object]", type(value))
        if _is_plain(owner):
            return value
        return {name: _identity(getattr(value, name)) for name in _identity_fields(owner)}
    if isinstance(value, tuple | list):
        return value if value and _is_plain(type(value[0])) else [_identity(item) for item in value]
    if isinstance(value, dict):
        return {name: _identity(item) for name, item in value.items()}
    return value


_IDENTITY_FIELDS: dict[type[object], tuple[str, ...]] = {}
_IS_PLAIN: dict[type[object], bool] = {}


def _identity_fields(owner: type[object]) -> tuple[str, ...]:
    if owner not in _IDENTITY_FIELDS:
        circumstances: frozenset[str] = getattr(owner, "circumstances", frozenset())
        names = (item.name for item in fields(cast("type[Record]", owner)))
        _IDENTITY_FIELDS[owner] = tuple(name for name in names if name not in circumstances)
    return _IDENTITY_FIELDS[owner]


def _is_plain(owner: type[object]) -> bool:
    """Say whether neither a dataclass nor any dataclass within it has circumstances."""
    if owner not in _IS_PLAIN:
        _IS_PLAIN[owner] = is_dataclass(owner) and not getattr(owner, "circumstances", None) and all(
            _is_plain(part)
            for hint in get_type_hints(owner).values()
            for part in _types_in(hint)
            if is_dataclass(part) and part is not owner
        )
    return _IS_PLAIN[owner]


def _types_in(hint: object) -> Iterator[type[object]]:
    if isinstance(hint, type):
        yield hint
    for part in get_args(hint):
        yield from _types_in(part)
