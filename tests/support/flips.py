"""For each parameter of each registered builder: another value, and something that shows the difference."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy_transformers.annotation_setters import null_annotation_setter
from thinc.api import Model, NumpyOps, reduce_max, reduce_mean
from thinc.types import Ragged

from spacy_hat.architectures import hat_model_v1, hat_tok2vec_v1
from spacy_hat.layers.hat_model import get_shim
from spacy_hat.modeling import PackedInputs
from spacy_hat.pipeline.units import HATUnits

from .flips_asked import ASKED_FLIPS, ASKED_NEEDED
from .flips_words import WORDS_FLIPS, WORDS_NEEDED
from .pipelines import make_text, save_hat

OPS = NumpyOps()
NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")


@dataclass(frozen=True)
class Flip:
    """A parameter with another value than it has by default.

    value (Any): The other value; a function of a fresh folder if it is callable and `made` is set.
    see (Callable[[Any], Any]): From what the builder made to something plain that the value changes.
    others (dict[str, Any]): Parameters without which this one means nothing.
    made (bool): Whether the value is made in a folder.
    """

    value: Any
    see: Callable[[Any], Any]
    others: dict[str, Any] = field(default_factory=dict)
    made: bool = False


def encoder_layer(model: Model) -> Model:
    """RETURNS (Model): The `hat` layer in what a builder made, with its weights."""
    layer = next(node for node in model.walk() if node.name == "hat")
    if get_shim(layer)._model is None:
        layer.initialize()
    return layer


def docs(n_docs: int = 2, sentences: bool = True) -> list[Doc]:
    made = [NLP(make_text(number)) for number in range(n_docs)]
    return made if sentences else [NLP.make_doc(doc.text) for doc in made]


def run(model: Model, *, sentences: bool = True, train: bool = False, long: bool = False) -> Any:
    """RETURNS (Any): The output as plain numbers, or the name of the error that there is instead."""
    layer = encoder_layer(model)
    batch = [Doc.from_docs(docs(4))] if long else docs(sentences=sentences)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            output, _ = layer(batch, train)
    except ValueError:
        return "error"
    hidden = output.model_output.last_hidden_state
    return tuple(hidden.shape), [part.tolist() for part in output.wordpieces.input_ids]


def sizes(model: Model) -> tuple[Any, ...]:
    config = get_shim(encoder_layer(model)).encoder.config
    return config.layout, config.hidden_dropout_prob


def portions(model: Model) -> int:
    """RETURNS (int): How many times the encoder was asked, of three windows."""
    shim = get_shim(encoder_layer(model))
    lengths = numpy.full(3, 4)
    inputs = PackedInputs(numpy.full(12, 5), lengths, numpy.array([1, 1, 1]), numpy.zeros(3, dtype="int64"))
    return len(list(shim.predict_portions(inputs)))


def converts(model: Model) -> bool:
    """RETURNS (bool): Whether predictions are made with other weights, or it was warned that the CPU cannot."""
    shim = get_shim(encoder_layer(model))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return shim.predictor.encoder(shim.encoder) is not shim.encoder or bool(caught)


def cache_of(model: Model) -> tuple[int, bool] | None:
    """RETURNS (tuple[int, bool] | None): What the encoder keeps of a training batch, and whether in a file."""
    run(model, train=True)
    cache = get_shim(encoder_layer(model)).segment_cache
    return None if cache is None else (len(cache), cache.folder is not None)


def token_vectors(model: Model) -> list[float]:
    encoder_layer(model)
    return model.predict([NLP("courts dismissed")])[0].sum(axis=1).tolist()


def gradient_of_encoder(model: Model) -> float:
    """RETURNS (float): How much of the gradient arrives."""
    encoder = get_shim(encoder_layer(model)).encoder
    vectors, backprop = model(docs(1), True)
    backprop([numpy.ones_like(part) for part in vectors])
    return sum(float(p.grad.abs().sum()) for p in encoder.parameters() if p.grad is not None)


ENCODER: dict[str, Flip] = {
    "name": Flip(lambda folder: str(save_hat(folder, layout="S|S|SD")), sizes, made=True),
    "tokenizer_config": Flip({"cls_token": "the"}, lambda m: get_shim(encoder_layer(m)).tokenizer.cls_token_id),
    "transformer_config": Flip({"hidden_dropout_prob": 0.25}, sizes),
    "packing": Flip("sentences", run),
    "overflow": Flip("error", lambda model: run(model, long=True)),
    "require_sentences": Flip(True, lambda model: run(model, sentences=False)),
    "max_batch_pieces": Flip(4, portions),
    "output": Flip("segments", run),
    "precision": Flip("bfloat16", converts),
    "lay_out_weights": Flip(True, converts),
    "segment_cache_mb": Flip(8, cache_of, {"transformer_config": {"frozen_blocks": 1}}),
    "segment_cache_folder": Flip(
        str, cache_of, {"transformer_config": {"frozen_blocks": 1}, "segment_cache_mb": 8}, made=True
    ),
    "mixed_precision": Flip(True, lambda model: get_shim(encoder_layer(model)).mixed_precision),
    "grad_scaler_config": Flip({"init_scale": 2}, lambda model: get_shim(encoder_layer(model)).grad_scaler_config),
}


def listener_of(folder: str, grad_factor: float = 1.0) -> Model:
    return hat_tok2vec_v1(folder, reduce_mean(), grad_factor=grad_factor)


def scores(model: Model, train: bool = False) -> Any:
    """RETURNS (Any): Of documents or spans, from weights that are the same each time."""
    numpy.random.seed(0)
    texts = docs(2)
    is_spans = model.name == "span_classifier"
    spans = Ragged(OPS.asarray2i([[0, 3], [1, 4]]), OPS.asarray1i([1, 1]))
    given = (texts, spans) if is_spans else texts
    model.initialize(X=given, Y=numpy.zeros((2, 3), dtype="float32"))
    output = model.get_ref("output_layer")
    random = numpy.random.default_rng(0).normal(size=output.get_param("W").shape)
    output.set_param("W", OPS.asarray_f(random))
    return model(given, train)[0].round(5).tolist()


HEAD: dict[str, Flip] = {
    "tok2vec": Flip(
        lambda folder: listener_of(str(save_hat(folder, layout="S|S|SD"))), lambda m: sizes(m)[0], made=True
    ),
    "exclusive_classes": Flip(False, scores),
    "dropout": Flip(0.9, lambda model: model.get_ref("hidden").attrs["dropout"]),
    "nO": Flip(7, lambda model: model.has_dim("nO") and model.get_dim("nO")),
}


def optimizer_rate(name: str) -> Callable[[Any], Any]:
    """RETURNS (Callable): What two steps make of one weight; of the encoder for its rate."""

    def see(optimizer: Any) -> Any:
        key = (0, "encoder.weight" if name == "encoder_learn_rate" else "W")
        weights = numpy.ones(4, dtype="float32")
        for gradient in ([0.5, 1.0, -3.0, 1e-8], [2.0, 1.0, -1.0, 1e-9]):
            weights, _ = optimizer(key, weights, numpy.array(gradient, dtype="float32"))
        return weights.tolist()

    return see


def first_token(pipe: Any) -> Any:
    """RETURNS (Any): Where the component of vectors left them."""
    from spacy_transformers.data_classes import TransformerData

    doc = docs(1)[0]
    if not Doc.has_extension("trf_data"):
        Doc.set_extension("trf_data", default=None)
    data = TransformerData.zeros(1, 4)
    data.model_output["last_hidden_state"] = numpy.ones((1, 2, 4), dtype="float32")
    data.align = Ragged(OPS.asarray1i([1] * len(doc)), OPS.asarray1i([1] * len(doc)))
    doc._.trf_data = data
    return pipe(doc).tensor.shape


def with_vectors() -> Language:
    """RETURNS (Language): A pipeline that has word vectors."""
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("court", OPS.asarray1f([1.0] * 3))
    return nlp


def annotate(docs: list[Doc], output: Any) -> None:
    """Set nothing; another function than spacy-transformers' own."""


# Name in the registry -> what it cannot be built without; functions of the folder of a HAT.
UNITS = {"unit": "lines", "pattern": None, "max_tokens": None, "keep": False}


def units_found(pipe: HATUnits) -> list[int]:
    """RETURNS (list[int]): Where sentences start in a document of lines and paragraphs, which has sentences before."""
    return [sent.start for sent in pipe(NLP("One. Two.\nThree.\n\nFour.")).sents]


def write_docs(path: Path, n_docs: int) -> Path:
    DocBin(docs=docs(n_docs)).to_disk(path)
    return path


def texts_read(read: Callable[[Language], Iterable[Example]]) -> list[str]:
    """RETURNS (list[str]): The texts that a reader of corpora reads."""
    return [example.reference.text for example in read(NLP)]


NEEDED: dict[str, Callable[[str], dict[str, Any]]] = {
    "spacy-hat.HATModel.v1": lambda hat: {"name": hat},
    "spacy-hat.HATTok2Vec.v1": lambda hat: {"name": hat, "pooling": reduce_mean()},
    "spacy-hat.DocumentClassifier.v1": lambda hat: {"tok2vec": listener_of(hat), "exclusive_classes": True},
    "spacy-hat.SpanClassifier.v1": lambda hat: {"tok2vec": listener_of(hat), "exclusive_classes": True},
    "spacy-hat.SentenceChain.v1": lambda hat: {"tok2vec": listener_of(hat)},
    "spacy-hat.sentence_suggester.v1": lambda hat: {},
    "spacy-hat.sentence_suggester.v2": lambda hat: {},
    "spacy-hat.Corpus.v1": lambda hat: {"path": write_docs(Path(hat).with_name("corpus.spacy"), 3)},
    "spacy-hat.Adam.v1": lambda hat: {},
    "spacy-hat.measured_scores.v1": lambda _: {},
    "spacy-hat.warmup_linear.v1": lambda _: {"initial_rate": 0.5, "warmup_steps": 2},
    "hat_cleaner": lambda _: {"nlp": NLP, "name": "hat_cleaner"},
    "hat": lambda hat: {
        "nlp": NLP,
        "name": "hat",
        "model": hat_model_v1(hat),
        "set_extra_annotations": null_annotation_setter,
        "max_batch_items": 4096,
    },
    "hat_units": lambda hat: {**UNITS, "nlp": NLP, "name": "hat_units"},
    "hat_vectors": lambda hat: {"nlp": NLP, "name": "hat_vectors", "keep": "segments"},
    **ASKED_NEEDED,
    **WORDS_NEEDED,
}
FLIPS: dict[str, dict[str, Flip]] = {
    "spacy-hat.HATModel.v1": ENCODER,
    "spacy-hat.HATTok2Vec.v1": {
        **ENCODER,
        "pooling": Flip(reduce_max(), token_vectors),
        "grad_factor": Flip(0.5, gradient_of_encoder),
    },
    "spacy-hat.DocumentClassifier.v1": {**HEAD, "pooling": Flip("mean", scores)},
    "spacy-hat.SpanClassifier.v1": HEAD,
    "spacy-hat.SentenceChain.v1": {
        **{name: flip for name, flip in HEAD.items() if name != "exclusive_classes"},
        "recurrent_width": Flip(16, lambda model: [node.name for node in model.walk()].count("recurrent")),
    },
    "spacy-hat.sentence_suggester.v1": {},
    "spacy-hat.sentence_suggester.v2": {},
    "spacy-hat.Corpus.v1": {
        "path": Flip(lambda folder: write_docs(folder / "other.spacy", 2), texts_read, made=True),
        "limit": Flip(1, texts_read),
        "augmenter": Flip(lambda nlp, example: iter([example, example]), texts_read),
    },
    "spacy-hat.Adam.v1": {
        name: Flip(value, optimizer_rate(name))
        for name, value in {
            "encoder_learn_rate": 0.1,
            "learn_rate": 0.1,
            "beta1": 0.1,
            "beta2": 0.1,
            "eps": 0.1,
            "L2": 0.5,
            "grad_clip": 0.0,
        }.items()
    },
    "spacy-hat.measured_scores.v1": {},
    "spacy-hat.warmup_linear.v1": {
        "initial_rate": Flip(0.25, lambda rates: list(islice(rates, 5))),
        "warmup_steps": Flip(4, lambda rates: list(islice(rates, 5))),
        "total_steps": Flip(4, lambda rates: list(islice(rates, 5))),
    },
    # A function, which needs nothing of what spaCy gives every factory.
    "hat_cleaner": {},
    "hat": {
        "nlp": Flip(spacy.blank("xx"), lambda pipe: id(pipe.vocab)),
        "name": Flip("other", lambda pipe: pipe.name),
        "model": Flip(lambda folder: hat_model_v1(str(folder), packing="fixed"), lambda p: run(p.model), made=True),
        "set_extra_annotations": Flip(annotate, lambda pipe: pipe.set_extra_annotations),
        "max_batch_items": Flip(7, lambda pipe: pipe.cfg["max_batch_items"]),
        "max_length": Flip(50, lambda pipe: pipe.place.max_length),
    },
    "hat_units": {
        "nlp": Flip(spacy.blank("en"), lambda pipe: pipe.vocab is NLP.vocab),
        "name": Flip("other", lambda pipe: pipe.name),
        "unit": Flip("paragraphs", units_found),
        "pattern": Flip("T", units_found, {"unit": "pattern", "pattern": "O"}),
        "max_tokens": Flip(1, units_found),
        "keep": Flip(True, units_found),
    },
    "hat_vectors": {
        "nlp": Flip(with_vectors(), lambda said: said, {"keep": "tensor"}),
        "name": Flip("other", lambda pipe: pipe.name),
        "keep": Flip("tensor", first_token),
    },
    **{
        name: {parameter: Flip(value, see, made=made) for parameter, (value, see, made) in flips.items()}
        for name, flips in ASKED_FLIPS.items()
    },
    **{
        name: {parameter: Flip(values[0], values[1], made=len(values) > 2) for parameter, values in flips.items()}
        for name, flips in WORDS_FLIPS.items()
    },
}
