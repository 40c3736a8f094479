"""What configs can name for documents that words and the encoder label together: construction only."""

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..choices import Pooling, WordLoss
from ..layers.document_ensemble import document_ensemble
from ..layers.ngram_bag import ngram_bag


def document_ensemble_v1(
    tok2vec: Model[list[Doc], list[Floats2d]],
    linear_model: Model[list[Doc], Floats2d],
    *,
    pooling: Pooling = "max",
    dropout: float = 0.1,
    nO: int | None = None,
) -> Model[list[Doc], Floats2d]:
    """The head for `textcat` and `textcat_multilabel` with words beside the encoder, as in `spacy.TextCatEnsemble.v2`.

    Each learns by itself. Scores are those of the weighed sum of both log-odds: of the encoder's times 0.5, as it is
    surer of itself than it should be, and of the words'. `spacy hat calibrate` weighs them on dev.

    tok2vec (Model[list[Doc], list[Floats2d]]): `spacy-transformers.TransformerListener.v1`, or
        `spacy-hat.HATTok2Vec.v1`.
    linear_model (Model[list[Doc], Floats2d]): `spacy-hat.NgramBag.v1`, which says whether labels exclude each other.
    pooling (Pooling): How segment vectors become one vector, as of `spacy-hat.DocumentClassifier.v1`.
    dropout (float): Before the output of the encoder's head, in training.
    nO (int | None): n_labels; inferred from the data if None.
    RETURNS (Model[list[Doc], Floats2d]): Scores, (n_docs, n_labels). In training they are the encoder's alone.
    """
    return document_ensemble(tok2vec, linear_model, pooling=pooling, dropout=dropout, nO=nO)


def ngram_bag_v1(
    *,
    exclusive_classes: bool,
    ngram_size: int = 2,
    max_ngrams: int = 200_000,
    strength: float | None = None,
    balanced: bool = True,
    loss: WordLoss | None = "log",
    nO: int | None = None,
) -> Model[list[Doc], Floats2d]:
    """Words and runs of words of a document, for `spacy-hat.DocumentEnsemble.v1`: TF-IDF and a linear classifier.

    It is fitted to all documents that training has brought so far, before it is asked or stored, and is as sure as its
    answers on documents held out deserve. The optimizer, its rates and the number of epochs have no part in it.
    Training keeps up to 20,000 documents for that, some 10 KB each.

    exclusive_classes (bool): True for textcat (the scores of a document sum to 1), False for textcat_multilabel.
    ngram_size (int): Words of a run, at most, in lower case and without punctuation.
    max_ngrams (int): N-grams to know, at most: those that the most documents have, and at least two.
    strength (float | None): How much the documents count against small weights: C of scikit-learn. None: 1, 10 or 100,
        for "squared_hinge" 0.1, 1 or 10, whichever is best on documents held out.
    balanced (bool): Whether labels count as if they were equally frequent.
    loss (WordLoss | None): "log": logistic regression; "squared_hinge": a linear support vector machine; None: what is
        better on documents held out.
    nO (int | None): n_labels; the head's if None.
    RETURNS (Model[list[Doc], Floats2d]): Log-odds, (n_docs, n_labels).
    """
    return ngram_bag(
        exclusive_classes=exclusive_classes,
        ngram_size=ngram_size,
        max_ngrams=max_ngrams,
        strength=strength,
        balanced=balanced,
        loss=loss,
        nO=nO,
    )
