"""Fine-tuned checkpoints to import: tiny random heads, and what they answer to documents that a pipeline has packed."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from spacy.tokens import Doc
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from spacy_hat.checkpoints.import_head import MULTI, SINGLE
from spacy_hat.layers.hat_model import get_shim
from spacy_hat.modeling import HATConfig, HATForSequenceClassification, HATForSequentialSentenceClassification

from .tiny import randomise
from .tokenizers_tiny import wordpiece_tokenizer

LABELS = ["Facts", "Law", "Costs"]
CLASSES = {"documents": HATForSequenceClassification, "segments": HATForSequentialSentenceClassification}
PROBLEMS = {"textcat": SINGLE, "textcat_multilabel": MULTI, "spancat_singlelabel": SINGLE, "spancat": MULTI}
KINDS = {task: "documents" if task.startswith("textcat") else "segments" for task in PROBLEMS}
TEXTS = [
    "the appeal was dismissed. costs follow. the court held that. we read whole documents. hello world.",
    "hello world.",
    "this is the court. that was read and held.",
]


def save_head(folder: Path, task: str = "textcat", **settings: Any) -> Path:
    """Write a checkpoint with a random head for a component of spaCy.

    folder (Path): Where to; one that is there.
    task (str): Factory of the component.
    **settings: Of its HATConfig, over those here.
    RETURNS (Path): The folder.
    """
    tokenizer = wordpiece_tokenizer()
    labels = settings.pop("labels", LABELS)
    config = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_attention_heads": 4,
        "layout": "S|SD",
        "segment_length": 12,
        "max_segments": 6,
        "pad_token_id": tokenizer.pad_token_id,
        "hidden_dropout_prob": 0.15,
        "document_position_embeddings": True,
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
        "problem_type": PROBLEMS[task],
        **settings,
    }
    model = randomise(CLASSES[KINDS[task]](HATConfig(**config)), scale=0.2)
    model.save_pretrained(folder)
    model.config.to_json_file(folder / "config.json", use_diff=False)
    tokenizer.save_pretrained(folder)
    return folder


def padded(nlp: Any, doc: Doc) -> dict[str, torch.Tensor]:
    """The published form of a document as a pipeline packs it, (1, n_segments * segment_length)."""
    encoder = nlp.get_pipe("transformer").model
    shim = get_shim(encoder)
    length = shim.encoder.config.segment_length
    packed = encoder.attrs["packer"](
        [doc], shim.tokenizer, segment_length=length, max_segments=shim.encoder.config.max_segments
    )
    ids = np.full((len(packed.segment_lengths), length), shim.encoder.config.pad_token_id)
    mask = np.arange(length) < packed.segment_lengths[:, None]
    ids[mask] = packed.piece_ids
    return {
        "input_ids": torch.from_numpy(ids).reshape(1, -1),
        "attention_mask": torch.from_numpy(mask.astype(int)).reshape(1, -1),
    }


def probabilities(logits: Any, problem_type: str) -> np.ndarray:
    logits = torch.as_tensor(logits)
    return (logits.softmax(-1) if problem_type == SINGLE else logits.sigmoid()).numpy()


def answers(model: Any, nlp: Any, text: str, problem_type: str) -> np.ndarray:
    """What a head of Hugging Face's kind says: (n_labels,) of a document, (n_segments, n_labels) of segments."""
    doc = nlp.get_pipe("sentencizer")(nlp.make_doc(text))
    with torch.no_grad():
        return probabilities(model(**padded(nlp, doc)).logits[0], problem_type)


def predictions(nlp: Any, component: str, doc: Doc) -> np.ndarray:
    """What a component says: (n_labels,) of a document, (n_spans, n_labels) of spans."""
    scores = nlp.get_pipe(component).predict([doc])
    return np.asarray(scores[0] if component.startswith("textcat") else scores[1])


def encode(nlp: Any, text: str) -> Doc:
    """A document with the output of the encoder, before any head."""
    doc = nlp.make_doc(text)
    for name in ("sentencizer", "transformer"):
        doc = nlp.get_pipe(name)(doc)
    return doc


def word_tokenizer(n_words: int) -> PreTrainedTokenizerFast:
    """A piece for each word: `w7` is piece 7, so that any piece ids can be written as text."""
    specials = {0: "<s>", 1: "<pad>", 2: "</s>"}
    words = {specials.get(number, f"w{number}"): number for number in range(n_words)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="</s>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, cls_token="<s>", pad_token="<pad>", unk_token="</s>")
