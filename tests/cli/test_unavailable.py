"""Where typer or click is of another age, `hat` says so, and every other command of spaCy runs."""

import subprocess
import sys

import pytest

# As typer before 0.19 answers a Literal, and as typer before 0.9 answers Annotated.
OLD = {
    **{
        f"typer without {word}": f"""
import inspect, typer.main
known = typer.main.get_params_from_function
def get_params(function):
    if "{word}" in str(inspect.signature(function)):
        raise RuntimeError("Type not yet supported: typing.{word}")
    return known(function)
typer.main.get_params_from_function = get_params
"""
        for word in ("Literal", "Annotated")
    },
    "commands that cannot be imported": """
import sys
sys.modules["spacy_hat.cli.commands"] = None
""",
}
RUN = """
import sys
from spacy.cli import setup_cli
sys.argv = ["spacy", *sys.argv[1:]]
setup_cli()
"""


def spacy(old, *arguments):
    command = [sys.executable, "-c", OLD[old] + RUN, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("arguments", [["hat"], ["hat", "warm-start", "bert", "hat", "--force"], ["hat", "--help"]])
def test_hat_says_what_it_needs(old, arguments):
    result = spacy(old, *arguments)
    assert result.returncode == 1, result.stderr
    message = " ".join(result.stdout.split())
    assert "The commands of spacy-hat cannot run with this typer" in message
    assert "Got: typer " in message
    assert "Expected: typer>=0.19" in message
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("old", OLD)
def test_other_commands_of_spacy_run(old):
    result = spacy(old, "info", "--help")
    assert result.returncode == 0, result.stderr
