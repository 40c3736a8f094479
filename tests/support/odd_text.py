"""Documents that go wrong: a table of them, and strategies for all others."""

from hypothesis import settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

ODD_TEXTS = {
    "empty": "",
    "space": " ",
    "newlines": "\n\n\n",
    "one token": "hello",
    "emoji with joiners": "\U0001f469\u200d\U0001f469\u200d\U0001f467 hello \U0001f3f3\ufe0f\u200d\U0001f308.",
    "10,000 digits": "7" * 10_000,
    "no-break spaces": "the\xa0court\xa0 \xa0held.\xa0The appeal.",
    "unknown characters": "\u4e2d\u6587\u3002 \u10a0\u10a1",
    "control characters": "\x00\x01 \ufffd\u200b",
    "combining marks alone": "\u0301 \u0323\u0301. \u0338",
    "right to left": "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd. \u0627\u0644\u0645\u062d\u0643\u0645\u0629 \u200f.",
    "special tokens": "[CLS] the court [SEP] <s> held. </s><mask> [PAD]<pad>",
}

_NASTY = (
    "ab A7.e\xe9\ufb01\u2460\u2026=\xdf\u0130\u01d6\u2126\ufdfa"  # letters, what NFKC and lower case replace
    "\u0301\u0323\u0308\u0338\u0344\u0345\u0f73\u064b\u05c1\u094d\u093f\u0e33"  # marks
    "\u200b\u200c\u200d\u200e\u200f\u202e\u2060\ufeff\ufe0f\xad\u2581\u0120"  # invisible, and what writes blanks
    "\x00\x01\x02\x1c\x1f\x7f\x85\ufffd\u0378\U000e0001\U0010ffff\ue000"  # controls, unassigned, private
    "\xa0\u2028\u3000\n\t  "  # spaces
    "\u4e2d\u6587\uac01\u1100\u1161\u11a8\u05d0\u0627\u06dd\u0600"  # scripts
    "\U0001f642\U0001f3fd\U0001f1eb\U0001f1f7\u2600"  # emoji
)
_COMPOSED = "aAe=\u0301\u0308\u030a\u0323\u0338\u1100\u1161\u11a8"  # what NFC makes one character of two or three
characters = st.one_of(st.sampled_from(_NASTY), st.characters(exclude_categories=["Cs"]))
words = st.one_of(
    st.text(characters, min_size=1, max_size=6),
    st.text(st.sampled_from(_NASTY), min_size=1, max_size=3),
    st.text(st.sampled_from(_COMPOSED), min_size=1, max_size=5),
    st.sampled_from(["the", "court", "appeals.", "[SEP]", "[PAD]", "<s>", "<mask>", "<unk>"]),
    st.builds(lambda character, times: character * times, characters, st.sampled_from([30, 120])),
)


@st.composite
def odd_docs(draw: st.DrawFn, nlp: Language, max_words: int = 8) -> Doc:
    """Draw a document of any text, cut anywhere into sentences, and into tokens anywhere or as spaCy does.

    nlp (Language): The pipeline whose tokenizer and vocabulary it has.
    max_words (int): Longest document.
    RETURNS (Doc): The document, with sentence boundaries.
    """
    drawn = draw(st.lists(words, max_size=max_words))
    cut = draw(st.sampled_from(["words", "characters", "spaCy"]))
    if cut == "spaCy":
        doc = nlp.make_doc(draw(st.sampled_from(["", " "])).join(drawn))
    else:
        # Not the long words, which would take as long to check.
        drawn = drawn if cut == "words" else list("".join(drawn)[: 2 * max_words])
        flags = st.lists(st.booleans(), min_size=len(drawn), max_size=len(drawn))
        doc = Doc(nlp.vocab, words=drawn, spaces=draw(flags))
    starts = draw(st.sets(st.integers(0, max(len(doc) - 1, 0)), max_size=len(doc)))
    for token in doc:
        token.is_sent_start = token.i in starts
    return doc


def examples(number: int) -> settings:
    """How many examples a test asks for; 25 times as many in the profile `thorough`.

    number (int): How many by default.
    RETURNS (settings): To decorate the test.
    """
    profile = settings.default
    assert profile is not None  # for the type checker: conftest loads one
    return settings(max_examples=number * profile.max_examples // 100)
