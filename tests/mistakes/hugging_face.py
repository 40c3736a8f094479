"""Mistakes with HATProcessor, with transformers' `pipeline`, and with `fill-mask`."""

import transformers

from spacy_hat.hugging_face import HATProcessor

from ..support.fine_tuned import TEXTS, save_head
from ..support.gate import edit_json
from ..support.mistake import Mistake
from .commands import FailedError, command


def head(task="textcat", **settings):
    return lambda w: save_head(w.new(), task, **settings)


def process(*given, named=None, of=None, **settings):
    """Give a processor something to read."""

    def act(w):
        folder = head()(w)
        if of:
            HATProcessor.from_pretrained(folder).save_pretrained(folder)
            edit_json(folder, "processor_config.json", **of)
        return HATProcessor.from_pretrained(folder, **settings)(*given, **(named or {}))

    return act


def ask(task, made, text=TEXTS[0], **options):
    return lambda w: transformers.pipeline(task, model=str(made(w)), device=-1)(text, **options)


HUGGING_FACE = [
    Mistake(
        "a text for a processor whose pipeline had a parser",
        process(TEXTS[0], sentences=None),
        ["cannot find the sentences of a text", "Got: a checkpoint of a pipeline", "nlp=spacy.load(PIPELINE)"],
    ),
    Mistake(
        "a list of sentences as if they were a document",
        process([TEXTS]),
        ["cannot read text. Got: list", "or sentences=[...]"],
    ),
    Mistake(
        "a tokenizer's options for a processor",
        process(TEXTS[0], named={"truncation": True, "max_length": 512}),
        ["takes no truncation, max_length", 'load it with overflow="truncate"'],
        TypeError,
    ),
    Mistake(
        "a document of several windows as one row",
        process(TEXTS[0] * 20, named={"return_tensors": "pt"}),
        ["segments, and the model attends between 6", "return_overflowing_tokens=True", 'overflow="truncate"'],
    ),
    Mistake(
        "a blank sentence",
        process(named={"sentences": ["the court.", " "]}),
        ["Sentence 1 of a document is blank", "Leave it out"],
    ),
    Mistake(
        "a processor of a stranger with a language that is a path",
        process(TEXTS[0], of={"lang": "../../code"}),
        ["lang of a HATProcessor is '../../code'", "expected spaCy's code", "Correct it in processor_config.json"],
    ),
    Mistake(
        "a processor of another model",
        process(TEXTS[0], of={"max_segments": 7}),
        ["max_segments is 7 in the processor_config.json", "6 in its config.json", "Save the processor beside"],
    ),
    Mistake(
        "text-classification with a head over sentences",
        ask("text-classification", head("spancat")),
        ["has no weights for pooler", "would answer at random", 'pipeline("hat-sentence-classification")'],
    ),
    Mistake(
        "feature-extraction with a HAT",
        ask("feature-extraction", head()),
        ["a text in one piece", "a HAT reads segments", "HATProcessor"],
    ),
    Mistake(
        "fill-mask with a HAT without a head for it",
        command(lambda w: w.hat(), "the [MASK] held.", name="fill-mask"),
        ["Cannot fill the masks", "has no weights for lm_head", "Expected: a model with this head"],
        FailedError,
    ),
    Mistake(
        "fill-mask with a BERT",
        command(lambda w: w.bert(), "the [MASK] held.", name="fill-mask"),
        ["Cannot fill the masks", "of type 'bert', expected a HAT"],
        FailedError,
    ),
]
