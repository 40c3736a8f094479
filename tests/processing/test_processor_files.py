"""Folders of processors, sound ones and those of a stranger."""

import json
from pathlib import Path

import pytest
from transformers.utils import PushToHubMixin

from spacy_hat.processing import HATProcessor

from ..support.fine_tuned import TEXTS, save_head
from ..support.gate import edit_json
from ..support.tokenizers_tiny import bpe_tokenizer, wordpiece_tokenizer

CONFIG = "processor_config.json"


@pytest.fixture
def folder(tmp_path):
    """RETURNS (Path): A checkpoint with its processor."""
    HATProcessor.from_pretrained(save_head(tmp_path)).save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "settings",
    [
        {"packing": "fixed", "overflow": "error"},
        {"sentences": None},
        {"sentences": [{"component": "hat_units", "unit": "pattern", "pattern": "^x"}], "lang": "de"},
        {"lang": None},
    ],
)
def test_processor_loads_as_it_was_saved(tmp_path, settings):
    processor = HATProcessor(wordpiece_tokenizer(), segment_length=12, max_segments=6, **settings)
    processor.save_pretrained(tmp_path)
    assert HATProcessor.from_pretrained(tmp_path).to_dict() == processor.to_dict()


@pytest.mark.parametrize(("task", "packing"), [("textcat", "greedy"), ("spancat", "sentences")])
def test_processor_of_a_checkpoint_without_one_is_as_import_takes_it(tmp_path, task, packing):
    processor = HATProcessor.from_pretrained(save_head(tmp_path, task))
    assert (processor.segment_length, processor.max_segments, processor.packing) == (12, 6, packing)
    assert processor(TEXTS[0])["input_ids"]


def test_processor_settings_can_be_overridden(folder):
    processor = HATProcessor.from_pretrained(folder, packing="fixed", tokenizer=wordpiece_tokenizer())
    assert processor.packing == "fixed"
    with pytest.raises(TypeError, match=r"HATProcessor has no packin. Expected: segment_length"):
        HATProcessor.from_pretrained(folder, packin="fixed")


def test_processor_pads_on_the_right_whatever_the_tokenizer_says(folder):
    tokenizer = wordpiece_tokenizer()
    tokenizer.padding_side = "left"
    assert HATProcessor.from_pretrained(folder, tokenizer=tokenizer).tokenizer.padding_side == "right"
    assert tokenizer.padding_side == "left"


def test_processor_can_be_pushed(folder, monkeypatch):
    processor = HATProcessor.from_pretrained(folder)
    assert isinstance(processor, PushToHubMixin)
    pushed = {}

    def upload(self, working_dir, repo_id, *_args, **_kwargs):
        pushed[repo_id] = {path.name for path in Path(working_dir).iterdir()}

    monkeypatch.setattr(HATProcessor, "_upload_modified_files", upload)
    for name in ("_create_repo", "create_repo"):
        monkeypatch.setattr(HATProcessor, name, lambda self, repo_id, **_: repo_id, raising=False)
    # A function of transformers, a method of huggingface_hub's HfApi in newer ones.
    made = lambda *_, **__: type("Url", (), {"repo_id": "owner/hat"})  # noqa: E731
    monkeypatch.setattr("transformers.utils.hub.create_repo", made, raising=False)
    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", made)
    processor.push_to_hub("owner/hat")
    assert {CONFIG, "tokenizer.json"} <= pushed["owner/hat"]


# --- of a stranger --------------------------------------------------------------------------------

STRANGE = [
    ({"packing": "all"}, "packing in the processor_config.json of .* is 'all', expected one of"),
    ({"packing": ["greedy"]}, "packing in the processor_config.json"),
    ({"overflow": 7}, "overflow in the processor_config.json"),
    ({"segment_length": "12"}, "segment_length in the processor_config.json of .* is '12', expected a whole number"),
    ({"segment_length": 10**12}, "segment_length in the processor_config.json"),
    ({"max_segments": -1}, "max_segments in the processor_config.json"),
    ({"max_segments": 7}, "max_segments is 7 in the processor_config.json of .*, and 6 in its config.json"),
    ({"lang": "en.tokenizer_exceptions"}, "lang of a HATProcessor"),
    ({"lang": "../../x"}, "lang of a HATProcessor"),
    ({"lang": ["en"]}, "lang of a HATProcessor"),
    ({"sentences": "sentencizer"}, "sentences of a HATProcessor"),
    ({"sentences": ["sentencizer"]}, "sentences of a HATProcessor"),
    ({"sentences": [{"component": "transformer"}]}, "the component sentencizer or hat_units"),
    ({"sentences": [{"component": ["sentencizer"]}]}, "the component sentencizer or hat_units"),
    ({"sentences": [{"component": "sentencizer", "scorer": {"@scorers": "x"}}]}, "'scorer', expected settings of"),
    ({"sentences": [{"component": "sentencizer", "overwrite": "yes"}]}, "overwrite as a switch"),
    ({"sentences": [{"component": "hat_units", "unit": "pattern", "pattern": "("}]}, "not a regular expression"),
    ({"sentences": [{"component": "hat_units", "keep": 1}]}, "keep = 1"),
]


@pytest.mark.parametrize(("entries", "message"), STRANGE)
def test_processor_of_a_stranger_is_refused(folder, entries, message):
    with pytest.raises(ValueError, match=message):
        HATProcessor.from_pretrained(edit_json(folder, CONFIG, **entries))("hello")


def test_processor_unknown_language_is_an_error(folder):
    with pytest.raises(ValueError, match="spaCy has no language 'zzz'"):
        HATProcessor.from_pretrained(edit_json(folder, CONFIG, lang="zzz"))("hello")


@pytest.mark.parametrize(
    "entries",
    [
        {"auto_map": {"AutoProcessor": "code.Processor"}},
        {"chat_template": "{{ x }}", "tokenizer_file": "/etc/passwd", "audio_tokenizer": {"x": 1}},
        {"__call__": "x", "from_pretrained": "x", "tokenizer": "/etc/passwd", "nlp": "en_core_web_sm"},
    ],
)
def test_processor_takes_no_entry_that_it_does_not_know(folder, entries):
    expected = HATProcessor.from_pretrained(folder).to_dict()
    (folder / "code.py").write_text("raise SystemExit('code of a stranger was run')")
    assert HATProcessor.from_pretrained(edit_json(folder, CONFIG, **entries)).to_dict() == expected


def test_processor_file_that_is_a_link_to_elsewhere_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.json"
    outside.write_text((folder / CONFIG).read_text())
    (folder / CONFIG).unlink()
    (folder / CONFIG).symlink_to(outside)
    with pytest.raises(ValueError, match="outside the folder of the checkpoint"):
        HATProcessor.from_pretrained(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000])
def test_processor_file_that_is_damaged_is_an_error(folder, content):
    (folder / CONFIG).write_text(content)
    with pytest.raises(ValueError, match=r"processor_config.json"):
        HATProcessor.from_pretrained(folder)


def test_processor_folder_with_nothing_in_it_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"neither processor_config.json nor config.json"):
        HATProcessor.from_pretrained(tmp_path)


def test_processor_file_of_another_class_says_nothing(folder):
    edit_json(folder, CONFIG, processor_class="LayoutLMProcessor", packing="all")
    assert HATProcessor.from_pretrained(folder).packing == "greedy"


def test_processor_reads_tokenizers_of_other_families(tmp_path):
    HATProcessor(bpe_tokenizer(), segment_length=12, max_segments=6).save_pretrained(tmp_path)
    said = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert said["processor_class"] == "HATProcessor"
    assert HATProcessor.from_pretrained(tmp_path)("the court held.")["input_ids"]
