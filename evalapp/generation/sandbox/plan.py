"""Which tests a sample's test source holds, read from its syntax alone, before any of it runs."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

#: The name under which the source's own statements count as one test.
STATEMENTS = "tests"
CHECK = "check"


class NothingToRun(Exception):
    """The source tests nothing, so that every answer would pass; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Names of what must be run: functions, and classes with their test methods."""

    functions: tuple[str, ...] = ()
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    check: bool = False

    @property
    def expected(self) -> tuple[str, ...]:
        """The names that must each be reported as passed; the statements' where there is nothing else."""
        names = (CHECK,) if self.check else ()
        methods = tuple(f"{name}.{method}" for name, found in self.classes.items() for method in found)
        return (*names, *self.functions, *methods) or ((STATEMENTS,) if not self.classes else ())


def plan_of(tests: str, entry_point: str | None) -> Plan:
    """The plan for Python source ``tests``.

    ``check(candidate)``, called with the entry point unless the source calls it itself, is one test; so is
    each top-level function named ``test…``, and each method so named of a class that has a base or is named
    ``Test…``. A source with none of these is one test itself: it passes when it runs to its end.
    Raises `NothingToRun` when even its statements do nothing, SyntaxError or ValueError when it is no Python.
    """
    body = ast.parse(tests).body
    functions = {each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    classes = {
        each.name: tuple(_test_methods(each))
        for each in body
        if isinstance(each, ast.ClassDef) and (each.bases or each.name.startswith("Test"))
    }
    plan = Plan(
        functions=tuple(sorted(name for name in functions if name.startswith("test"))),
        classes={name: methods for name, methods in classes.items() if methods},
        check=CHECK in functions and bool(entry_point) and not any(map(_calls_check, body)),
    )
    if plan.expected == (STATEMENTS,) and not any(map(_does_something, body)):
        if CHECK in functions:
            raise NothingToRun("the tests define check(candidate), but the sample names no entry_point")
        raise NothingToRun("the tests hold no test function, no test class and no assertion")
    return plan


def _test_methods(definition: ast.ClassDef) -> Iterator[str]:
    for each in definition.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test"):
            yield each.name


def _does_something(statement: ast.stmt) -> bool:
    """Whether a statement can fail on a wrong answer: not an import, a definition, a plain value."""
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return any(isinstance(node, ast.Call) for node in ast.walk(statement))
    if isinstance(statement, ast.If) and _asks_for_main(statement):
        return False
    return not isinstance(
        statement,
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Pass,
    )


def _calls_check(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == CHECK


def _asks_for_main(statement: ast.If) -> bool:
    """``if __name__ == "__main__":`` is never so here."""
    names = {node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)}
    return "__name__" in names
