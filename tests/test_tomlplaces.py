"""Each key of a TOML text is found on the line where it was written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from contextlib import suppress
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.tomlplaces import Path, nearest_line, places

Draw = Callable[[st.SearchStrategy], object]

KEYS = st.one_of(
    st.text(alphabet="abz019_-", min_size=1, max_size=5),
    st.text(alphabet="a .\"'\\[]#=@é\t\u0001", max_size=5),
    st.just("recall@payment_type"),
)
TRICKY = st.text(alphabet="a\"'\\\n#[]{},= ", max_size=8)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.datetimes(),
    st.dates(),
    st.times(),
    TRICKY,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=3)
DOCUMENTS = st.dictionaries(KEYS, VALUES | ROWS)


class Writer:
    """Writes tables as TOML in randomly drawn styles and remembers the line of each key."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[Path, int] = {}

    def chance(self) -> bool:
        return bool(self.draw(st.booleans()))

    def note(self, path: Path) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def document(self, tables: dict[str, object]) -> str:
        later: list[tuple[Path, tuple[str, ...], object]] = []
        self.table((), (), tables, later)
        while later:
            path, names, value = later.pop(0)
            if isinstance(value, list):
                self.tables(path, names, value)
            else:
                self.noise()
                self.headers(path)
                self.lines[path] = self.text.count("\n") + 1  # its own header counts more than a mention
                self.text += f"{self.space()}[{self.dotted(names)}]{self.space()}\n"
                self.table(path, names, value, later)
        return self.text

    def headers(self, path: Path) -> None:
        for end in range(1, len(path)):
            self.note(path[:end])

    def tables(self, path: Path, names: tuple[str, ...], tables: list[dict[str, object]]) -> None:
        for index, table in enumerate(tables):
            self.noise()
            self.note(path)
            self.note((*path, index))
            self.text += f"[[{self.dotted(names)}]]\n"
            below: list = []
            self.table((*path, index), names, table, below)
            while below:  # a subtable belongs to the newest table of the array
                inner, inner_names, value = below.pop(0)
                if isinstance(value, list):
                    self.tables(inner, inner_names, value)
                else:
                    self.note(inner)
                    self.text += f"[{self.dotted(inner_names)}] # sub\n"
                    self.table(inner, inner_names, value, below)

    def table(self, path: Path, names: tuple[str, ...], table: dict[str, object], later: list) -> None:
        for key, value in table.items():
            rows = isinstance(value, list) and value and all(isinstance(part, dict) for part in value)
            if (rows or isinstance(value, dict)) and self.chance():
                later.append(((*path, key), (*names, key), value))
            else:
                self.noise()
                self.pair(path, key, value)
                self.text += "\n"

    def pair(self, path: Path, key: str, value: object) -> None:
        start = self.text.count("\n") + 1
        self.lines.setdefault((*path, key), start)
        names = [key]
        path = (*path, key)
        while isinstance(value, dict) and len(value) == 1 and self.chance():  # a.b.c = 1
            ((key, value),) = value.items()
            names.append(key)
            path = (*path, key)
            self.lines.setdefault(path, start)
        self.text += f"{self.space()}{self.dotted(names)}{self.space()}={self.space()}"
        self.value(path, value)

    def value(self, path: Path, value: object) -> None:
        if isinstance(value, list):
            self.array(path, value)
        elif isinstance(value, dict):
            self.text += "{ "
            for number, (key, part) in enumerate(value.items()):
                self.text += ", " if number else ""
                self.pair(path, key, part)
            self.text += " }"
        elif isinstance(value, str):
            self.string(value)
        elif isinstance(value, bool):
            self.text += json.dumps(value)
        else:
            self.text += str(value)  # dates and times as well: a blank may stand before the time

    def array(self, path: Path, value: list[object]) -> None:
        self.text += "["
        for index, part in enumerate(value):
            self.gap()
            self.note((*path, index))
            self.value((*path, index), part)
            self.gap()
            if index < len(value) - 1 or self.chance():
                self.text += ","
        self.gap()
        self.text += "]"

    def string(self, value: str) -> None:
        style = self.draw(st.sampled_from(["basic", "long", "literal", "long literal"]))
        if style == "literal" and "'" not in value and "\n" not in value:
            self.text += f"'{value}'"
        elif style == "long literal" and "'''" not in value and not value.startswith("\n"):
            # Up to two quotes may stand right before the closing three.
            self.text += f"'''{value}'''" if not value.startswith("'") else json.dumps(value)
        elif style == "long":
            escaped = value.replace("\\", "\\\\").replace('"""', '""\\"')
            self.text += f'"""\n{escaped}"""'
        else:
            self.text += json.dumps(value)

    def dotted(self, names) -> str:
        return self.space() + f"{self.space()}.{self.space()}".join(map(self.key, names)) + self.space()

    def key(self, name: str) -> str:
        bare = name != "" and all(
            letter.isascii() and (letter.isalnum() or letter in "_-") for letter in name
        )
        if bare and self.chance():
            return name
        if "'" not in name and "\u0001" not in name and self.chance():
            return f"'{name}'"
        return json.dumps(name, ensure_ascii=self.chance())

    def space(self) -> str:
        return str(self.draw(st.sampled_from(["", " ", "\t"])))

    def noise(self) -> None:
        lines = ["", "\n", '# [no] = "table\n', " \r\n", "\t# '''\n\n"]
        self.text += str(self.draw(st.sampled_from(lines)))

    def gap(self) -> None:
        self.text += str(self.draw(st.sampled_from(["", " ", "\n", " # ], '\n", "\n\n"])))


@given(tables=DOCUMENTS, data=st.data())
def test_each_key_of_a_generated_text_is_found_on_its_true_line(tables, data):
    writer = Writer(data.draw)
    text = writer.document(tables)
    assert tomllib.loads(text) == tables, "the test's own writer must be right"
    assert places(text) == writer.lines


@given(tables=DOCUMENTS, data=st.data())
def test_every_path_of_the_values_has_a_line(tables, data):
    text = Writer(data.draw).document(tables)
    assert set(paths(tomllib.loads(text), ())) == set(places(text))


def paths(value: object, path: Path):
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from paths(part, (*path, step))


def test_tables_inside_arrays_of_tables_belong_to_the_newest():
    found = places(
        dedent("""\
        [[candidates]]
        [candidates.search]
        depth = 1
        [[candidates]]

        [candidates.search]
        depth = 2
        [[candidates.steps]]
        [[candidates.steps]]
        x.y = 1
    """)
    )
    assert found[("candidates", 0, "search", "depth")] == 3
    assert found[("candidates", 1)] == 4
    assert found[("candidates", 1, "search", "depth")] == 7
    assert found[("candidates", 1, "steps", 1, "x", "y")] == 10


def test_a_table_stands_at_its_own_header_even_if_mentioned_before():
    assert places("[data.privacy]\n[data]\n")[("data",)] == 2


def test_a_key_after_strings_over_several_lines_is_found():
    text = 'a = """\n# no\n[b]\n""""\nb = \'\'\'\n"""\n\'\'\'\'\'\nc = ""\nd = 1979-05-27 07:32:00\ne = 1'
    tomllib.loads(text)
    assert places(text) == {("a",): 1, ("b",): 5, ("c",): 8, ("d",): 9, ("e",): 10}


def test_lines_that_end_as_on_windows_count_once():
    assert places("a = 1\r\n[b]\r\nc = 2\r\n") == {("a",): 1, ("b",): 2, ("b", "c"): 3}


def test_the_line_of_a_key_that_is_not_there_is_that_of_its_table():
    assert nearest_line({("a",): 3}, ("a", "b", "c")) == 3
    assert nearest_line({("a",): 3}, ("b",)) is None


@given(st.text(alphabet="ab.=[]{}\"'\\#\n, 1", max_size=30))
def test_any_text_is_scanned_to_its_end_or_refused(text):
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with suppress(ValueError):
            places(text)
    else:
        places(text)


def test_what_is_no_toml_is_refused_with_its_line():
    with pytest.raises(ValueError, match="line 2"):
        places("a = 1\nb c")
