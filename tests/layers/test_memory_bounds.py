"""What bounds memory in prediction: portions of whole windows in the encoder, batches of documents in the component."""

import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest
import torch

from spacy_hat.layers import shim
from spacy_hat.machine import free_memory
from spacy_hat.modeling import HATModel, PackedInputs

from ..support.asked import TASKS, start_asking
from ..support.encoders import LENGTHS, WINDOWS, make_docs, make_inputs, make_model, make_shim
from ..support.pipelines import initialize, make_nlp, make_text


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


@pytest.mark.parametrize(("max_batch_pieces", "largest"), [(4096, 24), (13, 13)])
def test_shim_bounds_what_a_block_sees_at_once_on_a_cpu(hat_folder, monkeypatch, max_batch_pieces, largest):
    small, whole = make_shim(hat_folder, max_batch_pieces=max_batch_pieces), make_shim(hat_folder)
    expected = whole.predict(make_inputs())
    monkeypatch.setattr(shim, "CPU_MICRO_BATCH", 24)
    sizes = []
    for layer in small.encoder.encoder.layers():
        if layer.sentence_encoder is not None:
            layer.sentence_encoder.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    np.testing.assert_allclose(small.predict(make_inputs()), expected, atol=1e-5)
    assert max(sizes) <= largest


def test_hat_model_gives_free_memory_back_now_and_then_and_only_in_prediction(hat_folder, monkeypatch):
    calls = []
    model = make_model(hat_folder)
    docs = make_docs()
    # The first prediction counts, too.
    monkeypatch.setattr(free_memory, "PIECES_BETWEEN", 3 * sum(model.predict(docs).wordpieces.lengths))
    monkeypatch.setattr(free_memory, "give_back", lambda: calls.append("gave back"))
    counts = []
    for _ in range(6):
        model.predict(docs)
        counts.append(len(calls))
    for _ in range(4):
        model.begin_update(docs)
    assert counts == [0, 1, 1, 1, 2, 2]
    assert len(calls) == 2


@pytest.mark.parametrize("task", TASKS)
def test_heads_that_ask_give_free_memory_back(hat_folder, monkeypatch, task):
    nlp, examples = start_asking(hat_folder, task)
    calls = []
    monkeypatch.setattr(free_memory, "PIECES_BETWEEN", 1)
    monkeypatch.setattr(free_memory, "give_back", lambda: calls.append("gave back"))
    nlp.get_pipe(task).predict([examples[0].reference])
    assert calls


@pytest.mark.skipif(free_memory._malloc_trim() is None, reason="the allocator is not glibc's")
def test_free_memory_goes_back_to_the_system():
    """In a process of its own: every other block is free, so none of it lies at the end of the heap."""
    code = """
        import numpy as np
        from spacy_hat.machine.free_memory import give_back
        resident = lambda: int(open("/proc/self/statm").read().split()[1])
        blocks = [np.ones(64_000, dtype="uint8") for _ in range(2000)]
        kept = blocks[::2]
        del blocks
        before = resident()
        print(give_back(), before - resident())
    """
    result = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=True)
    done, pages = result.stdout.split()
    # 64 MB are free, less what of a block shares its page with a neighbour.
    assert done == "True"
    assert int(pages) > 10_000


def test_free_memory_without_glibc_is_left_alone(monkeypatch):
    monkeypatch.setattr(free_memory, "_malloc_trim", lambda: None)
    assert not free_memory.give_back()


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


@pytest.mark.parametrize(("max_batch_pieces", "at_once"), [(4096, 2048), (13, 13)])
def test_blocks_take_fewer_pieces_at_once_on_a_cpu(hat_folder, monkeypatch, max_batch_pieces, at_once):
    asked = []
    forward = HATModel.forward_packed

    def noted(self, inputs, **options):
        asked.append(options["max_batch_pieces"])
        return forward(self, inputs, **options)

    monkeypatch.setattr(HATModel, "forward_packed", noted)
    make_shim(hat_folder, max_batch_pieces=max_batch_pieces).predict(make_inputs())
    assert set(asked) == {at_once}


def test_segment_cache_is_as_large_as_it_was_asked_to_be():
    assert shim.HATShim(segment_cache_mb=3).segment_cache.max_bytes == 3_000_000


def test_encoder_that_takes_no_pieces_at_once_is_an_error(hat_folder):
    with pytest.raises(ValueError, match="max_batch_pieces is 0, expected at least 1"):
        make_model(hat_folder, max_batch_pieces=0)
