"""Loads public datasets by name, from a data folder or by a checked download; the package holds none."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import ModuleType
from typing import TYPE_CHECKING, Literal
from urllib.request import urlopen

from loopwright.errors import DataError, UnreadableSource, nearest

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "DataFile",
    "Dataset",
    "Progress",
    "available",
    "fetch",
    "load",
    "path",
    "simulated_city",
    "simulated_year",
]

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes received so far and the bytes expected in all."""

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file of a dataset, known by its content.

    Attributes
    ----------
    path : str
        Place below the dataset's folder.
    sha256 : str
        SHA-256 of the content in hex; of the unpacked content where ``path`` ends in ``.gz``, because the
        same rows may be packed in many ways.
    size : int
        Bytes of that content.
    address : str or None
        Where the content can be downloaded; None when no public address gives exactly these bytes.
    """

    path: str
    sha256: str
    size: int
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset that can be loaded by name.

    Attributes
    ----------
    name : str
        What ``load`` and ``path`` are called with.
    title : str
        One line for a list.
    task : {"binary", "multiclass", "regression"}
        What the label asks for.
    label : str
        Column that holds the label, or the rule that makes it.
    folder : str or None
        Folder below the data folder; None for data that need no file.
    files : tuple of DataFile
        Every file that is checked and, where it is missing, downloaded.
    tables : tuple of str
        Paths of the files whose rows ``load`` stacks.
    time : str or None
        Column by which ``load`` sorts the rows.
    caution : str
        What a careful person must know before training on it.
    """

    name: str
    title: str
    task: Literal["binary", "multiclass", "regression"]
    label: str
    folder: str | None = None
    files: tuple[DataFile, ...] = ()
    tables: tuple[str, ...] = ()
    time: str | None = None
    caution: str = ""


def available() -> tuple[Dataset, ...]:
    """Return every dataset that can be asked for, by name.

    Whether its files are on this machine is only known when it is asked for.

    Examples
    --------
    >>> [dataset.name for dataset in available()][:3]
    ['adult-census', 'bike-sharing', 'breast-cancer']
    """
    return tuple(sorted((*_IN_FILES, *_BUNDLED, _SIMULATED), key=lambda dataset: dataset.name))


def path(name: str, *, progress: Progress | None = None) -> Path:
    """Return the folder that holds a dataset's files, each of which has been verified.

    Where the environment variable ``LOOPWRIGHT_DATA`` names a data folder, the dataset is there or nowhere:
    nothing is downloaded and nothing is written. Otherwise the user cache is used
    (``$XDG_CACHE_HOME/loopwright/datasets`` or ``~/.cache/loopwright/datasets``), and what is missing from it
    is downloaded.

    Parameters
    ----------
    name : str
        A name from ``available()``.
    progress : callable, optional
        Told about every piece of a download.

    Raises
    ------
    UnreadableSource
        If a file is missing and cannot be downloaded.
    DataError
        If the name is unknown, the dataset has no files, or a file does not hold the expected bytes.
    """
    dataset = _dataset(name)
    if dataset.folder is None:
        raise DataError(f"the dataset {name!r} has no files and so no folder. Use datasets.load({name!r}).")
    given = os.environ.get("LOOPWRIGHT_DATA")
    if not given:
        return fetch(dataset, into=_cache() / dataset.folder, progress=progress)
    folder = Path(given).expanduser() / dataset.folder
    for file in dataset.files:
        if not (folder / file.path).is_file():
            raise UnreadableSource(
                f"the dataset {name!r} is not in the data folder: there is no file {folder / file.path}. "
                f"{_layout(dataset)} Or unset LOOPWRIGHT_DATA to use the user cache."
            )
        _verify(file, content=_content(folder / file.path), where=str(folder / file.path))
    return folder


def load(name: str, *, progress: Progress | None = None) -> pl.DataFrame:
    """Return all labelled rows of a dataset.

    Parameters
    ----------
    name : str
        A name from ``available()``.
    progress : callable, optional
        Told about every piece of a download.

    Returns
    -------
    polars.DataFrame
        In the order of the files, or in order of time where the dataset has a time; rows of one moment keep
        the order of the files.

    Raises
    ------
    UnreadableSource
        If a file is missing and cannot be downloaded.
    DataError
        If the name is unknown, or a file does not hold the expected bytes.

    Examples
    --------
    >>> load("wine").shape
    (178, 14)
    """
    import polars as pl

    dataset = _dataset(name)
    if dataset in _BUNDLED:
        return _bundled(dataset)
    if dataset == _SIMULATED:
        simulated: pl.DataFrame = simulated_city().City().demo()
        return simulated
    folder = path(name, progress=progress)
    rows = pl.concat([_read(folder / table) for table in dataset.tables], how="vertical_relaxed")
    return rows.sort(dataset.time, maintain_order=True) if dataset.time else rows


def fetch(
    dataset: Dataset, *, into: Path, progress: Progress | None = None, timeout_s: float = 60.0
) -> Path:
    """Make sure that a folder holds a dataset's files, downloading those that are missing or damaged.

    A file appears under its name only when all of its bytes have arrived and their SHA-256 is the expected
    one, so an interrupted download leaves nothing behind that could be taken for data.

    Parameters
    ----------
    dataset : Dataset
        What to fetch.
    into : Path
        The dataset's own folder; made if need be.
    progress : callable, optional
        Told about every piece that arrives.
    timeout_s : float, default=60.0
        Longest time that one file may take.

    Returns
    -------
    Path
        ``into``.

    Raises
    ------
    UnreadableSource
        If a file has no public address, or its server cannot be reached or says no.
    DataError
        If other bytes arrive than expected, or the folder cannot be written.
    """
    for file in dataset.files:
        target = into / file.path
        if not _holds(target, file):
            content = _receive(file, dataset=dataset, progress=progress, timeout_s=timeout_s)
            _verify(file, content=content, where=str(file.address))
            _place(content, target=target)
    return into


def simulated_city() -> ModuleType:
    """Return the module that simulates a taxi city with known truth (``examples/taxi/city.py``).

    Raises
    ------
    UnreadableSource
        If this installation has no examples.

    Examples
    --------
    >>> simulated_city().City(seed=3).seed
    3
    """
    return _loaded("city")


def simulated_year() -> ModuleType:
    """Return the module that says what happens to the simulated city while a model serves (``examples/taxi/year.py``).

    Raises
    ------
    UnreadableSource
        If this installation has no examples.

    Examples
    --------
    >>> [happening.name for happening in simulated_year().HAPPENINGS]
    ['festival', 'cents', 'rename', 'silence', 'habits']
    """
    return _loaded("year")


def _loaded(part: str) -> ModuleType:
    name = f"loopwright_example_taxi_{part}"
    if name not in sys.modules:
        sys.modules[name] = _import(name, file=_example(f"taxi/{part}.py"))
    return sys.modules[name]


def _example(place: str) -> Path:
    package = Path(__file__).parent
    places = (package / "examples" / place, package.parents[1] / "examples" / place)
    for file in places:
        if file.is_file():
            return file
    raise UnreadableSource(
        f"this installation has no examples: looked for {places[0]} and {places[1]}. Install Loopwright from "
        f"its wheel, or run from a checkout of its repository."
    )


def _import(name: str, *, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UnreadableSource(f"{file} is not a Python module. Restore it from the repository.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module          # dataclasses look their module up while it is being made
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _dataset(name: str) -> Dataset:
    known = {dataset.name: dataset for dataset in available()}
    if name not in known:
        raise DataError(f"there is no dataset {name!r}{nearest(name, known)}. There are: {', '.join(known)}.")
    return known[name]


def _cache() -> Path:
    # The XDG base directory specification says that a relative path there is to be ignored.
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "loopwright" / "datasets"


def _layout(dataset: Dataset) -> str:
    names = ", ".join(file.path for file in dataset.files)
    return (
        f"Put the files into a folder named {dataset.folder!r} ({names}) and let the environment variable "
        f"LOOPWRIGHT_DATA name the folder above it."
    )


def _content(file: Path) -> bytes:
    try:
        packed = file.read_bytes()
        return gzip.decompress(packed) if file.suffix == ".gz" else packed
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file} cannot be read ({error}). Replace it with a good copy.") from error


def _holds(target: Path, file: DataFile) -> bool:
    """Say whether the target already holds the file's bytes; a damaged copy counts as none."""
    try:
        _verify(file, content=_content(target), where=str(target))
    except DataError:
        return False
    return True


def _verify(file: DataFile, *, content: bytes, where: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise DataError(
            f"{where} does not hold the expected bytes of {file.path}: {len(content)} bytes with SHA-256 "
            f"{found[:12]}, expected {file.size} bytes with {file.sha256[:12]}. Nothing was loaded. Replace "
            f"the file with a good copy, or report it if the public source has changed."
        )


def _receive(
    file: DataFile, *, dataset: Dataset, progress: Progress | None, timeout_s: float
) -> bytes:
    if file.address is None:
        raise UnreadableSource(
            f"the dataset {dataset.name!r} is not on this machine, and no public address is known that gives "
            f"exactly the file {file.path}. {_layout(dataset)}"
        )
    if not file.address.startswith(("https://", "http://")):
        raise UnreadableSource(f"{file.address} is no web address. Give {file.path} one with https://.")
    content = bytearray()
    try:
        with urlopen(file.address, timeout=timeout_s) as response:  # noqa: S310 - the scheme was checked above
            for chunk in _chunks(response, limit=file.size, timeout_s=timeout_s):
                content += chunk
                if progress is not None:
                    progress(file.path, len(content), file.size)
    except (OSError, HTTPException) as error:
        raise UnreadableSource(
            f"the dataset {dataset.name!r} is not on this machine, and {file.address} cannot be downloaded "
            f"({error}). Try again when the machine is online. {_layout(dataset)}"
        ) from error
    return bytes(content)


def _chunks(response: HTTPResponse, *, limit: int, timeout_s: float) -> Iterator[bytes]:
    """Yield what arrives, but no more than one chunk beyond the expected size, and not for ever."""
    deadline = time.monotonic() + timeout_s
    received = 0
    # read1 returns what has arrived, so that a server that trickles bytes meets the deadline.
    while received <= limit and (chunk := response.read1(_CHUNK)):
        received += len(chunk)
        yield chunk
        if time.monotonic() > deadline:
            raise TimeoutError(f"{received} of {limit} bytes after {timeout_s:g} seconds")


def _place(content: bytes, *, target: Path) -> None:
    body = gzip.compress(content, mtime=0) if target.suffix == ".gz" else content
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as part:
            try:
                part.write(body)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).replace(target)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise DataError(
            f"a downloaded dataset cannot be written to {target} ({error}). Make room there, or let "
            f"XDG_CACHE_HOME or LOOPWRIGHT_DATA name another folder."
        ) from error


def _read(file: Path) -> pl.DataFrame:
    import polars as pl

    if file.suffix == ".parquet":
        return pl.read_parquet(file)
    return pl.read_csv(file, infer_schema_length=None)


def _bundled(dataset: Dataset) -> pl.DataFrame:
    import polars as pl
    from sklearn import datasets as bundled

    makers = {
        "breast-cancer": bundled.load_breast_cancer,
        "diabetes": bundled.load_diabetes,
        "digits": bundled.load_digits,
        "wine": bundled.load_wine,
    }
    rows = makers[dataset.name]()
    columns = [str(column) for column in rows.feature_names]
    return pl.DataFrame(rows.data, schema=columns).with_columns(pl.Series(dataset.label, rows.target))


_RAW = "https://raw.githubusercontent.com"
_TFDV = f"{_RAW}/tensorflow/data-validation/3c6b09fabd8af3617eee22ba2c78ad0d5c6dec00"
_TFX = f"{_RAW}/tensorflow/tfx"

_SIMULATED = Dataset(
    name="simulated-taxi",
    title="12,000 SIMULATED taxi trips over two years, with known truth",
    task="binary",
    label="tips > 0.2 * fare",
    caution="Cash tips are not recorded, so payment_type nearly gives the label away.",
)

_BUNDLED = (
    Dataset(
        name="breast-cancer",
        title="Breast cancer Wisconsin, from scikit-learn: malignant 0, benign 1",
        task="binary",
        label="target",
    ),
    Dataset(
        name="diabetes",
        title="Diabetes progression after one year, from scikit-learn",
        task="regression",
        label="target",
    ),
    Dataset(
        name="digits",
        title="Handwritten digits, 8 x 8 pixels, from scikit-learn",
        task="multiclass",
        label="target",
    ),
    Dataset(
        name="wine",
        title="Three cultivars of wine, from scikit-learn",
        task="multiclass",
        label="target",
    ),
)

_IN_FILES = (
    Dataset(
        name="adult-census",
        title="Census income 1994: above 50,000 dollars a year",
        task="binary",
        label="class",
        folder="adult_census",
        tables=("adult.parquet",),
        files=(
            DataFile(
                path="adult.parquet",
                sha256="7ebf7c8908d23f047097f9d0f47ed31ba9b498728e313786d89694350c911617",
                size=420083,
            ),
        ),
        caution="Holds sex and race: compare the groups before anything is decided with it.",
    ),
    Dataset(
        name="bike-sharing",
        title="Bicycles rented per hour in Washington, 2011-2012",
        task="regression",
        label="cnt",
        folder="bike_sharing",
        tables=("hour.csv.gz",),
        files=(
            DataFile(
                path="hour.csv.gz",
                sha256="11e08374c448229649b93e64c7442558b93d516a008804bd70bdb8c82333c434",
                size=1144308,
            ),
        ),
        caution="casual + registered = cnt: leave both out.",
    ),
    Dataset(
        name="california-housing",
        title="Median house values in California, census of 1990",
        task="regression",
        label="median_house_value",
        folder="california_housing",
        tables=("housing.csv.gz",),
        files=(
            DataFile(
                path="housing.csv.gz",
                sha256="8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e",
                size=1423529,
                address=f"{_RAW}/ageron/handson-ml2/aa555aa16b9d0af6c84e67c7757f3317d05acb12"
                "/datasets/housing/housing.csv",
            ),
        ),
        caution="The label is capped at 500,001.",
    ),
    Dataset(
        name="california-housing-drift",
        title="California housing as a stream with real covariate shift (NannyML); reference rows",
        task="binary",
        label="clf_target",
        folder="nannyml_california_housing",
        tables=("california_housing_reference.parquet",),
        files=(
            DataFile(
                path="california_housing_reference.parquet",
                sha256="373b5d91d917013e547602944423933a63417365d5f79876000a929dc729c8cb",
                size=254648,
            ),
            DataFile(
                path="california_housing_analysis.parquet",
                sha256="035e7cb765dabba30ddcee311f6d6dfbf9968f288b79570d791788974d71c54d",
                size=349858,
            ),
            DataFile(
                path="california_housing_analysis_gt.parquet",
                sha256="7f095709a7a3734386d32c893d5668aa3818c2069ea4b8e4d3bb8d029517be27",
                size=24836,
            ),
        ),
        caution="y_pred and y_pred_proba are the outputs of a shipped model: leave both out.",
    ),
    Dataset(
        name="car-loan",
        title="Simulated car loans (NannyML); reference rows",
        task="binary",
        label="repaid",
        folder="nannyml_car_loan",
        tables=("synthetic_car_loan_reference.parquet",),
        files=(
            DataFile(
                path="synthetic_car_loan_reference.parquet",
                sha256="88f711c1328f044354c945f41467e2ef2c9ca417925bd6b5c47a14c72c6f70f3",
                size=1688818,
            ),
            DataFile(
                path="synthetic_car_loan_analysis.parquet",
                sha256="732c6157d397bc6ea7520a99ca366d333547174f88f1995b4ffce2c61556e10e",
                size=1693188,
            ),
            DataFile(
                path="synthetic_car_loan_analysis_target.parquet",
                sha256="af9f7f2d81ac412bfe4fea22a60c6f7670be3755a3332965b79c38f67fccc1af",
                size=152750,
            ),
        ),
        caution="y_pred and y_pred_proba are the outputs of a shipped model: leave both out.",
    ),
    Dataset(
        name="chicago-taxi",
        title="Chicago taxi trips 2013-2016, the sample of the TFX tutorials",
        task="binary",
        label="tips > 0.2 * fare",
        folder="chicago_taxi_tfdv",
        tables=("train.csv", "eval.csv"),
        time="trip_start_timestamp",
        files=(
            DataFile(
                path="train.csv",
                sha256="8876d344be0c467d0f9dfb1867f3a793f1af72a83e1818d50817a92d2db324a4",
                size=1281883,
                address=f"{_TFDV}/examples/chicago_taxi/data/train.csv",
            ),
            DataFile(
                path="eval.csv",
                sha256="36782f675ceb3758aadc94f7c8d4bfe96bbee8b7ef3ae608474fba1734fddc87",
                size=641083,
                address=f"{_TFDV}/examples/chicago_taxi/data/eval.csv",
            ),
            DataFile(
                path="serving.csv",
                sha256="f8ff33e1b4a96f289d485ff197730595ca79672c1272541f019c5ff69aaff9cf",
                size=12727,
                address=f"{_TFDV}/examples/chicago_taxi/data/serving.csv",
            ),
        ),
        caution="Cash tips are not recorded, so payment_type nearly gives the label away.",
    ),
    Dataset(
        name="compas",
        title="COMPAS risk scores and recidivism within two years (ProPublica)",
        task="binary",
        label="two_year_recid",
        folder="compas_two_years",
        tables=("compas-scores-two-years.csv.gz",),
        files=(
            DataFile(
                path="compas-scores-two-years.csv.gz",
                sha256="6b6535ba5e5771017e82729639313b11b4f4e17958d66e5beec4817fb9a8e499",
                size=2572108,
                address=f"{_RAW}/propublica/compas-analysis/bafff5da3f2e45eca6c2d5055faad269defd135a"
                "/compas-scores-two-years.csv",
            ),
        ),
        caution="Names real people, and is_recid and the arrest columns give the label away: leave them out.",
    ),
    Dataset(
        name="elec2",
        title="Electricity prices of New South Wales, up or down, with real concept drift",
        task="binary",
        label="label",
        folder="elec2",
        tables=("elec2.parquet",),
        files=(
            DataFile(
                path="elec2.parquet",
                sha256="9194c015130d6d23f95c91f7e98776ea888486fd55a8e1f19602e9aed0c71da4",
                size=401449,
            ),
        ),
        caution="The label hardly changes from row to row: a model must beat repeating the last one (0.853).",
    ),
    Dataset(
        name="flights-delay",
        title="Arrival delays of 200,000 flights in the United States, 2001",
        task="regression",
        label="delay",
        folder="flights_delay_200k",
        tables=("flights-200k.parquet",),
        files=(
            DataFile(
                path="flights-200k.parquet",
                sha256="f5fa9321d264546f557cc777fa2054f03bf4d6fc813fd1b7d3368452386abd58",
                size=501443,
            ),
        ),
    ),
    Dataset(
        name="hillstrom-email",
        title="Visits after a randomised e-mail campaign with three arms, 2008",
        task="binary",
        label="visit",
        folder="hillstrom_email",
        tables=("hillstrom.parquet",),
        files=(
            DataFile(
                path="hillstrom.parquet",
                sha256="2316d3c353837d2140ab5509384ed0f44d96775494970cd380672bace0c4e6cb",
                size=368863,
            ),
        ),
    ),
    Dataset(
        name="magic-gamma",
        title="Gamma rays against background in the MAGIC telescope (ADBench)",
        task="binary",
        label="y",
        folder="adbench_classification",
        tables=("magic.gamma.parquet",),
        files=(
            DataFile(
                path="magic.gamma.parquet",
                sha256="c8eb6a81003a21690eed4f4ca27edcc6a78903cb6be2f21d44b0105eab0a6470",
                size=891840,
            ),
        ),
    ),
    Dataset(
        name="nyc-taxi",
        title="New York yellow taxi trips, 10,000 of each month of 2019",
        task="regression",
        label="tip_amount",
        folder="nyc_yellow_taxi_2019",
        tables=("yellow_2019.parquet",),
        time="pickup_datetime",
        files=(
            DataFile(
                path="yellow_2019.parquet",
                sha256="b91c06847a1f5aa5e5cc7c55d5701e01c07e67ae605ab718771662ebe092e46f",
                size=2934999,
            ),
        ),
        caution="total_amount holds the tip: leave it out.",
    ),
    Dataset(
        name="penguins",
        title="Palmer penguins, three species, measures scaled to 0-1 (TFX)",
        task="multiclass",
        label="species",
        folder="penguins_tfx",
        tables=("labelled/penguins_processed.csv",),
        files=(
            DataFile(
                path="labelled/penguins_processed.csv",
                sha256="d9e034c8d8905e19b5528a9c195091ceba4b14df6c095c050d89c5f106dd50ba",
                size=25648,
                address=f"{_TFX}/b95df4cade22996ab428ac991c2027c23843b0a5"
                "/tfx/examples/penguin/data/labelled/penguins_processed.csv",
            ),
            DataFile(
                path="skewed/penguins_processed.csv",
                sha256="5b32dd3b7c8c5e61c3079314ce0a360ee47f30b591c7910557a9fd629b69d858",
                size=25630,
                address=f"{_TFX}/6631170c48831e53225077a24fc3884df460332b"
                "/tfx/examples/penguin/data/skewed/penguins_processed.csv",
            ),
            DataFile(
                path="unlabelled/penguins_unlabelled.csv",
                sha256="24a043a8c1e129b4339603a91d09a56a70e3df8990b2996b056a9c52f015573c",
                size=826,
                address=f"{_TFX}/428b4b4c6f2ebb9b7b4b26709386b5325834d512"
                "/tfx/examples/penguin/data/unlabelled/penguins_unlabelled.csv",
            ),
        ),
    ),
    Dataset(
        name="sea-concepts",
        title="SEA concepts, simulated, abrupt drifts at rows 12,500, 25,000 and 37,500",
        task="binary",
        label="y",
        folder="sea_concepts",
        tables=("sea_concepts.parquet",),
        files=(
            DataFile(
                path="sea_concepts.parquet",
                sha256="a9e25601c4cb8468bda97b08e3fc3e39d13a86f2c62c893eff1823f81176db8e",
                size=1051212,
            ),
        ),
        caution="One label in ten is flipped, so 0.90 is the best accuracy there is.",
    ),
    Dataset(
        name="shuttle",
        title="Statlog shuttle with rare classes as anomalies (7 %)",
        task="binary",
        label="anomaly",
        folder="shuttle_anomaly",
        tables=("shuttle.parquet",),
        files=(
            DataFile(
                path="shuttle.parquet",
                sha256="4c0cc7a4fac20be15c71eb5bd70faa4b4ff05675cfeb5cd341acff2c5b5a52ea",
                size=301944,
            ),
        ),
    ),
    Dataset(
        name="skin",
        title="Skin pixels by colour, 245,057 rows (ADBench)",
        task="binary",
        label="y",
        folder="adbench_classification",
        tables=("skin.parquet",),
        files=(
            DataFile(
                path="skin.parquet",
                sha256="3565c189f89a8116e110f767776bac25b4f32040fcb604030f93398ff006971a",
                size=471710,
            ),
        ),
    ),
    Dataset(
        name="telco-churn",
        title="Customers who left a telephone company (IBM)",
        task="binary",
        label="Churn",
        folder="telco_churn",
        tables=("Telco-Customer-Churn.csv",),
        files=(
            DataFile(
                path="Telco-Customer-Churn.csv",
                sha256="16320c9c1ec72448db59aa0a26a0b95401046bef5d02fd3aeb906448e3055e91",
                size=970457,
                address=f"{_RAW}/IBM/telco-customer-churn-on-icp4d/d5371f5d83a446ad5673cbcca3b814b926491f8a"
                "/data/Telco-Customer-Churn.csv",
            ),
        ),
        caution="TotalCharges is blank in 11 rows, so it reads as text.",
    ),
    Dataset(
        name="titanic",
        title="Passengers of the Titanic who survived",
        task="binary",
        label="Survived",
        folder="titanic_monitoring",
        tables=("titanic_reference.parquet",),
        files=(
            DataFile(
                path="titanic_reference.parquet",
                sha256="799eec08716919bc24b6662037a094b31756328a11226c0605afaeca669036f7",
                size=38723,
            ),
        ),
        caution="boat and body are known only afterwards: leave both out.",
    ),
)
