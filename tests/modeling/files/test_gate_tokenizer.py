"""Tokenizers of a stranger: fast classes of a closed list, made of flat files alone; no entry leads to another file."""

import inspect
import json

import pytest
import transformers

from spacy_hat.modeling import load_tokenizer
from spacy_hat.modeling.files.allowed import TOKENIZER_CLASSES, TOKENIZER_CONFIG, TOKENIZER_FILES
from spacy_hat.modeling.files.problems import RefusedError
from spacy_hat.modeling.files.tokenizer import make_tokenizer
from spacy_hat.modeling.files.tokenizer_entries import clean_config

from ...support.gate import TOKENIZER, TOKENIZER_READERS, edit_json, tokenizer_files

SECRET = "zzsecretzz"
LEADS = ("vocab_file", "merges_file", "tokenizer_file", "spm_file", "fast_tokenizer_files", "gguf_file", "init_inputs")


@pytest.fixture
def secret(tmp_path):
    """A file elsewhere, in every form that a tokenizer could read it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", SECRET]))
    return folder / "vocab.txt"


def holds_secret(tokenizer):
    return SECRET in tokenizer.get_vocab() or SECRET in str(tokenizer.init_kwargs)


def values_for(name, path):
    return [str(path)] if name in ("init_inputs", "fast_tokenizer_files") else str(path)


@pytest.mark.parametrize("file", ["tokenizer_config.json", "special_tokens_map.json"])
@pytest.mark.parametrize("entry", LEADS)
@pytest.mark.parametrize("reader", TOKENIZER_READERS)
def test_gate_never_reads_a_file_that_a_tokenizer_names(hat, secret, entry, file, reader):
    values = json.loads((hat / TOKENIZER_CONFIG).read_text())
    values.pop("added_tokens_decoder", None)  # without it, transformers takes special_tokens_map.json for options
    (hat / TOKENIZER_CONFIG).write_text(json.dumps({**values, "tokenizer_class": "BertTokenizer"}))
    edit_json(hat, file, **{entry: values_for(entry, secret)})
    assert not holds_secret(TOKENIZER_READERS[reader](hat))


@pytest.mark.parametrize("entry", LEADS)
def test_gate_never_reads_a_file_in_place_of_one_that_is_missing(hat, secret, entry):
    (hat / "tokenizer.json").unlink()
    edit_json(hat, TOKENIZER_CONFIG, tokenizer_class="BertTokenizer", **{entry: values_for(entry, secret)})
    with pytest.raises(RefusedError, match=r"holds no vocabulary|slow one|cannot be made"):
        load_tokenizer(hat)


@pytest.mark.parametrize("name", sorted(TOKENIZER_CLASSES))
def test_gate_knows_every_way_in_which_an_allowed_class_is_told_of_files(name):
    cls = getattr(transformers, name, None)
    if cls is None:
        pytest.skip("this version of transformers has no such class")
    assert issubclass(cls, transformers.PreTrainedTokenizerFast)
    told = {*inspect.signature(cls.__init__).parameters, *cls.vocab_files_names}
    files = {parameter for parameter in told if "file" in parameter or "path" in parameter}
    assert all(file.endswith("_file") for file in files)
    assert clean_config(dict.fromkeys(files, "/etc/hostname")) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [("vocab_file", "x"), ("tokenizer_file", "x"), ("from_slow", True), ("added_tokens_file", 5), ("a_path", "/etc/x")],
)
def test_gate_refuses_options_of_a_user_that_name_files(hat, name, value):
    with pytest.raises(RefusedError, match=f"tokenizer_config has {name}"):
        load_tokenizer(hat, {name: value})


@pytest.mark.parametrize("link", ["vocab.txt", "tokenizer.json", "special_tokens_map.json"])
def test_gate_refuses_files_that_are_links_to_elsewhere(hat, secret, link):
    (hat / link).unlink(missing_ok=True)
    (hat / link).symlink_to(secret)
    with pytest.raises(RefusedError, match=r"is a link to .*elsewhere"):
        load_tokenizer(hat)


def test_gate_takes_links_of_the_hubs_cache(hat, tmp_path):
    blobs, snapshot = tmp_path / "models--a--b" / "blobs", tmp_path / "models--a--b" / "snapshots" / "main"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(hat.iterdir())):
        file.rename(blobs / str(number))
        (snapshot / file.name).symlink_to(f"../../blobs/{number}")
    assert load_tokenizer(snapshot)


CLASSES = ["AutoTokenizer", "AutoModel", "AutoConfig", "AutoProcessor", "DPTForDepthEstimation", "pipeline", "Trainer"]


@pytest.mark.parametrize("name", [*CLASSES, "BertTokenizer", "", "__class__", "os.system", "PreTrainedTokenizerFast.x"])
def test_gate_refuses_classes_that_are_not_listed(hat, name):
    files = tokenizer_files(hat)
    with pytest.raises(RefusedError, match="expected a fast one of transformers' own"):
        make_tokenizer(files, name, source="this")


NAMES = [
    "/tmp/x",
    "../x",
    "..",
    ".",
    "a/tokenizer.json",
    "tokenizer.json/",
    "TOKENIZER.JSON",
    "own.py",
    "",
    "config.json",
]


@pytest.mark.parametrize("name", NAMES)
def test_gate_refuses_names_of_files_that_are_not_listed(hat, name):
    files = tokenizer_files(hat)
    with pytest.raises(RefusedError, match="Nothing was written"):
        make_tokenizer({**files, name: b"x"}, "PreTrainedTokenizerFast", source="this")


def test_gate_lists_flat_names_only():
    assert [name for name in TOKENIZER_FILES if "/" in name or "\\" in name or name.startswith(".")] == []


BROKEN = {
    "empty": b"",
    "nothing": b"null",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "no model": b'{"version": "1.0"}',
    "another model": b'{"version": "1.0", "model": {"type": "Python"}, "added_tokens": []}',
    "a model in words": b'{"version": "1.0", "model": "BPE", "added_tokens": []}',
    "not UTF-8": b"\xff\xfe\x00",
    "merges without pieces": b'{"version": "1.0", "added_tokens": [], "model": '
    b'{"type": "BPE", "vocab": {"a": 0}, "merges": ["b c"]}}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("reader", TOKENIZER_READERS)
def test_gate_refuses_a_broken_tokenizer_json(hat, content, reader):
    (hat / "tokenizer.json").write_bytes(content)
    with pytest.raises(RefusedError, match=r"[Tt]he tokenizer of"):
        TOKENIZER_READERS[reader](hat)


@pytest.mark.parametrize("content", [b"[]", b"5", b"{", b"\xff", b"[" * 100_000], ids=range(5))
@pytest.mark.parametrize("file", TOKENIZER[1:])
@pytest.mark.parametrize("reader", TOKENIZER_READERS)
def test_gate_refuses_broken_settings_of_a_tokenizer(hat, file, content, reader):
    (hat / file).write_bytes(content)
    with pytest.raises(RefusedError):
        TOKENIZER_READERS[reader](hat)


def test_gate_refuses_pieces_without_a_row(hat):
    values = json.loads((hat / "tokenizer.json").read_text())
    values["model"]["vocab"]["stranger"] = 10**6
    (hat / "tokenizer.json").write_text(json.dumps(values))
    with pytest.raises(RefusedError, match=r"pieces up to number 1000000 .*vocab_size is 115"):
        TOKENIZER_READERS["pipeline"](hat)


def test_gate_bounds_the_files_of_a_tokenizer(hat, monkeypatch):
    monkeypatch.setattr("spacy_hat.modeling.files.tokenizer.MOST_TOKENIZER_BYTES", 1000)
    with pytest.raises(RefusedError, match=r"has [\d,]+ bytes, expected at most 1,000"):
        load_tokenizer(hat)


@pytest.mark.parametrize("name", ["encode", "save_pretrained", "backend_tokenizer", "is_fast", "_tokenizer"])
def test_gate_takes_no_entry_that_would_replace_what_a_tokenizer_does(name):
    assert clean_config({name: 5}) == {}


def test_gate_keeps_what_a_tokenizer_needs(hat):
    entries = {"do_lower_case": True, "model_max_length": 12, "pad_token": "[PAD]", "padding_side": "left"}
    assert clean_config({**entries, "name_or_path": "/home/somebody", "chat_template": "{{ x }}"}) == entries


def test_gate_says_where_a_tokenizer_is_from(hat):
    assert load_tokenizer(hat).name_or_path == str(hat)
