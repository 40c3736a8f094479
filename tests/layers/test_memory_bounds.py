"""What bounds memory in prediction: portions of whole windows in the encoder, batches of documents in the component."""

import numpy as np
import pytest
import torch

from spacy_hat.modeling import HATModel, PackedInputs

from ..pipeline.pipelines import initialize, make_nlp, make_text
from .test_shim import LENGTHS, WINDOWS, make_inputs, make_shim


@pytest.mark.parametrize("max_pieces", [1, 13, 52, 53, 60, 61, 1000])
def test_packed_inputs_are_cut_between_windows_only(max_pieces):
    inputs = make_inputs()
    portions = list(inputs.portions(max_pieces))
    for name in ("piece_ids", "segment_lengths", "window_lengths", "segment_positions"):
        parts = [getattr(portion, name) for portion in portions]
        np.testing.assert_array_equal(np.concatenate(parts), getattr(inputs, name))
    for portion in portions:
        assert portion.window_lengths.sum() == len(portion.segment_lengths)
        assert portion.segment_lengths.sum() == len(portion.piece_ids)
        assert len(portion.piece_ids) <= max_pieces or len(portion.window_lengths) == 1


def test_packed_inputs_without_windows_have_no_portions():
    nothing = np.zeros(0, dtype=np.int64)
    assert list(PackedInputs(nothing, nothing, nothing, nothing).portions(5)) == []


@pytest.mark.parametrize("output", ["pieces", "segments"])
def test_shim_never_holds_more_than_a_portion(hat_folder, output):
    shim = make_shim(hat_folder, max_batch_pieces=13, output=output)
    sizes = []
    for module in (shim.encoder.embeddings, *shim.encoder.encoder.layers()):
        module.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    shim.predict(make_inputs())
    windows = np.split(np.array(LENGTHS), np.cumsum(WINDOWS)[:-1])
    assert max(sizes) == max(int(lengths.sum()) for lengths in windows)
    assert max(sizes) < sum(LENGTHS)


@pytest.mark.parametrize("max_batch_pieces", [5, 13, None])
def test_encoder_in_micro_batches_does_not_write_into_its_input(hat_folder, max_batch_pieces):
    model = HATModel.from_pretrained(hat_folder).eval()
    plan = make_inputs().plan(torch.device("cpu"), max_batch_pieces)
    hidden = torch.randn(sum(LENGTHS), model.config.hidden_size)
    before = hidden.clone()
    with torch.no_grad():
        for output in model.encoder(hidden, plan):
            assert output.data_ptr() != hidden.data_ptr()
    assert torch.equal(hidden, before)


@pytest.mark.parametrize("max_batch_items", [1, 60, 200, 4096])
def test_nlp_batches_by_tokens_and_not_by_documents(hat_folder, max_batch_items):
    nlp = make_nlp(hat_folder)
    initialize(nlp)
    transformer = nlp.get_pipe("transformer")
    transformer.cfg["max_batch_items"] = max_batch_items
    batches = []
    predict = transformer.predict
    transformer.predict = lambda docs: batches.append([len(doc) for doc in docs]) or predict(docs)
    texts = [make_text(number) * (1 + number % 5) for number in range(20)]
    docs = list(nlp.pipe(texts))
    assert sorted(n for batch in batches for n in batch) == sorted(len(doc) for doc in docs)
    assert all(sum(batch) <= max_batch_items or len(batch) == 1 for batch in batches)
    assert [doc.text for doc in docs] == texts
