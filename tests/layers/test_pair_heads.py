"""The heads over pairs say what the published heads say of the same pieces, and hand back the same gradients."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spacy_hat.layers.hat_model import get_shim
from spacy_hat.layers.pair_encoder import pack
from spacy_hat.layers.question_answering import PieceLogits
from spacy_hat.packing.pairs import Pair

from ..support.asked import COSTS, OUTCOMES, TASKS, make_asking, padded, published, start_asking
from ..support.pipelines import make_text

LEADS = ["segments", "windows"]


def sound(asking_hat: Path, task: str, leads: str) -> tuple[Any, Any, list[Pair]]:
    """A pipeline whose weights are not zero, its component, and pairs of one window each."""
    nlp, _ = start_asking(asking_hat, task, leads=leads, **no_dropout(task))
    component = nlp.get_pipe(task)
    output = component.model.get_ref("output_layer")
    random = np.random.default_rng(0)
    for name in ("W", "b"):
        output.set_param(name, random.normal(size=output.get_param(name).shape).astype("float32"))
    docs = [nlp.get_pipe("sentencizer")(nlp.make_doc(text)) for text in (make_text(0)[:60], "hello world.", "")]
    texts = (COSTS,) if task == "hat_qa" else (OUTCOMES[1],)
    return nlp, component, [Pair(texts, doc) for doc in docs]


def no_dropout(task: str) -> dict[str, Any]:
    return {"model": {"dropout": 0.0}} if task == "hat_choice" else {}


def published_logits(nlp: Any, component: Any, pairs: list[Pair]) -> tuple[Any, list[torch.Tensor]]:
    """What the published head says of each pair: (n_pieces, 2), or (1, 1)."""
    model, encoder = published(nlp), component.model.layers[0]
    length = get_shim(encoder).encoder.config.segment_length
    found = []
    for pair in pack(encoder, pairs, component.model.attrs["leads"]).pairs:
        inputs = padded(pair, length)
        if nlp.pipe_names[-1] == "hat_qa":
            output = model(**inputs)
            both = torch.stack([output.start_logits[0], output.end_logits[0]], dim=-1)
            found.append(both[inputs["attention_mask"][0].bool()])
        else:
            found.append(model(**{name: value[:, None] for name, value in inputs.items()}).logits)
    return model, found


def logits_of(scored: Any) -> Any:
    return scored.logits if isinstance(scored, PieceLogits) else scored


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("leads", LEADS)
def test_pair_head_equals_the_published_head(asking_hat: Path, task: str, leads: str) -> None:
    nlp, component, pairs = sound(asking_hat, task, leads)
    _, expected = published_logits(nlp, component, pairs)
    found = logits_of(component.model.predict(pairs))
    np.testing.assert_allclose(found, torch.cat(expected).detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("leads", LEADS)
def test_pair_head_has_the_gradients_of_the_published_head(asking_hat: Path, task: str, leads: str) -> None:
    nlp, component, pairs = sound(asking_hat, task, leads)
    model, logits = published_logits(nlp, component, pairs)
    scored, backprop = component.model.begin_update(pairs)
    d_logits = np.random.default_rng(1).normal(size=logits_of(scored).shape).astype("float32")
    kept = d_logits.copy()
    backprop(PieceLogits(scored.packed, d_logits) if task == "hat_qa" else d_logits)
    (torch.cat(logits) * torch.from_numpy(kept)).sum().backward()
    assert (d_logits == kept).all()
    encoder = get_shim(component.model.layers[0]).encoder
    expected = {name: parameter.grad for name, parameter in model.hi_transformer.named_parameters()}
    for name, parameter in encoder.named_parameters():
        assert (parameter.grad is None) == (expected[name] is None)
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, expected[name], atol=1e-4, rtol=1e-4)
    linear = model.qa_outputs if task == "hat_qa" else model.classifier
    found = component.model.get_ref("output_layer").get_grad("W")
    np.testing.assert_allclose(found, linear.weight.grad.numpy(), atol=1e-4)


@pytest.mark.parametrize("task", TASKS)
def test_pair_head_says_of_a_batch_what_it_says_of_each(asking_hat: Path, task: str) -> None:
    _, component, pairs = sound(asking_hat, task, "segments")
    together = logits_of(component.model.predict(pairs))
    alone = np.concatenate([logits_of(component.model.predict([pair])) for pair in pairs])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_pair_head_takes_no_pairs(asking_hat: Path, task: str) -> None:
    _, component, _ = sound(asking_hat, task, "segments")
    assert len(logits_of(component.model.predict([]))) == 0


@pytest.mark.parametrize(("task", "output"), [("hat_qa", "segments"), ("hat_choice", "pieces")])
def test_pair_head_refuses_an_encoder_of_other_rows(asking_hat: Path, task: str, output: str) -> None:
    with pytest.raises(ValueError, match=f"Got: output = '{output}' in its encoder. Expected: '{TASKS[task]}'"):
        make_asking(asking_hat, task, encoder={"output": output})


@pytest.mark.parametrize("task", TASKS)
def test_pair_head_refuses_what_is_no_encoder(asking_hat: Path, task: str) -> None:
    with pytest.raises(ValueError, match="reads documents with an encoder of its own"):
        make_asking(
            asking_hat,
            task,
            model={
                "encoder": {
                    "@architectures": "spacy.HashEmbedCNN.v2",
                    "width": 8,
                    "depth": 1,
                    "embed_size": 8,
                    "window_size": 1,
                    "maxout_pieces": 2,
                    "subword_features": True,
                    "pretrained_vectors": None,
                }
            },
        )
