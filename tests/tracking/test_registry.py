"""Registered models name the libraries that serving them takes."""

import re
import sys
from importlib.metadata import packages_distributions, requires

from test_imports import PACKAGE, imports_of, modules_of, names_imported

from bias_transfer.tracking import registry

MODULES = modules_of(PACKAGE)


def served() -> set[str]:
    """Modules that the served script imports at any depth."""
    graph, seen, todo = imports_of(PACKAGE), set(), ["bias_transfer.tracking.served"]
    while todo:
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo += graph[module]
    return seen


def test_a_registered_model_requires_what_the_served_script_imports():
    """Itself, or by what it requires."""
    names = {
        name.partition(".")[0]
        for module in served()
        for name in names_imported(module, MODULES[module])
    }
    found = packages_distributions()
    imported = {
        found[name][0].lower() for name in names - set(sys.stdlib_module_names) - {"bias_transfer"}
    }
    assert {"torch", "pandera", "tokenizers"} <= imported
    listed = {name.lower() for name in registry._SERVING_LIBRARIES}
    required = {
        re.split(r"[^\w.-]", line)[0].lower()
        for name in listed
        for line in requires(name) or []
        if "extra ==" not in line
    }
    assert not {name for name in imported - listed if name.replace("_", "-") not in required}
