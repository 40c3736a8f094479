"""Write the files of tests/assets/older, as the release of that time wrote them, and what they answered.

They were made, once and for all, on commit dca6ce3 (its worktree in OLD), with transformers 4.53.2 and spaCy 3.8.18:

    PYTHONPATH=OLD python tests/support/older_files.py tests/assets/older

`tests/layers/test_older_files.py` reads them with the code of today. This module imports nothing from the tests, so
that it runs on code of any time.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.training import Example
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

TEXTS = ["the appeal was dismissed. costs follow. hello world.", "hello court.", "", "unheard of: the 77 appeals!"]
VOCABULARY = "the court held that appeal was dismissed and costs follow we read whole documents hello world this is"
LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "pooling": {"@layers": "reduce_mean.v1"},
    "grad_factor": 1.0,
}


def make_tokenizer() -> PreTrainedTokenizerFast:
    """RETURNS (PreTrainedTokenizerFast): WordPiece with a piece for each letter, and for some words."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = "abcdefghijklmnopqrstuvwxyz.!"
    ids = {p: n for n, p in enumerate([*specials, *letters, *(f"##{char}" for char in letters), *VOCABULARY.split()])}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **dict(zip(names, specials, strict=True)))


def save_checkpoint(folder: Path) -> Path:
    """Write a tiny random HAT. RETURNS (Path): The folder."""
    from spacy_hat.modeling import HATConfig, HATModel

    tokenizer = make_tokenizer()
    config = HATConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=24,
        num_attention_heads=2,
        layout="S|SD",
        segment_length=12,
        max_segments=6,
        pad_token_id=0,
        layer_norm_eps=1e-12,
        document_position_embeddings=True,
    )
    model = HATModel(config)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
            parameter.copy_(centre + 0.3 * torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_pipeline(hat: Path) -> Any:
    """RETURNS (Language): A pipeline with both heads, after five steps of training."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat", name="transformer", config={"model": {"name": str(hat), "packing": "sentences"}})
    head = {"tok2vec": LISTENER, "dropout": 0.0}
    document = {"@architectures": "spacy-hat.DocumentClassifier.v1", "exclusive_classes": True, **head}
    span = {"@architectures": "spacy-hat.SpanClassifier.v1", "exclusive_classes": False, **head}
    nlp.add_pipe("textcat", config={"model": document})
    suggester = {"@misc": "spacy-hat.sentence_suggester.v1"}
    nlp.add_pipe("spancat", config={"model": span, "suggester": suggester, "threshold": 0.0})
    examples = []
    for number, text in enumerate(TEXTS[:2]):
        doc = nlp.make_doc(text)
        doc.cats = {"A": float(number == 0), "B": float(number == 1)}
        last = next(token.i for token in doc if token.text == ".") + 1
        doc.spans["sc"] = [spacy.tokens.Span(doc, 0, last, "FIRST")]
        examples.append(Example(nlp.make_doc(text), doc))
    spacy.util.fix_random_seed(0)
    torch.manual_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(5):
        nlp.update(examples, sgd=optimizer, annotates=["sentencizer"])
    nlp.config["components"]["transformer"]["model"]["name"] = "hat"
    return nlp


def answers(nlp: Any) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): What a pipeline says to TEXTS: classes, spans, and the encoder's rows."""
    found = []
    for text in TEXTS:
        doc = nlp(text)
        spans = doc.spans["sc"]
        scores = spans.attrs.get("scores", [])
        rows = doc._.trf_data.model_output.get("last_hidden_state")
        found.append(
            {
                "cats": {label: float(score) for label, score in doc.cats.items()},
                "spans": [[span.start, span.end, span.label_] for span in spans],
                "scores": [float(score) for score in scores],
                "vectors": [] if rows is None else [[float(number) for number in row] for row in rows[:, 0]],
            }
        )
    return found


def main(output: Path) -> None:
    shutil.rmtree(output, ignore_errors=True)
    (output / "hat").mkdir(parents=True)
    nlp = make_pipeline(save_checkpoint(output / "hat"))
    nlp.to_disk(output / "pipeline", exclude=["vocab"])
    (output / "answers.json").write_text(json.dumps(answers(nlp), indent=1), encoding="utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
