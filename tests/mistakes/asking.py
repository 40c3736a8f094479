"""Mistakes with questions and choices: in settings, in documents, in annotation, and in files of these."""

import json

from ..support.asked import COSTS, asking_head, long_text, make_asking, start_asking, train_asking
from ..support.mistake import Mistake
from ..support.workshop import write
from .commands import FailedError, command

CONTEXT = "costs follow."


def ask(w, task="hat_qa", leads="windows", change=lambda doc: None, **settings):
    """Ask one document, after a change to it."""
    nlp, _ = start_asking(w.sound_hat, task, leads=leads, **settings)
    doc = nlp.make_doc(long_text(1))
    doc._.questions, doc._.options = [COSTS], ["one", "two"]
    change(doc)
    return nlp(doc)


def learn(w, task, change, **settings):
    """Train for a step, after a change to each annotated document."""
    nlp, examples = start_asking(w.sound_hat, task, leads="windows", **settings)
    for example in examples:
        change(example.reference)
    nlp.initialize(lambda: examples)
    train_asking(nlp, examples, 1)


def setting(**values):
    return lambda doc: [doc._.set(name, value) for name, value in values.items()]


def without_spans(doc):
    doc._.questions = None
    doc.spans["answers"] = []


def at_the_end(doc):
    end = len(doc.text)
    doc.spans["answers"] = [doc.char_span(end - 6, end, COSTS, alignment_mode="expand")]


def convert(row):
    """Convert a file of one document."""
    return command(lambda w: write(w.new(), "docs.jsonl", json.dumps(row)) / "docs.jsonl", out, name="convert")


def out(w):
    return w.new() / "docs.spacy"


ASKING = [
    Mistake(
        "hat_qa without the name of an encoder",
        lambda w: make_asking("").initialize(),
        ["has no encoder: its `name` is empty", "Give a folder or hub name"],
    ),
    Mistake(
        "hat_qa with an encoder of segment vectors",
        lambda w: make_asking(w.sound_hat, encoder={"output": "segments"}),
        ["reads pieces", "Got: output = 'segments'", "Expected: 'pieces'", "Correct it in"],
    ),
    Mistake(
        "hat_choice with an encoder of pieces",
        lambda w: make_asking(w.sound_hat, "hat_choice", encoder={"output": "pieces"}),
        ["reads segments", "Got: output = 'pieces'", "Expected: 'segments'", "Correct it in"],
    ),
    Mistake(
        "a threshold above 1",
        lambda w: make_asking(w.sound_hat, threshold=3.0),
        ["'hat_qa' has threshold = 3.0", "Expected: a share, from 0", "Correct it in [components.hat_qa]"],
    ),
    Mistake(
        "no answers to a question",
        lambda w: make_asking(w.sound_hat, n_best=0),
        ["'hat_qa' has n_best = 0", "Expected: at least 1", "Correct it in [components.hat_qa]"],
    ),
    Mistake(
        "questions that are one text",
        lambda w: ask(w, change=setting(questions="what costs?")),
        ["doc._.questions of document", "is 'what costs?'", "Expected: a list of texts", "doc._.questions = ["],
    ),
    Mistake(
        "a question that fills a segment",
        lambda w: ask(w, leads="segments", change=setting(questions=["the court " * 9])),
        ["leaves it no room", "Got: 19 pieces", "before each of its segments", 'set leads = "windows"'],
    ),
    Mistake(
        "a question that fills a window",
        lambda w: ask(w, change=setting(questions=["the court " * 99])),
        ["leaves it no room", "before each of its windows", "an encoder with more segments"],
    ),
    Mistake(
        "a single option",
        lambda w: ask(w, "hat_choice", change=setting(options=["one"])),
        ["has no choice", "Got: the options ['one']", "Expected: two or more that differ", "Correct doc._.options"],
    ),
    Mistake(
        "documents to train on without questions",
        lambda w: learn(w, "hat_qa", without_spans),
        ["'hat_qa' has nothing to learn from", "Got: 12 training documents", "Expected: questions", "hat convert"],
    ),
    Mistake(
        "documents to train on without right options",
        lambda w: learn(w, "hat_choice", setting(choice=None)),
        ["'hat_choice' has nothing to learn from", "Got: 12 training documents", "Expected: options", "hat convert"],
    ),
    Mistake(
        "a right option that is none of the options",
        lambda w: learn(w, "hat_choice", setting(choice="three")),
        ["doc._.choice = 'three'", "Expected: one of its options", "Correct the annotation"],
    ),
    Mistake(
        "answers in what overflow = truncate cuts off",
        lambda w: learn(w, "hat_qa", at_the_end, encoder={"overflow": "truncate"}),
        ["questions of a batch of 'hat_qa' are not learned from", 'Got: overflow = "truncate"', 'Expected: "window"'],
        UserWarning,
    ),
    Mistake(
        "convert answers that do not stand where the file says",
        convert(
            {"text": CONTEXT, "qas": [{"question": COSTS, "answers": [{"text": "follow", "answer_start": 5}]}]},
        ),
        ["question 1 has the answer 'follow' at character 5", "Got there: ' follo'", "it stands at 6", "Count"],
        FailedError,
    ),
    Mistake(
        "convert a question with answers that is said to have none",
        convert(
            {
                "text": CONTEXT,
                "qas": [{"question": COSTS, "is_impossible": True, "answers": [{"text": "follow", "answer_start": 6}]}],
            },
        ),
        ["is_impossible = True and 1 answers", "Expected: answers, or is_impossible = true", "Correct one"],
        FailedError,
    ),
    Mistake(
        "convert options without the right one among them",
        convert({"text": CONTEXT, "options": ["yes", "no"], "answer": 2}),
        ["has the answer 2", "Expected: one of its options", "or its number from 0 to 1"],
        FailedError,
    ),
    Mistake(
        "init-config for questions and labels on one encoder",
        command(out, "--task", "textcat,qa", name="init-config"),
        ["The task qa has an encoder of its own", "Got: textcat, qa", "Expected: it alone", "nlp.add_pipe"],
        FailedError,
    ),
    Mistake(
        "import a head that answers questions as a text categorizer",
        command(lambda w: asking_head(w.new(), "hat_qa"), out, "--task", "textcat", name="import"),
        ["task is 'textcat', but this head is for hat_qa", "Leave the task out"],
        FailedError,
    ),
]
