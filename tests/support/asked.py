"""Tiny pipelines that answer questions or choose among options, documents to learn that from, and published heads."""

from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Span
from spacy.training import Example

from spacy_hat.corpora.asked import install_extensions
from spacy_hat.layers.hat_model import get_shim
from spacy_hat.modeling import HATConfig, HATForMultipleChoice, HATForQuestionAnswering
from spacy_hat.packing.pairs import PackedPair
from spacy_hat.pipeline.optimizer import adam_v1

from .pipelines import NO_STEP, make_text
from .tiny import randomise
from .tokenizers_tiny import wordpiece_tokenizer

install_extensions()
COSTS, WORLD = "what costs?", "who is hello?"
OUTCOMES = ["the appeal was dismissed", "hello world"]
TASKS = {"hat_qa": "pieces", "hat_choice": "segments"}
HEADS: dict[str, Any] = {"hat_qa": HATForQuestionAnswering, "hat_choice": HATForMultipleChoice}


def make_asking(name: Path | str, task: str = "hat_qa", *, leads: str = "segments", **settings: Any) -> Language:
    """Build a pipeline that is not initialized.

    name (Path | str): Of the encoder's checkpoint.
    task (str): The component.
    leads (str): What questions and options lead.
    **settings: Of the component.
    RETURNS (Language): The pipeline.
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    encoder = {"name": str(name), "output": TASKS[task], **settings.pop("encoder", {})}
    model = {"leads": leads, "encoder": encoder, **settings.pop("model", {})}
    nlp.add_pipe(task, config={"model": model, **settings})
    return nlp


def long_text(number: int) -> str:
    """Every third one has several windows."""
    return make_text(number) * (1 if number % 3 else 4)


def question_examples(nlp: Language, n_docs: int = 12) -> list[Example]:
    """Who is greeted is answered by half of the documents, what follows by all. Only annotated ones have questions."""
    examples = []
    for number in range(n_docs):
        doc = nlp.make_doc(long_text(number))
        doc._.questions = [COSTS, WORLD]
        places = {token.text: token.i for token in reversed(doc)}
        doc.spans["answers"] = [
            Span(doc, places[word], places[word] + 2, question)
            for word, question in (("costs", COSTS), ("hello", WORLD))
            if word in places
        ]
        examples.append(Example(nlp.make_doc(doc.text), doc))
    return examples


def choice_examples(nlp: Language, n_docs: int = 12) -> list[Example]:
    """Which of two outcomes a document has; in half of the documents the other option comes first."""
    examples = []
    for number in range(n_docs):
        doc = nlp.make_doc(long_text(number))
        doc._.options = OUTCOMES if number % 4 < 2 else OUTCOMES[::-1]
        doc._.choice = OUTCOMES[number % 2]
        examples.append(Example(nlp.make_doc(doc.text), doc))
    return examples


EXAMPLES = {"hat_qa": question_examples, "hat_choice": choice_examples}


def start_asking(name: Path | str, task: str = "hat_qa", **settings: Any) -> tuple[Language, list[Example]]:
    """RETURNS (tuple[Language, list[Example]]): A pipeline that is initialized on its examples."""
    spacy.util.fix_random_seed(0)
    torch.manual_seed(0)
    nlp = make_asking(name, task, **settings)
    examples = EXAMPLES[task](nlp)
    nlp.initialize(lambda: examples)
    return nlp, examples


def train_asking(nlp: Language, examples: list[Example], n_steps: int) -> list[float]:
    """Train on all examples at once. RETURNS (list[float]): The loss of each step."""
    sgd = adam_v1(learn_rate=0.02, encoder_learn_rate=0.003)
    task = nlp.pipe_names[-1]
    component: Any = nlp.get_pipe(task)
    losses = []
    for _ in range(n_steps):
        losses.append(nlp.update(examples, sgd=NO_STEP, annotates=["sentencizer"], losses={})[task])
        component.finish_update(sgd)
    return losses


def asking_head(folder: Path, task: str, **settings: Any) -> Path:
    """Write the checkpoint of a tiny random published head. RETURNS (Path): The folder."""
    tokenizer = wordpiece_tokenizer()
    config = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_attention_heads": 4,
        "layout": "S|SD",
        "segment_length": 24,
        "max_segments": 6,
        "pad_token_id": tokenizer.pad_token_id,
        "hidden_dropout_prob": 0.15,
        "document_position_embeddings": True,
        **settings,
    }
    model = randomise(HEADS[task](HATConfig(**config)), scale=0.2)
    model.save_pretrained(folder)
    model.config.to_json_file(folder / "config.json", use_diff=False)
    tokenizer.save_pretrained(folder)
    return folder


def published(nlp: Language) -> Any:
    """RETURNS (Any): The published head with the weights of a pipeline's component, which is the last one."""
    task = nlp.pipe_names[-1]
    component: Any = nlp.get_pipe(task)
    encoder = get_shim(component.model.layers[0]).encoder
    config = HATConfig.from_dict({**encoder.config.to_dict(), "pooling": "max"})
    model = HEADS[task](config)
    model.hi_transformer.load_state_dict(encoder.state_dict())
    output = component.model.get_ref("output_layer")
    linear = model.qa_outputs if task == "hat_qa" else model.classifier
    layers = [(linear, output)]
    if task == "hat_choice":
        layers.append((model.pooler.dense, component.model.get_ref("hidden")))
    with torch.no_grad():
        for module, layer in layers:
            module.weight.copy_(torch.from_numpy(layer.get_param("W").copy()))
            module.bias.copy_(torch.from_numpy(layer.get_param("b").copy()))
    return model.eval()


def padded(packed: PackedPair, length: int, n_segments: int | None = None) -> dict[str, torch.Tensor]:
    """RETURNS (dict[str, Tensor]): A pair of one window in the published form, (1, n_segments * segment_length)."""
    assert len(packed.window_lengths) == 1
    lengths = np.zeros(n_segments or len(packed.segment_lengths), dtype="int64")
    lengths[: len(packed.segment_lengths)] = packed.segment_lengths
    mask = np.arange(length) < lengths[:, None]
    ids = np.zeros(mask.shape, dtype="int64")
    ids[mask] = packed.piece_ids
    return {
        "input_ids": torch.from_numpy(ids).reshape(1, -1),
        "attention_mask": torch.from_numpy(mask.astype("int64")).reshape(1, -1),
    }
