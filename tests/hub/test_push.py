"""`push` against a hub on the loopback: what arrives is the pipeline, and nothing arrives that should not."""

import os
import subprocess
import sys

import pytest
import spacy
from typer.testing import CliRunner

from spacy_hat.cli import app

from ..support.fake_hub import Repository
from ..support.pipelines import make_text

NAME = "me/court-decisions"


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def carded(pipeline):
    status, output = run("card", pipeline)
    assert status == 0, output
    return pipeline


def download(hub, cache):
    """RETURNS (str): Where huggingface_hub put the repository, in a process that knows no other hub."""
    script = f"import huggingface_hub; print(huggingface_hub.snapshot_download({NAME!r}, cache_dir={str(cache)!r}))"
    command = [sys.executable, "-W", "ignore", "-c", script]
    return subprocess.check_output(command, env={**os.environ, "HF_ENDPOINT": hub.url}, text=True).strip()


def arrived(hub, branch="main"):
    return hub.repositories[NAME].branches[branch]


def test_push_brings_every_file_as_it_is(hub, carded):
    status, output = run("push", carded, NAME)
    assert status == 0, output
    assert arrived(hub) == {
        path.relative_to(carded).as_posix(): path.read_bytes() for path in carded.rglob("*") if path.is_file()
    }
    assert f"{len(arrived(hub))} files" in output
    assert "transformer/model" in output
    assert f"Pushed: {hub.url}/{NAME}/commit/1" in output


def test_push_is_one_commit_with_a_message(hub, carded):
    assert run("push", carded, NAME, "--message", "Second training")[0] == 0
    assert hub.repositories[NAME].messages == ["Second training"]


def test_pushed_pipeline_loads_and_predicts_the_same(hub, carded, tmp_path):
    assert run("push", carded, NAME)[0] == 0
    there = download(hub, tmp_path / "cache")
    text = make_text(1)
    assert spacy.load(there)(text).cats == spacy.load(carded)(text).cats


def test_pushed_card_has_fields_that_the_hub_reads(hub, carded, tmp_path):
    assert run("push", carded, NAME)[0] == 0
    assert hub.card(NAME, tmp_path)["model-index"][0]["name"] == "en_pipeline"


@pytest.mark.parametrize("private", [False, True])
def test_push_makes_the_repository_private_if_asked(hub, carded, private):
    assert run("push", carded, NAME, *(["--private"] if private else []))[0] == 0
    assert hub.repositories[NAME].private == private


def test_push_uploads_nothing_to_a_public_repository_that_was_to_be_private(hub, carded):
    hub.repositories[NAME] = Repository(private=False)
    status, output = run("push", carded, NAME, "--private")
    assert status == 1
    assert "everybody can read it" in output
    assert arrived(hub) == {}


def test_push_makes_the_branch_and_leaves_main(hub, carded):
    assert run("push", carded, NAME, "--revision", "v2")[0] == 0
    assert "meta.json" in arrived(hub, "v2")
    assert arrived(hub) == {}


def test_push_a_second_time_adds_a_commit(hub, carded):
    assert run("push", carded, NAME)[0] == 0
    assert run("push", carded, NAME)[0] == 0
    assert len(hub.repositories[NAME].messages) == 2


@pytest.mark.parametrize("token", [None, "hf_of_somebody_else"])
def test_push_without_a_token_that_may_write_says_so(hub, carded, monkeypatch, token):
    monkeypatch.delenv("HF_TOKEN")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    status, output = run("push", carded, NAME)
    assert status == 1
    assert "The hub did not take it. Got: " in output
    assert "401" in output
    assert "hf auth login" in output
    assert hub.repositories == {}


def test_push_of_a_folder_with_a_foreign_file_asks_the_hub_nothing(hub, carded):
    (carded / ".env").write_text("mine")
    status, output = run("push", carded, NAME)
    assert status == 1
    assert "Got: .env." in output
    assert hub.calls == []


@pytest.mark.parametrize("name", ["court-decisions", "me/court/decisions", "/me", "me/"])
def test_push_refuses_names_that_no_repository_has(hub, carded, name):
    status, output = run("push", carded, name)
    assert status == 1
    assert "is not the name of a repository. Expected: 'owner/name'" in output
    assert hub.calls == []


def test_push_offline_says_which_setting_forbids_it(carded, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    status, output = run("push", carded, NAME)
    assert status == 1
    assert "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE says that there is no network" in output
