"""Pipelines for the labels of documents, and of the sentences in them: what a spaCy pipeline answers."""

from typing import Any

import torch
from torch import Tensor

from ..corpora.boundaries import sentence_starts
from .windows import HATPipeline, ReadDocument

FUNCTIONS = {"softmax": lambda logits: logits.softmax(-1), "sigmoid": torch.sigmoid, "none": lambda logits: logits}
UNSET: Any = object()


class LabellingPipeline(HATPipeline):
    """What both have: labels with scores, the best of them first."""

    def _sanitize_parameters(
        self, top_k: Any = UNSET, function_to_apply: str | None = None, nlp: Any = None, **others: Any
    ) -> tuple[dict, dict, dict]:
        if others:
            raise TypeError(
                f"pipeline({self.task_name!r}) takes no {', '.join(others)}. Expected: top_k, function_to_apply or "
                "nlp. How documents are cut is for the processor to know."
            )
        if function_to_apply is not None and function_to_apply not in FUNCTIONS:
            raise ValueError(f"function_to_apply is {function_to_apply!r}, expected one of {', '.join(FUNCTIONS)}.")
        wrong = top_k is not UNSET and top_k is not None and (not isinstance(top_k, int) or top_k < 1)
        if wrong:
            raise ValueError(f"top_k is {top_k!r}, expected a whole number of at least 1, or None for all labels.")
        after = {"function_to_apply": function_to_apply} if function_to_apply is not None else {}
        return {"nlp": nlp} if nlp is not None else {}, {}, after if top_k is UNSET else {**after, "top_k": top_k}

    def scores(self, vectors: Tensor, function_to_apply: str | None) -> Tensor:
        """RETURNS (Tensor): (..., n_labels) what the head makes of its input, as probabilities."""
        logits = self.model.classifier(vectors).float()
        return FUNCTIONS[function_to_apply or self._function()](logits).cpu()

    def _function(self) -> str:
        config = self.model.config
        if config.problem_type == "regression":
            return "none"
        if config.problem_type == "multi_label_classification" or config.num_labels == 1:
            return "sigmoid"
        return "softmax"

    def ranked(self, scores: Tensor, top_k: int | None) -> list[dict[str, Any]]:
        """RETURNS (list[dict[str, Any]]): Labels and their scores, the best first."""
        names = self.model.config.id2label
        best = scores.argsort(descending=True, stable=True)[:top_k].tolist()
        return [{"label": names[number], "score": scores[number].item()} for number in best]


class HATDocumentClassificationPipeline(LabellingPipeline):
    """Labels documents of any length: `pipeline("hat-document-classification", model=...)`.

    Takes a text, a spaCy Doc, {"sentences": [...]}, or a list of them. Answers as transformers' text classification:
    the best label, or with top_k the best of them, or with top_k=None all.
    """

    head = "HATForSequenceClassification"
    task_name = "hat-document-classification"

    def __call__(self, inputs: Any, **options: Any) -> Any:
        """RETURNS (list[dict] | list[list[dict]]): As of transformers' own: a list, for a single text too."""
        answers = super().__call__(inputs, **options)
        is_one = not isinstance(inputs, list) and isinstance(answers, dict)
        return [answers] if is_one else answers

    def postprocess(
        self, model_outputs: list[dict[str, Any]], top_k: Any = UNSET, function_to_apply: str | None = None, **_: Any
    ) -> Any:
        """Pool the segments of all windows, and label them."""
        document: ReadDocument = model_outputs[0]["document"]
        with torch.no_grad():
            pooled = self.model.pooler(*self.joined(model_outputs))
            # spaCy's text categorizers give nothing to a document without tokens.
            scores = self.scores(pooled, function_to_apply)[0] * float(len(document.doc) > 0)
        return self.ranked(scores, 1)[0] if top_k is UNSET else self.ranked(scores, top_k)


class HATSentenceClassificationPipeline(LabellingPipeline):
    """Labels each sentence in the context of its document: `pipeline("hat-sentence-classification", model=...)`.

    Takes what the pipeline for documents does. Answers with a list of sentences, each with its text, the characters
    where it starts and ends, its best label and the score of that; with top_k, `scores` has the best of them, with
    top_k=None all.
    """

    head = "HATForSequentialSentenceClassification"
    task_name = "hat-sentence-classification"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.processor.packing != "sentences":
            raise ValueError(
                f"pipeline({self.task_name!r}) labels segments, one for each sentence. Got: a processor with packing = "
                f"{self.processor.packing!r}. Expected: 'sentences'. Load it with "
                'HATProcessor.from_pretrained(FOLDER, packing="sentences").'
            )

    def postprocess(
        self, model_outputs: list[dict[str, Any]], top_k: Any = UNSET, function_to_apply: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        """Label the sentences. One in several segments has the mean of their vectors, one without pieces zeros."""
        document: ReadDocument = model_outputs[0]["document"]
        doc = document.doc
        if not doc.has_annotation("SENT_START"):
            return []
        sentences = list(doc.sents)
        vectors, counts = self.joined(model_outputs)
        starts = torch.from_numpy(sentence_starts(doc).nonzero()[0])
        firsts = torch.from_numpy(document.packed.segment_tokens[:, 0]).contiguous()
        owners = (torch.searchsorted(starts, firsts, right=True) - 1).to(vectors.device)
        with torch.no_grad():
            sums = vectors.new_zeros(len(sentences), vectors.shape[-1]).index_add_(0, owners, vectors[counts])
            n_segments = torch.bincount(owners, minlength=len(sentences)).clamp(min=1)
            means = sums / n_segments[:, None]
            scores = self.scores(self.model.sentencizer(means), function_to_apply)
        return [self._answer(sentence, row, top_k) for sentence, row in zip(sentences, scores, strict=True)]

    def _answer(self, sentence: Any, scores: Tensor, top_k: Any) -> dict[str, Any]:
        place = {"text": sentence.text, "start": sentence.start_char, "end": sentence.end_char}
        best = self.ranked(scores, 1)[0]
        return {**place, **best} if top_k is UNSET else {**place, **best, "scores": self.ranked(scores, top_k)}
