"""Documents with labels, spans and sentences, in every form that people have them in."""

import json
import re

import pytest

from spacy_hat.corpora.records import Columns, Reading, read_records

LONG = "word " * 50_000


def write(folder, name, content):
    (folder / name).write_text(content, encoding="utf8")
    return folder / name


def lines(*values):
    return "".join(f"{json.dumps(value)}\n" for value in values)


def read(folder, name, content, **options):
    return list(read_records(write(folder, name, content), Columns(**options)))


@pytest.mark.parametrize(
    ("name", "content", "options", "expected"),
    [
        ("a.csv", 'text,label\n"one, two",a\nthree,b\n', {}, [("one, two", ["a"], []), ("three", ["b"], [])]),
        ("a.csv", 'label,text\na,"one\ntwo"\n', {}, [("one\ntwo", ["a"], [])]),
        ("a.csv", "\ufefftext,label\none,a\n", {}, [("one", ["a"], [])]),
        ("a.csv", "text;label\none, two;a\n", {}, [("one, two", ["a"], [])]),
        ("a.csv", "text#label\none, two#a\n", {"delimiter": "#"}, [("one, two", ["a"], [])]),
        ("a.tsv", "text\tlabel\none, two\ta\n", {}, [("one, two", ["a"], [])]),
        (
            "a.csv",
            "body,kind\none,a|b\ntwo, \n",
            {"text": "body", "label": "kind"},
            [("one", ["a|b"], []), ("two", [], [])],
        ),
        ("a.csv", "text,label\none,a | b\n", {"separator": "|"}, [("one", ["a", "b"], [])]),
        ("a.csv", f"text,label\n{LONG},a\n", {}, [(LONG, ["a"], [])]),
        ("a.jsonl", lines({"text": "one", "label": "a"}) + "\n", {}, [("one", ["a"], [])]),
        ("a.ndjson", lines({"text": "one", "kind": ["a", "b"]}), {"label": "kind"}, [("one", ["a", "b"], [])]),
        ("a.json", json.dumps([{"text": "one", "label": " Z "}]), {}, [("one", ["Z"], [])]),
        ("a.jsonl", lines({"text": "one", "label": [" Z", "Z"]}), {}, [("one", ["Z"], [])]),
        ("a.jsonl", lines({"text": "one", "label": 3}), {}, [("one", ["3"], [])]),
        ("a.jsonl", lines({"text": "one", "label": None}), {}, [("one", [], [])]),
        ("a.jsonl", lines({"text": "one", "cats": {"A": 1.0, "B": 0.0, "C": True}}), {}, [("one", ["A", "C"], [])]),
        ("a.jsonl", lines({"text": "one", "kind": {"A": 0, "B": 1}}), {"label": "kind"}, [("one", ["B"], [])]),
        (
            "a.jsonl",
            lines({"text": "one", "options": [{"id": "a"}, {"id": "b"}], "accept": ["b"], "answer": "accept"}),
            {},
            [("one", ["b"], [])],
        ),
        (
            "a.jsonl",
            lines({"text": "one. two.", "spans": [{"start": 5, "end": 9, "label": "b", "token_start": 2}]}),
            {},
            [("one. two.", [], [(5, 9, "b")])],
        ),
        (
            "a.jsonl",
            lines({"sentences": [{"text": "1. "}, {"text": "2.", "label": "b"}, {"text": "3.", "label": None}]}),
            {},
            [("1. 2. 3.", [], [(3, 5, "b")])],
        ),
        (
            "a.jsonl",
            lines({"sentences": [{"text": "1."}, {"text": " "}, {"text": "2.", "label": ["b", "c"]}]}),
            {"join": "line"},
            [("1.\n2.", [], [(3, 5, "b"), (3, 5, "c")])],
        ),
        (
            "a.jsonl",
            lines({"text": "1.\n  2.", "sentences": [{"text": "1."}, {"text": "2.", "label": "b"}]}),
            {},
            [("1.\n  2.", [], [(5, 7, "b")])],
        ),
    ],
)
def test_records_are_read(tmp_path, name, content, options, expected):
    found = read(tmp_path, name, content, **options)
    assert [(record.text, record.labels, record.spans) for record in found] == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "no column 'text'. Got: none"),
        ("a.csv", "body,label\none,a\n", r"no column 'text'. Got: body, label\. Name the one with the text: --text"),
        ("a.csv", "text,label\n", "holds no documents. Expected: at least one, on a line after the header"),
        ("a.csv", "text,label\none,two,a\n", "line 2 has another number of columns .* Expected: 2, with a comma"),
        ("a.csv", "text,label\none\n", "line 2 has another number of columns"),
        ("a.csv", 'text,label\n"one"x,a\n', "line 2: .* Expected: quoted as CSV"),
        ("a.csv", "text,label,label\none,a,b\n", "has the column 'label' twice"),
        ("a.jsonl", "", "holds no documents. Expected: at least one\\."),
        ("a.jsonl", '{"text": "one", "label": "a"}\none\n', "line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "line 1 is a list. Expected: an object"),
        ("a.jsonl", lines({"body": "one"}), r"line 1 has no text under 'text'. Got: body\. .*--text"),
        ("a.jsonl", lines({"text": 5}), "line 1 has no text under 'text'. Got: int"),
        ("a.jsonl", lines({"text": "one", "label": 0.5}), r"line 1 in 'label' has the label 0.5 \(float\)"),
        ("a.jsonl", lines({"text": "one", "label": False}), r"line 1 in 'label' has the label False \(bool\)"),
        ("a.jsonl", lines({"text": "a", "label": "a"}, {"text": "b", "label": 0}), "line 2.* has the label 0 .*'a' in"),
        (
            "a.jsonl",
            lines({"text": "a", "label": 0}, {"text": "b", "label": "a"}),
            "line 2.* has the label 'a' .*: 0 in",
        ),
        ("a.jsonl", lines({"text": "one", "label": ["a", ""]}), "line 1 in 'label' has the label ''"),
        ("a.jsonl", lines({"text": "one", "label": ""}), "line 1 in 'label' has the label ''"),
        ("a.jsonl", lines({"text": "one", "label": ["a", None]}), "line 1 in 'label' has the label None"),
        ("a.jsonl", lines({"text": "one", "label": [["a"]]}), r"line 1 in 'label' has the label \['a'\]"),
        ("a.jsonl", '{"text": "one", "label": "a", "label": "b"}', "the key 'label' stands twice"),
        ("a.jsonl", lines({"text": "one", "cats": {"A": 0.5}}), "line 1 has the score 0.5 for 'A'"),
        ("a.jsonl", lines({"text": "one", "cats": {"A": "1"}}), "line 1 has the score '1' for 'A'"),
        ("a.jsonl", lines({"text": "one", "cats": {"A": None}}), "line 1 has the score None for 'A'"),
        ("a.jsonl", lines({"text": "one", "cats": {"A": 1, " A": 0}}), "line 1 has scores for 'A' twice"),
        ("a.jsonl", lines({"text": "one", "cats": ["A"], "label": "B"}), "labels in several places: label, cats"),
        ("a.jsonl", lines({"text": "one", "cats": "A"}), "line 1 has 'cats': 'A'"),
        ("a.jsonl", lines({"text": "one", "options": [{"id": "a"}], "accept": ["b"]}), "line 1 accepts 'b'"),
        ("a.jsonl", lines({"text": "one", "options": ["a"], "accept": ["a"]}), "line 1 has options without an id"),
        ("a.jsonl", lines({"text": "one", "spans": 5}), "line 1 has 'spans': 5"),
        ("a.jsonl", lines({"text": "one", "spans": {}}), "line 1 has 'spans': {}"),
        ("a.jsonl", lines({"text": "one", "spans": [[0, 1]]}), "line 1 has the span"),
        ("a.jsonl", lines({"text": "one", "spans": [{"start": 0, "end": 2}]}), "line 1 has the span"),
        ("a.jsonl", lines({"text": "one", "spans": [{"start": 0, "end": 4, "label": "a"}]}), "within its 3 characters"),
        (
            "a.jsonl",
            lines({"text": "one", "spans": [{"start": 0.9, "end": 2, "label": "a"}]}),
            "from 0.9 to 2. .* whole",
        ),
        (
            "a.jsonl",
            lines({"text": "one", "spans": [{"start": 0, "end": True, "label": "a"}]}),
            "from 0 to True. .* whole",
        ),
        (
            "a.jsonl",
            '{"text": "one", "spans": [{"start": 0, "end": 1e999, "label": "a"}]}',
            "line 1 .*1e999 is too large",
        ),
        (
            "a.jsonl",
            lines({"text": "one", "spans": [{"start": 0, "end": 2, "label": None}]}),
            "a span has the label None",
        ),
        ("a.jsonl", lines({"sentences": "one"}), "line 1 has 'sentences': str"),
        ("a.jsonl", lines({"sentences": ["one"]}), "line 1 has the sentence 'one'"),
        ("a.jsonl", lines({"sentences": [{"text": "one", "label": {}}]}), "in a sentence has the label {}"),
        ("a.jsonl", lines({"sentences": [{"text": " ", "label": "a"}]}), "empty sentence with the label 'a'"),
        ("a.jsonl", lines({"text": "one two", "sentences": [{"text": "two"}]}), "does not follow in its text: 'two'"),
        ("a.jsonl", lines({"text": "one two", "sentences": [{"text": "one"}]}), "text after its last sentence: 'two'"),
        ("a.jsonl", lines({"text": "one two", "sentence_starts": [4, 0]}), "do not rise from 0 to 6"),
        ("a.jsonl", lines({"text": "one two", "sentence_starts": [0, 4.0]}), "whole numbers of characters"),
    ],
)
def test_records_say_what_is_wrong_and_where(tmp_path, name, content, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        read(tmp_path, name, content)


@pytest.mark.parametrize(("join", "text"), [("line", "one\ntwo"), ("paragraph", "one\n \ntwo")])
def test_records_with_breaks_inside_sentences_are_not_joined_by_them(tmp_path, join, text):
    with pytest.raises(ValueError, match=f"has a sentence with a {join} break inside"):
        read(tmp_path, "a.jsonl", lines({"sentences": [{"text": text}]}), join=join)


def test_records_of_another_encoding_are_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes("text,label\nä,a\n".encode("latin1"))
    with pytest.raises(ValueError, match="line 2 is not UTF-8"):
        list(read_records(tmp_path / "a.csv"))


def test_records_keep_given_sentences(tmp_path):
    found = read(
        tmp_path,
        "a.jsonl",
        lines(
            {"sentences": [{"text": "1."}, {"text": "2."}]},
            {"text": "1.\n2.", "sentences": [{"text": "1."}, {"text": "2."}]},
            {"text": "1. 2.", "sentence_starts": [0, 3]},
            {"text": "1. 2."},
        ),
    )
    assert [record.sentence_starts for record in found] == [[0, 3], [0, 3], [0, 3], None]


def test_records_keep_other_columns(tmp_path):
    (from_json,) = read(
        tmp_path, "a.jsonl", lines({"text": "1", "label": "a", "id": 7, "meta": {"n": 2**70}, "answer": "x"})
    )
    assert from_json.columns == {"id": 7, "meta": {"n": str(2**70)}, "answer": "x"}
    (from_table,) = read(tmp_path, "a.csv", "text,label,spans,id\none,a,4,x\n")
    assert from_table.columns == {"spans": "4", "id": "x"}


def test_records_that_are_skipped_are_counted(tmp_path):
    path = write(
        tmp_path,
        "a.jsonl",
        lines(
            {"text": "1", "label": "a", "answer": "accept"},
            {"text": "2", "label": "a", "answer": "reject"},
            {"text": "3", "label": "a", "answer": "ignore"},
            {"text": " \n", "label": "a"},
        ),
    )
    reading = Reading()
    assert [record.text for record in read_records(path, reading=reading)] == ["1"]
    assert dict(reading.skipped) == {"rejected in Prodigy": 1, "ignored in Prodigy": 1, "without text": 1}


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        ([" Z", "Z"], "1 labels of documents had spaces at their ends, which were removed: 'Z'"),
        (["caf\u00e9", "cafe\u0301"], "1 labels of documents were spelled with accents .*: 'caf\u00e9'"),
        ([0, 1], "The labels of documents are whole numbers; each became a string, such as 0 in .*line 1"),
    ],
)
def test_records_note_what_was_changed_in_labels(tmp_path, labels, note):
    reading = Reading()
    path = write(tmp_path, "a.jsonl", lines(*({"text": "one", "label": label} for label in labels)))
    found = {label for record in read_records(path, reading=reading) for label in record.labels}
    assert len(found) == len(set(map(str, labels))) - (labels != [0, 1])
    assert len(reading.notes()) == 1
    assert re.match(note, reading.notes()[0])


def test_records_of_one_group_say_so(tmp_path):
    found = read(tmp_path, "a.csv", "text,label,case\none,a, x \n", group="case")
    assert found[0].group == "x"
    with pytest.raises(ValueError, match=r"line 2 has no group under 'case'\. Got: ''"):
        read(tmp_path, "a.csv", "text,label,case\none,a,\n", group="case")


def test_records_of_a_folder_have_its_folders_for_labels(tmp_path):
    for name in ("neg/1.txt", "neg/2.txt", "pos/1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path, name, name)
    found = [(record.labels, record.columns) for record in read_records(tmp_path)]
    assert found == [(["neg"], {"file": "neg/1.txt"}), (["neg"], {"file": "neg/2.txt"}), (["pos"], {"file": "pos/1"})]


@pytest.mark.parametrize(
    "names", [["neg/1.txt", "2.txt"], ["train/neg/1.txt"], ["neg/1.txt", "more.jsonl"], ["1.txt", "2.csv"]]
)
def test_records_of_a_folder_that_is_mixed_up_are_refused(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        write(tmp_path, name, "x")
    with pytest.raises(ValueError, match="is not a folder of texts with a folder for each label"):
        list(read_records(tmp_path))


def test_records_of_a_flat_folder_have_no_label(tmp_path):
    write(tmp_path, "1.txt", "one")
    assert [(record.text, record.labels) for record in read_records(tmp_path)] == [("one", [])]
