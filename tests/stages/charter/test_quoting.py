"""Whatever a column is called, it can be written into TOML and Python."""

import ast
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.charter.quoting import column_code, is_argument, number_code, quoted, quoted_list

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(text=TEXTS)
def test_quoted_text_is_one_line_and_the_same_text_in_toml_and_in_python(text: str) -> None:
    written = quoted(text)
    assert len(written.splitlines()) == 1
    assert tomllib.loads(f"a = {written} # {written}")["a"] == text
    assert ast.literal_eval(f"{written} # {written}") == text


@given(text=TEXTS)
def test_quoted_text_within_a_docstring_keeps_it_whole(text: str) -> None:
    tree = ast.parse(f'def f():\n    """Say {quoted(text)} alone."""\n')
    assert text in (ast.get_docstring(tree.body[0], clean=False) or "")  # type: ignore[arg-type]


@given(texts=st.lists(TEXTS, max_size=4))
def test_a_list_is_the_same_list_in_toml_and_in_python(texts: list[str]) -> None:
    assert tomllib.loads(f"a = {quoted_list(texts)}")["a"] == ast.literal_eval(quoted_list(texts)) == texts


@given(name=TEXTS)
def test_an_argument_is_what_python_reads_back_under_the_same_name(name: str) -> None:
    if is_argument(name):
        function = ast.parse(f"def f({name}): return {name}").body[0]
        assert isinstance(function, ast.FunctionDef)
        assert function.args.args[0].arg == name
    ast.parse(column_code(name), mode="eval")


@pytest.mark.parametrize("name", ["pl", "class", "__debug__", "None", "\ufb01rst", "a b", "1a", "", "a-b"])
def test_some_names_are_no_arguments(name: str) -> None:
    assert not is_argument(name)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_number_in_python(value: float) -> None:
    assert float(ast.literal_eval(number_code(value))) == value
