"""The words that a model expects behind masks, in documents of any length."""

import re
from typing import Any

import torch
from torch import Tensor

from ..modeling import HATForMaskedLM
from ..processing import HATProcessor
from .windows import HATPipeline, ReadDocument

MASK = "[MASK]"
"""How BERT's family writes a mask; other tokenizers have another one."""


class HATFillMaskPipeline(HATPipeline):
    """Fills masks: `pipeline("hat-fill-mask", model=...)("the court [MASK] the appeal")`.

    Takes what the pipeline for documents does, with the tokenizer's mask in it. Answers as transformers' own: for one
    mask a list of words, the likeliest first, for several a list of such lists.
    """

    head = "HATForMaskedLM"
    task_name = "hat-fill-mask"

    def _sanitize_parameters(self, top_k: int | None = None, nlp: Any = None, **others: Any) -> tuple[dict, dict, dict]:
        if others:
            raise TypeError(f"pipeline({self.task_name!r}) takes no {', '.join(others)}. Expected: top_k or nlp.")
        n_words = self.model.config.vocab_size
        if top_k is not None and (not isinstance(top_k, int) or not 1 <= top_k <= n_words):
            raise ValueError(f"top_k is {top_k!r}, expected a whole number from 1 to {n_words:,}, the vocabulary.")
        return {"nlp": nlp} if nlp is not None else {}, {}, {} if top_k is None else {"top_k": top_k}

    def look(self, document: ReadDocument) -> ReadDocument:
        """RETURNS (ReadDocument): The document. RAISES (ValueError): If it has no mask."""
        mask = self.tokenizer.mask_token
        if mask is None:
            raise ValueError(
                "The tokenizer has no mask_token. Expected: that of a model which was trained to fill masks."
            )
        if not (document.packed.piece_ids == self.tokenizer.mask_token_id).any():
            raise ValueError(
                f"There is no mask to fill. Got: {document.doc.text[:60]!r}. Expected: {mask} in place of a word, as "
                "this tokenizer writes it."
            )
        return document

    def vectors(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): (n_rows, n_slots, hidden_size), and (n_rows, n_slots) bool: the masks."""
        hidden, _ = self.model.encode(input_ids, attention_mask)
        return hidden, (input_ids == self.tokenizer.mask_token_id) & attention_mask.bool()

    def postprocess(self, model_outputs: list[dict[str, Any]], top_k: int = 5, **_: Any) -> list[Any]:
        """Score the vocabulary at the masks alone."""
        document: ReadDocument = model_outputs[0]["document"]
        vectors, masks = self.joined(model_outputs)
        with torch.no_grad():
            scores, words = self.model.lm_head(vectors[masks]).float().softmax(-1).topk(top_k)
        text = document.doc.text
        places = [match.span() for match in re.finditer(re.escape(self.tokenizer.mask_token), text)]
        answers = []
        for number, (row, row_words) in enumerate(zip(scores.tolist(), words.tolist(), strict=True)):
            place = places[number] if number < len(places) else None
            answers.append([self._answer(score, word, text, place) for score, word in zip(row, row_words, strict=True)])
        return answers[0] if len(answers) == 1 else answers

    def _answer(self, score: float, word: int, text: str, place: tuple[int, int] | None) -> dict[str, Any]:
        string = self.tokenizer.decode([word])
        answer = {"score": score, "token": word, "token_str": string}
        return answer if place is None else {**answer, "sequence": replaced(text, place, string)}


def load_fill_mask(name: str, **hub: Any) -> HATFillMaskPipeline:
    """Load a model that fills masks.

    name (str): A folder, or the name of a hub repository.
    **hub: Options of the hub, such as revision.
    RETURNS (HATFillMaskPipeline): On the CPU.
    RAISES (ValueError): If it is not a HAT, or has no head for masks.
    """
    model = HATForMaskedLM.from_pretrained(name, **{key: value for key, value in hub.items() if value is not None})
    return HATFillMaskPipeline(model=model, processor=HATProcessor.from_pretrained(name, **hub), device=-1)


def replaced(text: str, place: tuple[int, int], word: str) -> str:
    """RETURNS (str): A text with a word in place of a mask; what goes on a word ("##s") is joined to it."""
    before, after = text[: place[0]], text[place[1] :]
    if word.startswith("##"):
        return before.rstrip() + word[2:] + after
    return before + word.strip() + after
