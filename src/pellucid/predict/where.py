"""Which answers are wanted, as a short text says it: comparisons of their columns, and nothing that could run.

``probability < 0.9 and label == "7"``, ``unknown``, ``not (kind == "foreign")``, ``label in ("4", "9")``. The text is
read by Python's own grammar and then looked at piece by piece; it is never evaluated as Python.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from pellucid.errors import Fault, SettingError, suggest
from pellucid.predict.rows import COLUMNS

Test = Callable[[Mapping[str, Any]], bool]
MOST_LETTERS = 1_000
EXAMPLE = "Compare columns as in: probability<0.9 and label=='7'"
ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
EQUALS = (ast.Eq, ast.NotEq)
MEMBERS = (ast.In, ast.NotIn)


def where(text: str) -> Test:
    """A test of rows, as `row_of` gives them.

    What stands in no row, as the kind of an answer that is believed, is neither equal, less nor greater than anything.

    Args:
        text: Comparisons of columns with numbers or texts by ``<``, ``<=``, ``>``, ``>=``, ``==``, ``!=`` and ``in``;
            ``unknown`` by itself; joined by ``and``, ``or``, ``not`` and parentheses.

    Raises:
        SettingError: It is none, names no column, or compares what cannot be compared.
    """
    try:
        if len(text) > MOST_LETTERS:
            raise ValueError("long")  # noqa: TRY301 - told as any other
        tree = ast.parse(text.strip(), mode="eval").body
        return _test(tree)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        raise _refused(text) from None


def _test(node: ast.expr) -> Test:
    if isinstance(node, ast.BoolOp):
        parts, join = [_test(part) for part in node.values], all if isinstance(node.op, ast.And) else any
        return lambda row: join(part(row) for part in parts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _test(node.operand)
        return lambda row: not inner(row)
    if isinstance(node, ast.Name):
        column = _column(node)
        if COLUMNS[column] is not bool:
            raise _refused(ast.unparse(node), f"{column} is no yes or no: compare it with something.")
        return lambda row: bool(row[column])
    if isinstance(node, ast.Compare):
        return _comparison(node)
    raise _refused(ast.unparse(node))


def _comparison(node: ast.Compare) -> Test:
    """One comparison; the column may stand on either side, and a range around it."""
    if len(node.ops) > 1:
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        return _test(ast.BoolOp(ast.And(), [ast.Compare(left, [op], [right]) for left, op, right in pairs]))
    (op,), (right,), left = node.ops, node.comparators, node.left
    if not isinstance(left, ast.Name) and type(op) in ORDERS:  # 0.5 < probability
        flipped = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
        left, op, right = right, flipped[type(op)](), left
    if not isinstance(left, ast.Name):
        raise _refused(ast.unparse(node))
    column = _column(left)
    if isinstance(op, MEMBERS) and isinstance(right, ast.Tuple | ast.List | ast.Set):
        values, wanted = {_value(column, each) for each in right.elts}, isinstance(op, ast.In)
        return lambda row: row[column] is not None and (row[column] in values) == wanted
    value = _value(column, right)
    if isinstance(op, EQUALS):
        wanted = isinstance(op, ast.Eq)
        return lambda row: row[column] is not None and (row[column] == value) == wanted
    if type(op) not in ORDERS or COLUMNS[column] is bool:
        raise _refused(ast.unparse(node))
    compared = ORDERS[type(op)]
    return lambda row: row[column] is not None and compared(row[column], value)


def _column(node: ast.Name) -> str:
    if node.id not in COLUMNS:
        raise SettingError(
            [Fault(f"There is no column {node.id[:80]!r} in an answer", remedy=suggest(node.id, COLUMNS))]
        )
    return node.id


def _value(column: str, node: ast.expr) -> Any:
    """What a column is compared with, of its own kind: a class may be called 7, and stand there without quotes."""
    kind, negative = COLUMNS[column], isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    found = node.operand if isinstance(node, ast.UnaryOp) and negative else node
    value = found.id if isinstance(found, ast.Name) else found.value if isinstance(found, ast.Constant) else None
    if kind is bool and isinstance(value, bool):
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return -float(value) if negative else float(value)
    if kind is str and isinstance(value, str | int | float) and not isinstance(value, bool):
        return f"-{value}" if negative else str(value)
    needed = {float: "a number", bool: "True or False", str: "a text"}[kind]
    raise _refused(ast.unparse(node), f"{column} is compared with {needed}.")


def _refused(text: str, remedy: str = f"{EXAMPLE}.") -> SettingError:
    shown = text if len(text) <= 80 else f"{text[:80]}…"
    return SettingError([Fault("--where must be comparisons of an answer's columns", shown, remedy)])
