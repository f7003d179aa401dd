"""What the documentation says works: its code runs, its commands end as it says, its links lead somewhere.

A page is run from top to bottom in a folder of its own. HTML comments, which readers do not see, say what a block
alone cannot: `<!-- starts in an empty folder -->` or `<!-- starts in a new project -->` at the top of a page (else it
starts in the example project after one run), `<!-- write FILE -->`, `<!-- append to FILE -->` and
`<!-- change FILE -->` (keys of a TOML file) before the content of a file, `<!-- exits with 20 -->` before commands
that a gate refuses, and `<!-- not run: REASON -->`. Lines below a command, and a `text` block below Python, are
what it prints; `...` stands for anything.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from filelock import FileLock

from loopwright import datasets
from loopwright.faces.cli import main
from loopwright.projectfile import overlay, parse

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLE = DOCS / "example"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]

_FENCE = re.compile(r"^ {0,3}```(\w*) *$")
_NOTE = re.compile(r"^<!-- (.+) -->$")
_LINK = re.compile(r"\]\(([^)\s]+)\)|src(?:set)?=\"([^\"]+)\"")
# Commands of other programs, which the reader gives at a shell.
_ELSEWHERE = ("make", "pip", "python", "git", "docker", "uvx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page, with the notes that stand before it."""

    line: int
    language: str
    text: str
    notes: tuple[str, ...]

    @property
    def does_something(self) -> bool:
        """Whether following the block needs a folder to work in."""
        return self.language in {"python", "toml"} or (self.language == "console" and "$ loopwright" in self.text)

    def note(self, start: str) -> str | None:
        """Return what follows the beginning of a note, or None."""
        return next((note.removeprefix(start).strip() for note in self.notes if note.startswith(start)), None)


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    found: list[Block] = []
    notes: list[str] = []
    inside: list[str] | None = None
    language, start = "", 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if inside is not None:
            if fence:
                found.append(Block(line=start, language=language, text="\n".join(inside) + "\n", notes=tuple(notes)))
                inside, notes = None, []
            else:
                inside.append(line)
        elif fence:
            inside, language, start = [], fence[1], number
        elif note := _NOTE.match(line.strip()):
            notes.append(note[1])
        elif line.strip():
            notes = []
    assert inside is None, f"{page.name}:{start}: the block is not closed"
    return found


@dataclass(slots=True)
class Reader:
    """Does what a page says, in the current folder."""

    page: Path
    names: dict[str, object] = field(default_factory=lambda: {"__name__": "docs"})
    printed: str = ""

    def follow(self, block: Block) -> None:
        """Do what one block says."""
        place = self._place(block)
        if block.note("not run:") is not None:
            return
        if place is not None:
            self._write(block, *place)
        elif block.language == "python":
            self._run(block)
        elif block.language == "console":
            self._command(block)
        elif block.language == "toml":
            _check_settings(block.text)
        elif block.language == "text" and self.printed:
            _expect(block.text, self.printed, where=f"{self.page.name}:{block.line}")
            self.printed = ""

    def _place(self, block: Block) -> tuple[str, str] | None:
        for how in ("write", "append to", "change"):
            name = block.note(how + " ")
            if name:
                return how, name
        return None

    def _write(self, block: Block, how: str, name: str) -> None:
        path = Path(name)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        text = block.text if how == "write" else f"{before}\n\n{block.text}"
        if how == "change":
            text = _changed(before, block.text)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _run(self, block: Block) -> None:
        code = compile("\n" * block.line + block.text, str(self.page), "exec", dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(code, self.names)
        self.printed = out.getvalue()

    def _command(self, block: Block) -> None:
        expected = int(block.note("exits with") or 0)
        for command, wanted in _commands(block.text):
            where = f"{self.page.name}:{block.line}: $ {command}"
            words = shlex.split(command, comments=True)
            if words[0] == "cd":
                os.chdir(words[1])
            elif words[0] == "loopwright":
                code, out = _given(words[1:])
                assert code == expected, f"{where} ended with {code}\n{out}"
                if wanted.strip():
                    _expect(wanted, out, where=where)
            else:
                assert words[0] in _ELSEWHERE, f"{where}: this test knows no such program"


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command with the lines that stand below it."""
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, wanted = part.partition("\n")
        yield command, wanted


def _given(words: list[str]) -> tuple[int, str]:
    """Give a command in this process; return its exit code and what it printed."""
    before = sys.argv
    sys.argv = ["loopwright", *words]
    code = 0
    try:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            try:
                main()
            except SystemExit as leaving:
                code = int(leaving.code or 0)
    finally:
        sys.argv = before
    return code, out.getvalue()


def _expect(wanted: str, found: str, *, where: str) -> None:
    parts = [r"\s+".join(map(re.escape, part.split())) for part in wanted.split("...")]
    same = re.fullmatch(r"\s*" + ".*".join(parts) + r"\s*", found, flags=re.DOTALL)
    assert same, f"{where} printed\n{found}\nbut the page says\n{wanted}"


def _check_settings(fragment: str) -> None:
    """Make sure that keys of the project file, shown by themselves, are keys of a project file."""
    base = (EXAMPLE / "loopwright.toml").read_text(encoding="utf-8")
    overlay(base, fragment, file="loopwright.toml", over_file="the page")


def _changed(text: str, fragment: str) -> str:
    """Return a TOML text with the keys of a fragment put in place; each key stands on one line."""
    lines, section = text.splitlines(), ""
    for line in fragment.splitlines():
        if line.startswith("["):
            section = line.split("#")[0].strip()
            if section not in [old.split("#")[0].strip() for old in lines]:
                lines += ["", section]
        elif line.strip() and not line.startswith("#"):
            lines = _with_key(lines, section, line)
    return "\n".join(lines) + "\n"


def _with_key(lines: list[str], section: str, line: str) -> list[str]:
    start = next(place for place, old in enumerate(lines) if old.split("#")[0].strip() == section) + 1
    end = next((place for place in range(start, len(lines)) if lines[place].startswith("[")), len(lines))
    key = line.partition("=")[0].strip()
    kept = [old for old in lines[start:end] if old.partition("=")[0].strip() != key]
    return [*lines[:start], line, *kept, *lines[end:]]


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example project after one run; pages work in copies of it, test processes share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home = shared / "docs" / "taxi"
    with FileLock(shared / "docs.lock"):
        if not home.exists():
            draft = tmp_path_factory.mktemp("example") / "taxi"
            _new_project(draft)
            with contextlib.chdir(draft):
                code, out = _given(["run"])
            assert code == 0, out
            home.parent.mkdir()
            draft.replace(home)
    return home


def _new_project(home: Path) -> None:
    shutil.copytree(EXAMPLE, home)
    datasets.simulated_city().City(seed=0).demo(rows=2000).write_csv(home / "trips.csv")


def _start(page: Path, home: Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text(encoding="utf-8")
    if "<!-- starts in an empty folder -->" in text:
        home.mkdir()
    elif "<!-- starts in a new project -->" in text:
        _new_project(home)
    else:
        shutil.copytree(request.getfixturevalue("example"), home)


# Steps run in threads, and the filters of `warnings` are one for all: what one thread silences (the converter to ONNX
# warns at every tree) another may switch on again, and as an error it would change what a command does.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_what_a_page_says_works(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    found = blocks(page)
    if not any(block.does_something for block in found):
        return
    _start(page, tmp_path / "taxi", request)
    monkeypatch.chdir(tmp_path / "taxi")
    monkeypatch.syspath_prepend(tmp_path / "taxi")  # as Python does for whoever works in the folder
    reader = Reader(page)
    for block in found:
        reader.follow(block)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_blocks_have_a_language_that_this_test_knows(page: Path) -> None:
    known = {"python", "console", "toml", "text", "sql", "json", "csv"}
    assert [block.line for block in blocks(page) if block.language not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_to_something_that_is_there(page: Path) -> None:
    broken = []
    for target in targets(page):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    seen, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        names = [target.partition("#")[0] for target in targets(page)]
        waiting += [(page.parent / name).resolve() for name in names if name and ":" not in name]
    assert [page.name for page in DOCS.rglob("*.md") if page not in seen] == []


def test_anchors_are_made_as_forges_make_them() -> None:
    assert anchors(DOCS / "guides" / "leakage.md") >= {"the-payment_type-lesson"}


def test_reference_pages_are_what_the_code_says_now() -> None:
    pages = _reference().pages()
    stale = [name for name, text in pages.items() if (DOCS / "reference" / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `python docs/make_reference.py`"


def test_the_example_project_is_a_valid_project() -> None:
    text = (EXAMPLE / "loopwright.toml").read_text(encoding="utf-8")
    assert parse(text, file="loopwright.toml").data.key == "trip_id"


def test_changing_keys_of_a_file_keeps_the_others() -> None:
    text = _changed('[a]\nx = 1\ny = 2\n[b]\nz = 3\n', '[a]\nx = 5\n[c]\nw = 1\n')
    assert tomllib.loads(text) == {"a": {"x": 5, "y": 2}, "b": {"z": 3}, "c": {"w": 1}}


def test_no_file_names_a_place_of_some_machine() -> None:
    found = [
        f"{name}:{number}"
        for name, text in _tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if _MACHINE.search(line)
    ]
    assert found == []


def test_decisions_have_context_decision_and_consequences() -> None:
    for page in (DOCS / "decisions").glob("0*.md"):
        text = page.read_text(encoding="utf-8")
        assert re.match(rf"# {page.name[:4]} ", text), page.name
        heads = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequences"], page.name


# Folders of people and work places, and addresses from which packages are installed; put together here so that
# this file does not find itself.
_MACHINE = re.compile(
    "|".join(
        (
            r"(?<![\w.~-])/" + r"(work|root|mnt|Users|home/(?!loopwright\b)\w+)/",
            "index" + "[-_]url",
            "https?://[^ \"')>]*" + r"(pypi|/simple/|artifactory|nexus|mirror)",
        )
    )
)


def _tracked_texts() -> Iterator[tuple[str, str]]:
    """Yield the text files that git keeps or would keep."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so nobody can say which files belong to it")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            with contextlib.suppress(UnicodeDecodeError):  # no text
                yield name, path.read_text(encoding="utf-8")


def targets(page: Path) -> list[str]:
    """Return what the links and pictures of a page lead to."""
    return [match[1] or match[2] for match in _LINK.finditer(_prose(page.read_text(encoding="utf-8")))]


def _prose(text: str) -> str:
    """Return a page without its fenced blocks and code spans, in which brackets are no links."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
