"""`spacy hat card`: where the card goes, what it replaces, and that spaCy takes it along."""

import json

import pytest
from spacy.cli.package import package
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.machine.card_mark import read_mark, state_of
from spacy_hat.machine.kinds import PIPELINE

from ..support.pipelines import initialize, make_nlp


@pytest.fixture
def pipeline(hat_folder, tmp_path):
    nlp = make_nlp(hat_folder, "textcat")
    initialize(nlp)
    nlp.to_disk(tmp_path / "model-best")
    return tmp_path / "model-best"


def card(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", "card", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_card_command_writes_into_the_pipelines_folder_and_says_what_is_missing(pipeline):
    status, output = card(pipeline)
    assert status == 0, output
    assert "Saved " in output
    assert "The card does not say under which licence (`license` in meta.json)." in output
    mark = read_mark(pipeline / "README.md")
    assert mark is not None
    assert (mark.state, mark.is_unedited) == (state_of(pipeline), True)


def test_package_takes_the_card_along(pipeline, tmp_path):
    assert card(pipeline)[0] == 0
    (tmp_path / "packages").mkdir()
    package(pipeline, tmp_path / "packages", name="decisions", create_sdist=False)
    written = list((tmp_path / "packages").rglob("README.md"))
    assert len(written) == 2
    assert {path.read_text(encoding="utf8") for path in written} == {
        (pipeline / "README.md").read_text(encoding="utf8")
    }


def test_card_command_writes_its_own_card_anew_after_another_training(pipeline):
    assert card(pipeline)[0] == 0
    meta = pipeline / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "performance": {"cats_score": 0.625}}))
    assert card(pipeline)[0] == 0
    assert "| `cats_score` | 0.6250 |" in (pipeline / "README.md").read_text()


@pytest.mark.parametrize("changed", [False, True], ids=["somebody's", "changed"])
def test_card_command_replaces_what_people_wrote_only_if_asked(pipeline, changed):
    place = pipeline / "README.md"
    if changed:
        card(pipeline)
    words = (place.read_text() if changed else "") + "\nMine.\n"
    place.write_text(words)
    status, output = card(pipeline)
    assert status == 1
    assert "Cannot write to" in output
    assert "A file is there already. Choose another, or replace it with --force." in output
    assert place.read_text() == words
    assert card(pipeline, "--force")[0] == 0
    assert "Mine." not in place.read_text()


def test_card_command_never_replaces_what_is_not_a_card(pipeline, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    status, output = card(pipeline, tmp_path / "thesis.txt", "--force")
    assert status == 1
    assert "It is not a model card (its name does not end in .md)" in output
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_card_command_writes_elsewhere_and_to_stdout(pipeline, tmp_path):
    assert card(pipeline, tmp_path / "new" / "card.md")[0] == 0
    result = CliRunner().invoke(app, ["hat", "card", str(pipeline), "-"])
    assert result.stdout == (tmp_path / "new" / "card.md").read_text(encoding="utf8")
    assert not (pipeline / "README.md").exists()


def test_card_command_asks_where_to_put_the_card_of_a_package():
    status, output = card("en_decisions")
    assert status == 1
    assert "For an installed package, say where the card is to go" in output


def test_pipeline_with_its_own_card_is_still_a_pipeline_that_commands_replace(pipeline):
    assert card(pipeline)[0] == 0
    assert PIPELINE.foreign(pipeline) == ""
    (pipeline / "README.md").write_text("Mine.")
    assert PIPELINE.foreign(pipeline) == "it holds README.md"
