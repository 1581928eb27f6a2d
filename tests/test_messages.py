"""Every message of the project, read from its source, against the rule in CONTRIBUTING.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path for name in ("avrb_wds", "corruptions", "tools") for path in (ROOT / name).rglob("*.py")
)
OURS = {"AvrbError", "UsageError", "DataError", "MissingClipsError", "TransientError"}
VALUE = "\0"  # stands for what an f-string fills in


def raised(path: Path) -> Iterator[tuple[int, str, str, set[str]]]:
    """(line, error, message with VALUE for each value, names of errors put in as they are)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OURS:
            message = said(node.args[0]) if node.args else ""
            bare = {
                value.value.id
                for value in ast.walk(node)
                if isinstance(value, ast.FormattedValue) and isinstance(value.value, ast.Name)
            }
            bare |= {
                part.value.id
                for part in ast.walk(node)
                if isinstance(part, ast.Attribute)
                and part.attr == "strerror"
                and isinstance(part.value, ast.Name)
            }
            yield node.lineno, node.func.id, message, bare & {"error", "e", "failure", "exception"}


def said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return said(node.left) + said(node.right)
    return VALUE


MESSAGES = [
    pytest.param(error, message, bare, id=f"{path.relative_to(ROOT)}:{line}")
    for path in FILES
    for line, error, message, bare in raised(path)
]


def test_there_are_messages() -> None:
    assert len(MESSAGES) > 250


@pytest.mark.parametrize(("error", "message", "bare"), MESSAGES)
def test_a_message_follows_the_rule(error: str, message: str, bare: set[str]) -> None:
    assert not bare, f"{bare}: through cause(), so that its line breaks and full stop stay out"
    if message == VALUE:
        return  # made elsewhere: a sentence that is passed on
    assert message.endswith("."), "a full stop"
    assert "\n" not in message, "one line"
    assert not re.search(r"[.!?] +[A-Z]", message), "one sentence"
    assert message[0] in VALUE + "'\"-" or message[0].islower(), "it follows 'avrb: '"
    assert not re.search(r"\b(can|could|won|did|does|is|are)n?'t\b", message), "cannot, not can't"
    if error == "UsageError":
        assert "; " in message or "is not one of" in message, "what to do, after a semicolon"
