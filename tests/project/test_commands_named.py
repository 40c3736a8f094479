"""Every `python -m …` that a page or project.yml names can be started."""

import importlib.util
import re
import subprocess
import sys

import pytest

from ..support.project import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "project.yml", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = {
    module
    for page in PAGES
    for module in re.findall(
        r"python -m ((?:scripts|tools|benchmarks|tests)(?:\.\w+)+)", page.read_text(encoding="utf8")
    )
}
# The others write a page as soon as they are started.
WITH_HELP = sorted(module for module in NAMED if module.startswith(("scripts.", "benchmarks.")))


@pytest.mark.parametrize("module", sorted(NAMED))
def test_named_module_is_there(module: str) -> None:
    assert importlib.util.find_spec(module) is not None


@pytest.mark.slow
@pytest.mark.parametrize("module", WITH_HELP)
def test_named_command_starts(module: str) -> None:
    result = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "Usage" in result.stdout
