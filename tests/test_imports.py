"""What tests share stands in modules of its own: whoever imports a test module runs its tests' marks and fixtures."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def imported(file: Path) -> set[str]:
    """Return the full names of the modules, and of what is taken from them, that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module or ''}.{alias.name}" for alias in node.names}
    return names


def test_no_module_imports_from_a_test_module() -> None:
    test_modules = {path.stem for path in TESTS.rglob("test_*.py")}
    wrong = {
        f"{file.relative_to(TESTS.parent)}: {name}"
        for folder in (TESTS, TESTS.parent / "benchmarks")
        for file in folder.rglob("*.py")
        for name in imported(file)
        if name.startswith("tests.") and test_modules & set(name.split("."))
    }
    assert wrong == set()
