"""Mistakes in how pipelines are put together, loaded and run. No head ever classifies zeros in silence."""

import spacy
from thinc.config import ConfigValidationError

from ..support.mistake import Mistake
from ..support.pipelines import COMPONENTS, LISTENER, OURS, document_head, initialize, make_nlp, span_head, train
from ..support.workshop import LFS_POINTER, cut, write

TEXT = "the court held that. the appeal was dismissed."
NO_OUTPUT = ["No transformer output for document 0", "Got doc._.trf_data: None", "Expected: the output of", "disabled"]
NO_WIDTH = ["does not know its width", "got no width, expected that of", "Put that component before this one"]
CNN = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 8, "depth": 1, "embed_size": 8, "window_size": 1}
CNN |= {"maxout_pieces": 2, "subword_features": True, "pretrained_vectors": None}


def add(nlp, name, **place):
    factory, config = COMPONENTS[name]
    nlp.add_pipe(factory, config=config, **place)
    return nlp


def without_encoder(w, name):
    nlp = make_nlp(w.sound_hat, name)
    nlp.remove_pipe("transformer")
    initialize(nlp)


def cleaned_in_between(w):
    nlp = spacy.load(w.sound_pipeline)
    nlp.add_pipe("doc_cleaner", config={"attrs": {"_.trf_data": None}}, after="transformer")
    nlp(TEXT)


def frozen_and_not_annotating(w, name):
    nlp = make_nlp(w.sound_hat, name)
    train(nlp, initialize(nlp), 1, exclude=["transformer"])


def classify(w, factory, model, **config):
    nlp = make_nlp(w.sound_hat)
    nlp.add_pipe(factory, config={"model": model, **config})
    initialize(nlp)


def edited(w, old, new):
    folder = w.pipeline()
    config = (folder / "config.cfg").read_text()
    assert old in config
    return spacy.load(write(folder, "config.cfg", config.replace(old, new)))


PIPELINES = [
    Mistake(
        "a pipeline loaded without its encoder",
        lambda w: spacy.load(w.sound_pipeline, exclude="transformer")(TEXT),
        NO_OUTPUT,
    ),
    Mistake("the encoder disabled", lambda w: spacy.load(w.sound_pipeline, disable="transformer")(TEXT), NO_OUTPUT),
    Mistake("the encoder taken out of [nlp] pipeline", lambda w: edited(w, '"transformer",', "")(TEXT), NO_OUTPUT),
    Mistake("a doc_cleaner between encoder and head", cleaned_in_between, NO_OUTPUT),
    *(Mistake(f"{name} without an encoder", lambda w, name=name: without_encoder(w, name), NO_WIDTH) for name in OURS),
    *(
        Mistake(
            f"{name} before the encoder",
            lambda w, name=name: initialize(add(make_nlp(w.sound_hat), name, before="transformer")),
            NO_WIDTH,
        )
        for name in OURS
    ),
    *(
        Mistake(
            f"the encoder of {name} frozen, but not annotating",
            lambda w, name=name: frozen_and_not_annotating(w, name),
            ["E203", "annotating"],
        )
        for name in OURS
    ),
    Mistake(
        "`upstream` that names no component",
        lambda w: classify(w, "textcat", document_head(tok2vec={**LISTENER, "upstream": "hat"})),
        [*NO_WIDTH, "`upstream` of [model.tok2vec] must be its name"],
    ),
    Mistake(
        "a head on a CNN",
        lambda w: classify(w, "textcat", document_head(tok2vec=CNN)),
        [
            "reads whole segments",
            "Got [model.tok2vec]",
            "Expected",
            "spacy-transformers.TransformerListener.v1",
            "Put one",
        ],
    ),
    Mistake(
        "a head on spaCy's Tok2VecListener",
        lambda w: classify(
            w, "textcat", document_head(tok2vec={"@architectures": "spacy.Tok2VecListener.v1", "width": 8})
        ),
        ["reads whole segments", "a layer named 'tok2vec-listener'", "spacy-transformers.TransformerListener.v1"],
    ),
    Mistake(
        "HATModel.v1 as the tok2vec of a head",
        lambda w: classify(
            w, "textcat", document_head(tok2vec={"@architectures": "spacy-hat.HATModel.v1", "name": str(w.sound_hat)})
        ),
        ["reads whole segments", "a layer named 'hat'", '"spacy-hat.HATTok2Vec.v1"', "Put one"],
    ),
    *(
        Mistake(
            f"HATModel.v1 as the model of {name}",
            lambda w, name=name, key=key: classify(
                w, name, {"@architectures": "spacy-hat.HATModel.v1", "name": str(w.sound_hat)}, **key
            ),
            [
                "HATModel.v1 encodes documents and labels nothing",
                "Got: it is the [model] of a component that wants scores",
                "Expected: a `transformer` or `hat` component",
                "Give this component a head",
            ],
        )
        for name, key in (("textcat", {}), ("spancat", {"spans_key": "spancat"}), ("tagger", {}))
    ),
    Mistake(
        "the span head in textcat",
        lambda w: classify(w, "textcat", span_head(True)),
        [
            "SpanClassifier.v1 labels spans",
            "Got: documents without",
            "Expected: `spancat`",
            "spacy-hat.DocumentClassifier.v1",
        ],
    ),
    Mistake(
        "the document head in spancat",
        lambda w: classify(w, "spancat", document_head(False), spans_key="spancat"),
        [
            "DocumentClassifier.v1 labels documents",
            "Got: documents with spans",
            "Expected: `textcat`",
            "spacy-hat.SpanClassifier.v1",
        ],
    ),
    *(
        Mistake(
            f"exclusive_classes = {str(wrong).lower()} in {name}",
            lambda w, name=name, made=made, wrong=wrong, key=key: classify(w, name, made(wrong), **key),
            [
                f"Component '{name}' gives",
                f"exclusive_classes = {str(wrong).lower()}",
                "Expected: ",
                "Correct it in",
                "or use",
            ],
        )
        for name, made, wrong, key in (
            ("textcat", document_head, False, {}),
            ("textcat_multilabel", document_head, True, {}),
            ("spancat", span_head, True, {"spans_key": "spancat"}),
            ("spancat_singlelabel", span_head, False, {"spans_key": "spancat"}),
        )
    ),
    Mistake(
        "a pipeline that was never initialized",
        lambda w: make_nlp(w.sound_hat)(TEXT),
        ["no weights yet", "nlp.initialize", "spacy.load"],
    ),
    Mistake(
        "a setting of a saved pipeline edited to one that does not exist",
        lambda w: edited(w, 'packing = "greedy"', 'packing = "sentence"'),
        ["packing", "sentence"],
        ConfigValidationError,
    ),
    *(
        Mistake(
            f"weights of a saved pipeline {what}",
            lambda w, spoil=spoil: spacy.load(spoil(w.pipeline())),
            [
                "The weights of component 'transformer' cannot be read",
                "Got: ",
                "Expected: the file as nlp.to_disk wrote it",
                "copy",
            ],
        )
        for what, spoil in (
            ("cut off at the end", lambda folder: cut(folder, "transformer/model", -100)),
            ("cut off to nothing", lambda folder: cut(folder, "transformer/model", 0)),
            ("replaced by a Git LFS pointer", lambda folder: write(folder, "transformer/model", LFS_POINTER)),
        )
    ),
]
