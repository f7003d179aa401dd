"""What every record shares: a digest for an id, and the records it was made from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import ClassVar, TypeVar, cast

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

        return as_html(type(self).__name__, self.digest, {item.name: getattr(self, item.name) for item in fields(self)})


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
    try:
        again = decode(type(record), body)
        # 1 and 1.0 are equal, but written differently, and a digest is of what is written.
        survives = again == record and msgspec.json.encode(again, order="deterministic") == body
    except CorruptStore:  # where a number must be, NaN was written as null
        survives = False
    if not survives:
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
    """Return what makes a value the same as another: all but the circumstances of its classes, and but defaults.

    A field that holds its default is left out, so that a release that adds a field does not rename old records.
    """
    if is_dataclass(value) and not isinstance(value, type):
        fixed = _defaults(cast("type[object]", type(value)))
        held = ((name, default, getattr(value, name)) for name, default in fixed)
        return {name: _identity(item) for name, default, item in held if item != default}
    if isinstance(value, tuple | list):
        # Histograms and counts are left to the encoder: of 10,000 columns there are a million of their numbers.
        return [_identity(item) for item in value] if value and is_dataclass(value[0]) else value
    if isinstance(value, dict):
        return {name: _identity(item) for name, item in value.items()}
    return value


def _defaults(owner: type[object]) -> tuple[tuple[str, object], ...]:
    """Return the fields that are identity, each with its default; a field without one has a value like no other."""
    if owner not in _DEFAULTS:
        circumstances: frozenset[str] = getattr(owner, "circumstances", frozenset())
        _DEFAULTS[owner] = tuple(
            (item.name, item.default_factory() if item.default_factory is not MISSING else item.default)
            for item in fields(cast("type[Record]", owner))
            if item.name not in circumstances
        )
    return _DEFAULTS[owner]


_DEFAULTS: dict[type[object], tuple[tuple[str, object], ...]] = {}
