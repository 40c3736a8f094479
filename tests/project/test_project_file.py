"""project.yml: what it names is there, and its workflows can be walked from one end to the other."""

import shlex
from pathlib import Path

import pytest
from weasel.util import load_project_config

from ..support.project import ROOT


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> dict:
    """The project file, read in a folder of its own: reading it makes directories."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "project.yml").write_text((ROOT / "project.yml").read_text(encoding="utf8"), encoding="utf8")
    return load_project_config(folder)


def scripts_of(project: dict) -> list[str]:
    return [line for command in project["commands"] for line in command["script"]]


def test_project_file_names_scripts_and_configs_that_exist(project):
    named = {part for line in scripts_of(project) for part in shlex.split(line) if part.endswith((".py", ".cfg"))}
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("workflow", ["all", "smoke", "pretraining"])
def test_project_file_commands_need_only_what_earlier_ones_made(project, workflow):
    commands = {command["name"]: command for command in project["commands"]}
    made: list[str] = []
    missing = []
    for name in project["workflows"][workflow]:
        for needed in commands[name].get("deps", []):
            is_made = any(Path(needed) == Path(out) or Path(out) in Path(needed).parents for out in made)
            if not is_made and not (ROOT / needed).exists():
                missing.append((name, needed))
        made += [*commands[name].get("outputs", ()), *commands[name].get("outputs_no_cache", ())]
    assert missing == []


def test_project_file_smoke_takes_the_same_steps_as_all(project):
    steps = [name.removesuffix("-smoke") for name in project["workflows"]["smoke"]]
    assert steps == project["workflows"]["all"]


def test_project_file_smoke_takes_documents_of_both_classes_and_says_what_it_is(project):
    commands = {command["name"]: command["script"] for command in project["commands"]}
    *chosen, train = commands["train-textcat-smoke"]
    assert all("hat convert" in line and "--limit" in line for line in chosen)  # drawn at random, not the first ones
    assert {"corpus/smoke/train.spacy", "corpus/smoke/dev.spacy"} <= {*shlex.split(train)}
    assert all("--note" in line for line in commands["evaluate-smoke"])
    assert "mean nothing" in project["vars"]["smoke_note"]


def test_project_file_every_command_has_help_and_outputs(project):
    incomplete = [
        command["name"]
        for command in project["commands"]
        if not command.get("help") or not (command.get("outputs") or command.get("outputs_no_cache"))
    ]
    assert incomplete == []
