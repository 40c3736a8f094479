"""What goes to the hub is what the pipeline writes, with a card of its own state, and no secret in it."""

import json
import os

import pytest
import spacy

from spacy_hat.hub.card import pipeline_card
from spacy_hat.hub.upload import UploadError, _lines_with_secrets, _paths, upload_of
from spacy_hat.machine.card_mark import sign, state_of


@pytest.fixture
def carded(pipeline):
    write_card(pipeline)
    return pipeline


def write_card(pipeline):
    card = sign(pipeline_card(spacy.load(pipeline)), state_of(pipeline))
    (pipeline / "README.md").write_text(card, encoding="utf8", newline="\n")


def chosen(pipeline):
    return upload_of(spacy.load(pipeline))


def test_upload_has_every_file_of_the_pipeline_its_card_and_its_licence(carded):
    (carded / "LICENSE").write_text("MIT")
    files = chosen(carded).files
    assert files == {
        path.relative_to(carded).as_posix(): path.stat().st_size for path in carded.rglob("*") if path.is_file()
    }
    assert {
        "README.md",
        "LICENSE",
        "meta.json",
        "config.cfg",
        "transformer/model",
        "vocab/strings.json",
    } <= files.keys()


@pytest.mark.parametrize("name", [".env", "notes.txt", "textcat/id_rsa", ".git/config", "vocab/train.jsonl", "load.py"])
def test_upload_refuses_files_that_the_pipeline_did_not_write(carded, name):
    (carded / name).parent.mkdir(exist_ok=True)
    (carded / name).write_text("mine")
    with pytest.raises(
        UploadError, match=f"holds what is not of the pipeline. Got: {name}. Expected: what nlp.to_disk"
    ):
        chosen(carded)


@pytest.mark.skipif(os.name != "posix", reason="links need rights there")
def test_upload_refuses_links_to_other_places(carded, tmp_path):
    (tmp_path / "secret").write_text("mine")
    (carded / "LICENSE").symlink_to(tmp_path / "secret")
    with pytest.raises(UploadError, match="holds links to files elsewhere"):
        chosen(carded)


@pytest.mark.parametrize(
    "secret",
    [
        f"hf_{'a1B2' * 9}",
        f"ghp_{'a1B2' * 9}",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "https://me:password@mlflow.example.org",
    ],
)
def test_upload_refuses_secrets_and_does_not_repeat_them(carded, secret):
    path = carded / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "notes": secret}, indent=1))
    write_card(carded)
    with pytest.raises(UploadError, match=r"looks like a password or a key. Got: meta.json, line ") as error:
        chosen(carded)
    assert secret not in str(error.value)


@pytest.mark.parametrize("n_bytes", [100, 3_999_990, 5_000_000, 9_000_000])
def test_upload_finds_secrets_in_texts_of_any_length(tmp_path, n_bytes):
    place = tmp_path / "strings.json"
    place.write_text("[\n" + "1234567,\n" * (n_bytes // 9) + f'"hf_{"a1B2" * 9}",\n' + "7,\n" * 10)
    assert _lines_with_secrets(place) == [n_bytes // 9 + 2]


def test_upload_does_not_look_for_secrets_in_weights(tmp_path):
    place = tmp_path / "weights"
    place.write_bytes(b"\0\1\2" + b"AKIAIOSFODNN7EXAMPLE ")
    assert _lines_with_secrets(place) == []


@pytest.mark.parametrize("place", ["/home/me/hat", "~/hat", "C:/hats/one", "\\\\server\\hat"])
def test_upload_knows_places_in_any_part_of_a_config(place):
    config = {"training": {"logger": {"log": place}, "n": 1, "words": ["/", "a/b", ". / ?", place]}}
    assert list(_paths(config)) == [("training.logger.log", place), ("training.words", place)]


def test_upload_says_each_place_once(carded):
    (note,) = [note for note in chosen(carded).notes if "on your machine" in note]
    for name in ("train", "dev"):
        assert note.count(f"/home/me/{name}.spacy") == 1


def test_upload_refuses_a_pipeline_without_a_card(pipeline):
    with pytest.raises(UploadError, match="has no model card"):
        chosen(pipeline)


@pytest.mark.parametrize(("words", "remedy"), [("", "hat card .*model-best$"), ("\nMine.\n", "--force")])
def test_upload_refuses_a_card_of_another_state(carded, words, remedy):
    card, path = carded / "README.md", carded / "meta.json"
    card.write_text(card.read_text().replace("\n## Limits\n", f"{words}\n## Limits\n"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "performance": {"cats_score": 1.0}}))
    with pytest.raises(UploadError, match=f"is of another state of the pipeline(.|\n)*{remedy}"):
        chosen(carded)


@pytest.mark.parametrize("card", ["# Mine\n", None])
def test_upload_takes_cards_that_people_wrote_or_changed(carded, card):
    place = carded / "README.md"
    place.write_text(card or place.read_text().replace("## Limits", "Mine.\n\n## Limits"))
    assert "README.md" in chosen(carded).files


def test_upload_says_what_others_can_read(carded):
    path = carded / "config.cfg"
    path.write_text(path.read_text().replace("[paths]", '[paths]\nmine = "/home/me/train.spacy"'))
    write_card(carded)
    strings, paths = chosen(carded).notes
    assert "vocab/strings.json has " in strings
    assert "mine = /home/me/train.spacy" in paths
