"""HATProcessor: a text, or sentences, to the padded inputs of a HAT, in Hugging Face's conventions."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from spacy.tokens import Doc
from transformers import BatchEncoding, PreTrainedTokenizerBase, ProcessorMixin

from ..choices import Overflow, Packing
from ..packing import PackedDocs, Packer
from .collating import collate
from .documents import EXPECTED, join_sentences, reader_of, sentences_of, texts_of
from .files import check_sizes, load_parts
from .padding import PaddedWindows, pad_windows
from .reading import BY_PUNCTUATION, Reading

PADDINGS = {True: True, "longest": True, "max_length": False}


class HATProcessor(ProcessorMixin):
    """Cuts documents into segments as a pipeline does: the same pieces, in the same places.

    tokenizer (PreTrainedTokenizerBase): A fast tokenizer.
    segment_length (int): Slots of a segment.
    max_segments (int | None): Segments of a window at most; None: all of a document.
    packing (Packing): How sentences become segments.
    overflow (Overflow): What becomes of a document with more than max_segments segments.
    lang (str | None): spaCy's code of the language whose tokenizer finds the words; None: none does, and texts are not
        taken.
    sentences (Sequence[dict] | None): Components that find the sentences of a text by rules, each with its settings:
        {"component": "sentencizer"} (the default) or {"component": "hat_units", "unit": "lines"}. None: texts are not
        taken unless packing is "fixed".
    """

    attributes = ["tokenizer"]  # noqa: RUF012
    tokenizer_class = "AutoTokenizer"

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        segment_length: int = 128,
        max_segments: int | None = 32,
        packing: Packing = "greedy",
        overflow: Overflow = "window",
        lang: str | None = "en",
        sentences: Sequence[dict[str, Any]] | None = BY_PUNCTUATION,
    ) -> None:
        check_sizes(segment_length, max_segments)
        if tokenizer.padding_side != "right":  # segments begin at multiples of their length
            tokenizer = deepcopy(tokenizer)
            tokenizer.padding_side = "right"
        super().__init__(tokenizer)
        self.segment_length, self.max_segments = segment_length, max_segments
        self.packer = Packer(packing, overflow)
        self.reading = Reading(lang, None if sentences is None else tuple(sentences))

    @property
    def packing(self) -> Packing:
        """RETURNS (Packing): How sentences become segments."""
        return self.packer.packing

    @property
    def overflow(self) -> Overflow:
        """RETURNS (Overflow): What becomes of a document with more than max_segments segments."""
        return self.packer.overflow

    @property
    def model_input_names(self) -> list[str]:
        """RETURNS (list[str]): What the model takes of it."""
        return ["input_ids", "attention_mask"]

    def __call__(
        self,
        text: Any = None,
        *,
        sentences: Any = None,
        nlp: Any = None,
        padding: bool | str = True,
        return_tensors: str | None = None,
        return_overflowing_tokens: bool = False,
        **others: Any,
    ) -> BatchEncoding:
        """Make padded inputs.

        text (str | Doc | Sequence[str | Doc] | None): A document, or a batch.
        sentences (Sequence[str] | Sequence[Sequence[str]] | None): Instead: the sentences of a document, or of each of
            a batch. They are joined by a space, except where there is white space already.
        nlp (Language | Callable[[str], Doc] | None): What finds words and sentences, in place of the rules of this
            processor: a spaCy pipeline, of which the components before the encoder run, or a function.
        padding (bool | str): "longest" (or True) pads to the longest document of the batch, in whole segments;
            "max_length" to max_segments segments.
        return_tensors (str | None): "pt", "np", or None for lists.
        return_overflowing_tokens (bool): Whether a document may take several rows, its windows;
            `overflow_to_sample_mapping` then says of each row which document it is of.
        RETURNS (BatchEncoding): `input_ids` and `attention_mask`, (n_docs, n_segments * segment_length).
        RAISES (ValueError): If the input is something else, the words or sentences of a text cannot be found, or a
            document needs several windows and may not have them.
        """
        if others:
            raise TypeError(
                f"HATProcessor takes no {', '.join(others)}. Documents are cut into segments and windows, by packing "
                'and overflow: for the beginning of long documents alone, load it with overflow="truncate".'
            )
        if padding not in PADDINGS:
            raise ValueError(f"padding is {padding!r}, expected True, 'longest' or 'max_length'.")
        if self.max_segments is None and not PADDINGS[padding]:
            raise ValueError(
                f"padding is {padding!r}, but the model attends between all segments of a document, however many, and "
                "there is no greatest length. Expected: True or 'longest'."
            )
        packed = self.pack(self.read(text, sentences=sentences, nlp=nlp))
        rows = self.pad_windows(packed, longest=PADDINGS[padding])
        data: dict[str, Any] = {"input_ids": rows.input_ids, "attention_mask": rows.attention_mask}
        if return_overflowing_tokens:
            data["overflow_to_sample_mapping"] = rows.documents
        elif len(rows.documents) > len(packed.segments_per_doc):
            n_segments = int(packed.segments_per_doc.max())
            raise ValueError(
                f"A document has {n_segments} segments, and the model attends between {self.max_segments}: it takes "
                "several windows. Got: one row for each document. Expected: return_overflowing_tokens=True, with a row "
                'for each window and overflow_to_sample_mapping; or overflow="truncate" when the processor is loaded, '
                "which drops the rest. The pipelines of spacy_hat.hugging_face read all windows."
            )
        if return_tensors is None:
            data = {name: array.tolist() for name, array in data.items()}
        return BatchEncoding(data, tensor_type=return_tensors)

    def read(self, text: Any = None, *, sentences: Any = None, nlp: Any = None) -> list[Doc]:
        """RETURNS (list[Doc]): (n_docs,) the documents, with their words and sentences; see `__call__`."""
        if (text is None) == (sentences is None):
            raise ValueError(
                f"HATProcessor got {'both' if text else 'neither'} of text and sentences, expected {EXPECTED}."
            )
        needs_sentences = self.packing != "fixed"
        if sentences is not None:
            make_doc = self.reading.make_doc if nlp is None else reader_of(nlp, needs_sentences=False)
            return [join_sentences(doc, make_doc) for doc in sentences_of(sentences)]
        if nlp is None:
            return [self._doc(one, needs_sentences) for one in texts_of(text)]
        reader = reader_of(nlp, needs_sentences=needs_sentences)
        return [one if isinstance(one, Doc) else reader(one) for one in texts_of(text)]

    def _doc(self, text: str | Doc, needs_sentences: bool) -> Doc:
        return text if isinstance(text, Doc) else self.reading.read(text, needs_sentences=needs_sentences)

    def pack(self, docs: list[Doc]) -> PackedDocs:
        """RETURNS (PackedDocs): Documents as a pipeline packs them."""
        return self.packer(
            docs,
            self.tokenizer,
            segment_length=self.segment_length,
            max_segments=self.max_segments,
        )

    def pad_windows(self, packed: PackedDocs, *, longest: bool = True) -> PaddedWindows:
        """RETURNS (PaddedWindows): Packed documents in rows, as long as the longest of them or as max_segments."""
        return pad_windows(
            packed,
            segment_length=self.segment_length,
            pad_id=self.tokenizer.pad_token_id or 0,
            n_segments=None if longest else self.max_segments,
        )

    def pad(self, features: Sequence[Any], return_tensors: str = "pt", **_: Any) -> BatchEncoding:
        """Make a batch of examples, as `data_collator` of Trainer: `Trainer(..., data_collator=processor.pad)`.

        features (Sequence[Mapping[str, Any]]): Of each example `input_ids` and `attention_mask`, (n_slots,), and its
            labels: of a document, or of each of its segments.
        return_tensors (str): "pt" or "np".
        RETURNS (BatchEncoding): All of them, in whole segments; segments without a label have -100.
        """
        return BatchEncoding(collate(features, self.tokenizer.pad_token_id or 0), tensor_type=return_tensors)

    def to_dict(self, *_: Any, **__: Any) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): What processor_config.json holds."""
        return {
            "processor_class": type(self).__name__,
            "segment_length": self.segment_length,
            "max_segments": self.max_segments,
            "packing": self.packing,
            "overflow": self.overflow,
            **self.reading.to_json(),
        }

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs: Any) -> "HATProcessor":
        """Load a processor by folder or hub name. Nothing but data is read, and no file outside of the folder.

        Without a processor_config.json, sizes are those of config.json, and packing is what `spacy hat import` takes:
        "sentences" for a head over sentences, "greedy" for all else.

        pretrained_model_name_or_path (str | Path): A folder, or the name of a hub repository.
        **kwargs: Settings to override, `tokenizer` among them, and revision, cache_dir, local_files_only, token and
            force_download for the hub.
        RETURNS (HATProcessor): The processor.
        RAISES (ValueError): If the files are not sound, or do not fit each other.
        """
        tokenizer, settings = load_parts(pretrained_model_name_or_path, kwargs)
        return cls(tokenizer, **settings)
