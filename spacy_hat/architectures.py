"""What configs can name, except the optimizer: a builder for each entry point of setup.cfg, construction only."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model
from thinc.types import Floats2d, Ragged

from .choices import Leads, Output, Overflow, Packing, Pooling, Precision
from .corpora.doc_bins import path_of_corpus
from .corpora.given_sentences import GivenSentencesCorpus
from .layers.document_classifier import document_classifier
from .layers.hat_model import Pretrained, hat_model, hat_tok2vec
from .layers.multiple_choice import multiple_choice
from .layers.question_answering import PieceLogits, question_answering
from .layers.sentence_chain import sentence_chain
from .layers.shim import HATShim
from .layers.span_classifier import span_classifier
from .layers.trf_interface import FullTransformerBatch
from .packing import Packer
from .packing.pairs import Pair
from .pipeline.sentence_suggester import build_sentence_suggester


def hat_model_v1(
    name: str | None,
    *,
    tokenizer_config: dict[str, Any] | None = None,
    transformer_config: dict[str, Any] | None = None,
    packing: Packing = "greedy",
    overflow: Overflow = "window",
    require_sentences: bool = False,
    max_batch_pieces: int = 4096,
    output: Output = "pieces",
    precision: Precision = "float32",
    lay_out_weights: bool = False,
    segment_cache_mb: int = 0,
    segment_cache_folder: str | None = None,
    mixed_precision: bool = False,
    grad_scaler_config: dict[str, Any] | None = None,
) -> Model[list[Doc], FullTransformerBatch]:
    """The HAT encoder, for the `transformer` or `hat` component: whole documents, one row of output per segment.

    name (str | None): Folder or hub name of a HAT checkpoint. Read when the pipeline is initialized; afterwards the
        weights live in the pipeline, and this is never looked at again.
    tokenizer_config (dict[str, Any] | None): Options for the checkpoint's tokenizer.
    transformer_config (dict[str, Any] | None): Entries of the checkpoint's config.json to override, such as
        `frozen_blocks`, `activation_checkpointing` and `hidden_dropout_prob`; `revision` pins a hub version.
    packing (Packing): How sentences become segments. `sentences`: one each, for sentence-level work; `greedy`: whole
        sentences share a segment while they fit, for documents; `fixed`: filled to the brim, no sentences needed.
    overflow (Overflow): Documents with more segments than the encoder has positions for. `window`: read in several
        windows; `truncate`: the rest is dropped, with a warning; `error`: raise.
    require_sentences (bool): Whether a document without sentence boundaries is an error, rather than packed `fixed`
        with a warning.
    max_batch_pieces (int): Pieces that go through a segment-wise block at once in prediction, at most, which bounds
        memory. On a CPU, no more than 2,048 do.
    output (Output): What a document keeps. `pieces`: a vector for each piece, for any listener. `segments`: one for
        each segment, some hundred times less; the heads of this package work on it, other listeners raise.
    precision (Precision): Of prediction: `float32`; `bfloat16` for the matrix products, with sums in float32; `int8`
        for those of segment-wise blocks, on CPUs that have instructions for it, with the rest as in `auto`, which is
        what others predict in, with a warning; `auto`: bfloat16 where the CPU or GPU multiplies it natively, float32
        elsewhere.
    lay_out_weights (bool): For predictions in float32 on a CPU: keep the weights of products a second time, in the
        order in which the processor reads them, which is a little faster. bfloat16 and int8 do so in any case.
    segment_cache_mb (int): With `frozen_blocks` in `transformer_config`: megabytes in which training keeps what these
        make of a segment before segments attend to each other, which is the same in every epoch. Segments that do
        not fit are encoded each time. 0: no cache.
    segment_cache_folder (str | None): Keep it in a nameless file there, mapped into memory, not in memory itself.
    mixed_precision (bool): Train in half precision: float16 with gradient scaling on a GPU, bfloat16 on a CPU that
        multiplies it natively, float32 on other CPUs.
    grad_scaler_config (dict[str, Any] | None): Options of thinc's PyTorchGradScaler, as in spacy-transformers.
    RETURNS (Model[list[Doc], FullTransformerBatch]): The model. Rows are segments; `last_hidden_state` is (n_segments,
        longest segment, hidden_size), where the first piece of a row, its segment vector, belongs to no token. With
        output = "segments" it is (n_segments, 1, hidden_size), these vectors.
    """
    shim = HATShim(
        precision=precision,
        lay_out_weights=lay_out_weights,
        max_batch_pieces=max_batch_pieces,
        output=output,
        segment_cache_mb=segment_cache_mb,
        segment_cache_folder=segment_cache_folder,
        mixed_precision=mixed_precision,
        grad_scaler_config=grad_scaler_config,
    )
    packer = Packer(packing=packing, overflow=overflow, require_sentences=require_sentences)
    return hat_model(Pretrained(name, tokenizer_config or {}, transformer_config or {}), packer, shim)


def hat_tok2vec_v1(
    name: str | None,
    pooling: Model[Ragged, Floats2d],
    *,
    grad_factor: float = 1.0,
    tokenizer_config: dict[str, Any] | None = None,
    transformer_config: dict[str, Any] | None = None,
    packing: Packing = "greedy",
    overflow: Overflow = "window",
    require_sentences: bool = False,
    max_batch_pieces: int = 4096,
    output: Output = "pieces",
    precision: Precision = "float32",
    lay_out_weights: bool = False,
    segment_cache_mb: int = 0,
    segment_cache_folder: str | None = None,
    mixed_precision: bool = False,
    grad_scaler_config: dict[str, Any] | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """The HAT encoder inside one component. This is what `replace_listeners` writes into a config.

    pooling (Model[Ragged, Floats2d]): From the pieces of a token to its vector.
    grad_factor (float): Multiplies the gradient that reaches the encoder; 0 freezes it.
    The other parameters are those of `spacy-hat.HATModel.v1`.
    RETURNS (Model[list[Doc], list[Floats2d]]): (n_tokens, hidden_size) for each Doc; heads of this package read the
        segments behind it.
    """
    # All of them at once, so that none can be forgotten. Before any other name is bound here.
    settings = {key: value for key, value in locals().items() if key not in ("pooling", "grad_factor")}
    return hat_tok2vec(hat_model_v1(**settings), pooling, grad_factor)


def document_classifier_v1(
    tok2vec: Model[list[Doc], list[Floats2d]],
    *,
    exclusive_classes: bool,
    pooling: Pooling = "max",
    dropout: float = 0.1,
    nO: int | None = None,
) -> Model[list[Doc], Floats2d]:
    """The head for `textcat` and `textcat_multilabel`: all segments of a document decide on its labels.

    tok2vec (Model[list[Doc], list[Floats2d]]): `spacy-transformers.TransformerListener.v1`, or
        `spacy-hat.HATTok2Vec.v1`. The head reads whole segments behind it; the pooling of pieces to tokens in it
        has no effect here.
    exclusive_classes (bool): True for textcat (the scores of a document sum to 1), False for textcat_multilabel.
    pooling (Pooling): How segment vectors become one vector: `max` and `mean` over segments, `attentive` (learned
        weights), `first` (the first segment's).
    dropout (float): Before the output, in training. It is the head's own: `[training] dropout` does not reach it.
    nO (int | None): n_labels; inferred from the data if None.
    RETURNS (Model[list[Doc], Floats2d]): Scores, (n_docs, n_labels).
    """
    return document_classifier(tok2vec, pooling=pooling, exclusive_classes=exclusive_classes, dropout=dropout, nO=nO)


def span_classifier_v1(
    tok2vec: Model[list[Doc], list[Floats2d]],
    *,
    exclusive_classes: bool,
    dropout: float = 0.1,
    nO: int | None = None,
) -> Model[tuple[list[Doc], Ragged], Floats2d]:
    """The head for `spancat` and `spancat_singlelabel`: spans in the context of their document, with any suggester.

    A span is the mean of its segments' vectors beside the mean of its own pieces; where the encoder keeps segment
    vectors only (`output = "segments"`), beside that of its tokens' segments.

    tok2vec (Model[list[Doc], list[Floats2d]]): `spacy-transformers.TransformerListener.v1`, or
        `spacy-hat.HATTok2Vec.v1`.
    exclusive_classes (bool): True for spancat_singlelabel, False for spancat.
    dropout (float): Before the output, in training. It is the head's own: `[training] dropout` does not reach it.
    nO (int | None): n_labels, with the negative label if there is one; inferred from the data if None.
    RETURNS (Model[tuple[list[Doc], Ragged], Floats2d]): Scores, (n_spans, n_labels).
    """
    return span_classifier(tok2vec, exclusive_classes=exclusive_classes, dropout=dropout, nO=nO)


def sentence_chain_v1(
    tok2vec: Model[list[Doc], list[Floats2d]],
    *,
    dropout: float = 0.1,
    recurrent_width: int = 0,
    nO: int | None = None,
) -> Model[tuple[list[Doc], Ragged], Floats2d]:
    """The head for `spancat_singlelabel` on sentences, or other spans that follow each other: their labels do, too.

    A span is what it is to `spacy-hat.SpanClassifier.v1`. A linear chain over the scores of each document (a
    conditional random field) learns which labels follow which, begin and end a document. Scores are marginals: the
    probability of a label given the whole document. A sentence without a label has the negative one, and takes part.

    tok2vec (Model[list[Doc], list[Floats2d]]): `spacy-transformers.TransformerListener.v1`, or
        `spacy-hat.HATTok2Vec.v1`.
    dropout (float): Before the output, in training. It is the head's own: `[training] dropout` does not reach it.
    recurrent_width (int): Numbers in each direction of an LSTM over the vectors of a document's spans, before they are
        scored. 0: no LSTM.
    nO (int | None): n_labels, with the negative label; inferred from the data if None.
    RETURNS (Model[tuple[list[Doc], Ragged], Floats2d]): Scores, (n_spans, n_labels). Spans that overlap, or are out of
        order, are an error.
    """
    return sentence_chain(tok2vec, dropout=dropout, recurrent_width=recurrent_width, nO=nO)


def question_answering_v1(
    encoder: Model[list[Doc], FullTransformerBatch], *, leads: Leads = "segments"
) -> Model[list[Pair], PieceLogits]:
    """The head for `hat_qa`, with an encoder of its own: where in a document the answer to a question is.

    encoder (Model[list[Doc], FullTransformerBatch]): `spacy-hat.HATModel.v1`, with output = "pieces".
    leads (Leads): Where a question stands. `segments`: at the beginning of each, so that each piece of the document
        attends to it; `windows`: in a segment of its own before each window, which takes less room and time, and of
        which the others know by cross-segment attention alone.
    RETURNS (Model[list[Pair], PieceLogits]): From pairs of question and document to logits, (n_pieces, 2), of each
        piece, as the first and as the last one of the answer.
    """
    return question_answering(encoder, leads=leads)


def multiple_choice_v1(
    encoder: Model[list[Doc], FullTransformerBatch],
    *,
    leads: Leads = "segments",
    pooling: Pooling = "max",
    dropout: float = 0.1,
) -> Model[list[Pair], Floats2d]:
    """The head for `hat_choice`, with an encoder of its own: how well an option goes with a document.

    encoder (Model[list[Doc], FullTransformerBatch]): `spacy-hat.HATModel.v1`, with output = "segments".
    leads (Leads): Where question and option stand. `segments`: at the beginning of each; `windows`: in segments of
        their own before each window.
    pooling (Pooling): How segment vectors become one vector, as of `spacy-hat.DocumentClassifier.v1`.
    dropout (float): Before the output, in training. It is the head's own: `[training] dropout` does not reach it.
    RETURNS (Model[list[Pair], Floats2d]): From pairs of option and document to a logit for each, (n_pairs, 1).
    """
    return multiple_choice(encoder, leads=leads, pooling=pooling, dropout=dropout)


def sentence_suggester_v1() -> Callable[..., Ragged]:
    """Suggest exactly the sentences of a document, for `spancat` and `spancat_singlelabel`.

    RETURNS (Callable): From documents to a Ragged of (n_spans, 2), first token and one past the last.
    """
    return build_sentence_suggester()


def sentence_suggester_v2() -> Callable[..., Ragged]:
    """Suggest the sentences of a document without the spaces at their ends, which annotated spans do not have either.

    Version 1 suggests the spaces (line breaks, mostly) along with them, and sentences of nothing but spaces.

    RETURNS (Callable): From documents to a Ragged of (n_spans, 2), first token and one past the last.
    """
    return build_sentence_suggester(trim=True)


def corpus_v1(
    path: Path | None, *, limit: int = 0, augmenter: Callable[[Language, Example], Iterator[Example]] | None = None
) -> Callable[[Language], Iterable[Example]]:
    """Read documents for training, and let the pipeline begin with the sentences that they were given.

    `spacy.Corpus.v1` leaves them out, and so does `spacy evaluate`, which has no other reader.

    path (Path | None): `.spacy` file, or folder of them. It must be given by the time of training.
    limit (int): Most documents to read; 0 for all.
    augmenter (Callable | None): As of `spacy.Corpus.v1`.
    RETURNS (Callable): From a pipeline to its examples.
    """
    return GivenSentencesCorpus(path_of_corpus(path), limit=limit, augmenter=augmenter)
