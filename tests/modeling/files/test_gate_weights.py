"""Weights of a stranger: what is not a finite number in a dense tensor of the right name and shape stays outside."""

import json
import zipfile

import pytest
import torch

from spacy_hat.modeling import HATForSequenceClassification, HATModel
from spacy_hat.modeling.files.problems import RefusedError
from spacy_hat.modeling.files.weights import open_weights

from ...support.gate import BIN, CONFIG, READERS, WEIGHTS, edit_weights, start_from

BIAS = "encoder.layer.0.sentence_encoder.output.dense.bias"
WIDE = "encoder.layer.1.sentence_encoder.intermediate.dense.weight"
SOURCE_BIAS = "encoder.layer.0.output.dense.bias"


def put(weight, name=BIAS):
    """An edit that puts one weight into the place of another."""
    return lambda weights: weights.__setitem__(name, weight(weights[name]))


def with_number(value):
    return lambda weight: torch.cat([weight[:-1], torch.tensor([value], dtype=weight.dtype)])


def transpose(weights):
    weights[WIDE] = weights[WIDE].T.contiguous()


def expanded(weight):
    return torch.zeros(1).expand(weight.shape)


NO_WEIGHTS = {
    "int8": (lambda weight: weight.to(torch.int8), r"not a weight: .*dense\.bias \(I8\)"),
    "int64": (lambda weight: weight.to(torch.int64), r"not a weight: .*dense\.bias \(I64\)"),
    "bool": (lambda weight: weight > 0, r"not a weight: .*dense\.bias \(BOOL\)"),
    "complex": (lambda weight: weight.to(torch.complex64), r"not a weight: .*dense\.bias \(C64\)"),
    "float8": (lambda weight: weight.to(torch.float8_e4m3fn), r"not a weight: .*dense\.bias \(F8_E4M3\)"),
    "NaN": (with_number(float("nan")), r"not finite in float32.*NaN or infinity in .*dense\.bias"),
    "infinity": (with_number(float("inf")), r"not finite in float32.*dense\.bias"),
    "minus infinity": (with_number(-float("inf")), r"not finite in float32.*dense\.bias"),
    "beyond float32": (lambda weight: weight.double() * 1e300, r"not finite in float32.*dense\.bias"),
    "infinity in float16": (lambda weight: with_number(float("inf"))(weight.half()), r"not finite.*dense\.bias"),
    "infinity in bfloat16": (lambda weight: with_number(float("inf"))(weight.bfloat16()), r"not finite.*dense\.bias"),
    "NaN in float16": (lambda weight: with_number(float("nan"))(weight.half()), r"not finite.*dense\.bias"),
    "NaN in bfloat16": (lambda weight: with_number(float("nan"))(weight.bfloat16()), r"not finite.*dense\.bias"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", NO_WEIGHTS)
def test_gate_refuses_what_is_not_a_weight(hat, kind, reader):
    weight, message = NO_WEIGHTS[kind]
    edit_weights(hat, put(weight))
    with pytest.raises(RefusedError, match=f"(?s){message}"):
        READERS[reader](hat)


@pytest.mark.parametrize("kind", NO_WEIGHTS)
def test_gate_refuses_a_source_with_what_is_not_a_weight(bert, kind):
    weight, message = NO_WEIGHTS[kind]
    edit_weights(bert, put(weight, SOURCE_BIAS))
    with pytest.raises(RefusedError, match=f"(?s){message}"):
        start_from(bert)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("reader", READERS)
def test_gate_takes_every_floating_type(hat, kind, reader):
    edit_weights(hat, lambda weights: weights.update({name: w.to(kind) for name, w in weights.items()}))
    assert READERS[reader](hat).dtype == torch.float32


FITS = r"do not fit its configuration:\n  {}"
MISFITS = {
    "transposed": (transpose, FITS.format(r"misshapen: .*intermediate\.dense\.weight \(32, 48\), expected \(48, 32\)")),
    "flat": (put(lambda w: w.reshape(-1), WIDE), FITS.format(r"misshapen: .*\(1536,\), expected \(48, 32\)")),
    "unexpected": (
        lambda w: w.update({f"{BIAS}.adapter": w[BIAS].clone()}),
        FITS.format(r"unexpected: .*bias\.adapter"),
    ),
    "missing": (lambda w: w.pop(BIAS), FITS.format(r"missing: .*sentence_encoder\.output\.dense\.bias")),
    "one block more": (
        lambda w: w.update({n.replace("layer.1", "layer.2"): t.clone() for n, t in list(w.items()) if "layer.1" in n}),
        FITS.format(r"unexpected: encoder\.layer\.2\."),
    ),
    "empty": (lambda w: w.clear(), FITS.format("missing: .* more")),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", MISFITS)
def test_gate_refuses_weights_that_do_not_fit(hat, kind, reader):
    edit, message = MISFITS[kind]
    edit_weights(hat, edit)
    with pytest.raises(RefusedError, match=message):
        READERS[reader](hat)


SOURCE_FITS = r"do not fit its config.json:\n  {}"
SOURCE_MISFITS = {
    "transposed": (
        put(lambda w: w.T.contiguous(), "encoder.layer.0.intermediate.dense.weight"),
        SOURCE_FITS.format(r"misshapen: .*\(32, 48\), expected \(48, 32\)"),
    ),
    "adapter": (
        lambda w: w.update({"encoder.layer.0.output.adapter.weight": torch.zeros(3)}),
        SOURCE_FITS.format(r"unexpected: encoder\.layer\.0\.output\.adapter\.weight"),
    ),
    "one layer more": (
        lambda w: w.update({n.replace("layer.2", "layer.3"): t.clone() for n, t in list(w.items()) if "layer.2" in n}),
        SOURCE_FITS.format(r"unexpected: encoder\.layer\.3\."),
    ),
    "missing": (lambda w: w.pop(SOURCE_BIAS), SOURCE_FITS.format(r"missing: encoder\.layer\.0\.output\.dense\.bias")),
    "two encoders": (
        lambda w: w.update({"other.embeddings.word_embeddings.weight": torch.zeros(3)}),
        r"hold 2 embeddings\.word_embeddings\.weight, expected one",
    ),
}


@pytest.mark.parametrize("kind", SOURCE_MISFITS)
def test_gate_refuses_a_source_whose_weights_do_not_fit(bert, kind):
    edit, message = SOURCE_MISFITS[kind]
    edit_weights(bert, edit)
    with pytest.raises(RefusedError, match=message):
        start_from(bert)


def test_gate_takes_a_source_without_the_layers_that_are_not_copied(bert):
    edit_weights(bert, lambda w: [w.pop(name) for name in list(w) if "layer.2" in name])
    assert start_from(bert)


BIN_KINDS = {
    "sparse": (put(lambda w: w.to_sparse()), r"not a weight: .*dense\.bias \(sparse_coo\)"),
    "meta": (put(lambda w: w.to("meta")), r"not a weight: .*without numbers, on device meta"),
    "expanded": (put(expanded), r"not a weight: .*the same numbers several times over"),
    "quantized": (
        put(lambda w: torch.quantize_per_tensor(w, 0.1, 0, torch.qint8)),
        r"not a weight: .*\(quantized\)",
    ),
    "int8": (put(lambda w: w.to(torch.int8)), r"not a weight: .*\(int8\)"),
    "NaN": (put(with_number(float("nan"))), r"not finite in float32"),
    "numbers for names": (lambda w: w.update({7: torch.zeros(2)}), r"names its weights 7, expected names in words"),
    "transposed": (transpose, MISFITS["transposed"][1]),
}


@pytest.mark.parametrize("kind", BIN_KINDS)
@pytest.mark.parametrize("cls", [k for k in READERS if k != "pipeline"])
def test_gate_refuses_bin_files_with_what_is_not_a_weight(hat, kind, cls):
    edit, message = BIN_KINDS[kind]
    edit_weights(hat, edit, as_bin=True)
    with pytest.raises(RefusedError, match=f"(?s){message}"):
        READERS[cls](hat)


def test_gate_refuses_a_bin_file_in_which_many_names_share_few_numbers(hat):
    def share(weights):
        flat = torch.zeros(115 * 32)
        weights.update({name: flat[: weight.numel()].view(weight.shape) for name, weight in weights.items()})

    edit_weights(hat, share, as_bin=True)
    with pytest.raises(RefusedError, match=r"asks for [\d,]+ numbers, and the file holds 3,680"):
        HATModel.from_pretrained(hat)


def test_gate_refuses_a_bin_file_that_is_compressed(hat):
    edit_weights(hat, lambda weights: None, as_bin=True)
    with zipfile.ZipFile(hat / BIN) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(hat / BIN, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(RefusedError, match="cannot be read: its entries are compressed"):
        HATModel.from_pretrained(hat)


def rewrite_header(folder, edit):
    """Change the head of a safetensors file, and not what follows."""
    content = (folder / WEIGHTS).read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    edit(header)
    written = json.dumps(header).encode()
    (folder / WEIGHTS).write_bytes(len(written).to_bytes(8, "little") + written + content[8 + length :])


HEADERS = {
    "a shape beyond memory": lambda h: h[BIAS].update(shape=[10**12]),
    "a shape beyond 64 bits": lambda h: h[BIAS].update(shape=[2**63 + 1]),
    "a negative shape": lambda h: h[BIAS].update(shape=[-32]),
    "a shape of words": lambda h: h[BIAS].update(shape="32"),
    "an end beyond the file": lambda h: h[BIAS].update(data_offsets=[0, 10**15]),
    "no offsets": lambda h: h[BIAS].pop("data_offsets"),
    "an entry that is a number": lambda h: h.update({BIAS: 5}),
    "an unknown type": lambda h: h[BIAS].update(dtype="F4"),
}


def test_gate_says_how_long_a_file_would_be_by_its_header(hat):
    rewrite_header(hat, dict.clear)
    with pytest.raises(RefusedError, match=r"its header is of a file of 10 bytes"):  # 8, and an empty header
        open_weights(hat)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", HEADERS)
def test_gate_refuses_headers_that_lie_before_a_number_is_read(hat, kind, reader, monkeypatch):
    rewrite_header(hat, HEADERS[kind])
    monkeypatch.setattr("spacy_hat.modeling.files.weights.load_file", lambda path: pytest.fail("was read"))
    monkeypatch.setattr("spacy_hat.modeling.files.weights.load", lambda content: pytest.fail("was read"))
    with pytest.raises(RefusedError):
        READERS[reader](hat)


@pytest.mark.parametrize("length", [2**64 - 1, 10**9, 0])
@pytest.mark.parametrize("reader", READERS)
def test_gate_refuses_headers_of_any_length(hat, length, reader):
    content = (hat / WEIGHTS).read_bytes()
    (hat / WEIGHTS).write_bytes(length.to_bytes(8, "little") + content[8:])
    with pytest.raises(RefusedError, match="cannot be read"):
        READERS[reader](hat)


def test_gate_ignores_whole_numbers_that_follow_from_the_configuration(hat):
    edit_weights(hat, lambda w: w.update({"embeddings.position_ids": torch.arange(13)[None]}))
    assert HATModel.from_pretrained(hat)


def test_gate_opens_weights_without_reading_them(hat, monkeypatch):
    monkeypatch.setattr("spacy_hat.modeling.files.weights.load_file", lambda path: pytest.fail("was read"))
    file = open_weights(hat)
    config = HATModel.config_class.from_dict(json.loads((hat / CONFIG).read_text()))
    own = HATModel(config).state_dict()
    assert file.shapes == {name: tuple(weight.shape) for name, weight in own.items()}
    assert file.n_numbers == sum(weight.numel() for weight in own.values())


@pytest.mark.parametrize("cls", [HATModel, HATForSequenceClassification])
def test_gate_loads_into_half_precision_only_what_fits(hat, cls):
    edit_weights(hat, put(with_number(1e10)))
    with pytest.raises(RefusedError, match="do not fit into float16"):
        cls.from_pretrained(hat, torch_dtype="float16")


def test_gate_says_that_a_file_ends_within_its_header(hat):
    path = hat / WEIGHTS
    content = path.read_bytes()
    path.write_bytes((len(content) - 8 + 1).to_bytes(8, "little") + content[8:])
    with pytest.raises(RefusedError, match="it ends before its header does"):
        open_weights(hat)
