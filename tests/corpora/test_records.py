"""Files of documents, and the Docs that are made of them."""

import json

import pytest
import spacy

from spacy_hat.corpora.records import Record, make_docs, read_records, split

COLUMNS = {"text": "body", "label": "kind"}
NLP = spacy.blank("en")
LONG = "word " * 50_000


def write(folder, name, content):
    (folder / name).write_text(content, encoding="utf8")
    return folder / name


def lines(*values):
    return "".join(f"{json.dumps(value)}\n" for value in values)


def read(folder, name, content, **options):
    return [
        (record.text, record.labels, record.spans) for record in read_records(write(folder, name, content), **options)
    ]


@pytest.mark.parametrize(
    ("name", "content", "options", "expected"),
    [
        ("a.csv", 'text,label\n"one, two",a\nthree,b\n', {}, [("one, two", ["a"], []), ("three", ["b"], [])]),
        ("a.csv", 'label,text\na,"one\ntwo"\n', {}, [("one\ntwo", ["a"], [])]),
        ("a.csv", "\ufefftext,label\none,a\n", {}, [("one", ["a"], [])]),
        ("a.tsv", "text\tlabel\none, two\ta\n", {}, [("one, two", ["a"], [])]),
        (
            "a.csv",
            "body,kind\none,a|b\ntwo,\n",
            {"text": "body", "label": "kind"},
            [("one", ["a|b"], []), ("two", [], [])],
        ),
        ("a.csv", "text,label\none,a | b\n", {"separator": "|"}, [("one", ["a", "b"], [])]),
        ("a.csv", f"text,label\n{LONG},a\n", {}, [(LONG, ["a"], [])]),
        ("a.jsonl", lines({"text": "one", "label": "a"}) + "\n", {}, [("one", ["a"], [])]),
        ("a.ndjson", lines({"text": "one", "kind": ["a", "b"]}), {"label": "kind"}, [("one", ["a", "b"], [])]),
        (
            "a.jsonl",
            lines({"text": "one. two.", "spans": [{"start": 5, "end": 9, "label": "b"}]}),
            {},
            [("one. two.", [], [(5, 9, "b")])],
        ),
        (
            "a.jsonl",
            lines({"sentences": [{"text": "1. "}, {"text": "2.", "label": "b"}, {"text": "3.", "label": None}]}),
            {},
            [("1. 2. 3.", [], [(3, 5, "b")])],
        ),
    ],
)
def test_records_are_read(tmp_path, name, content, options, expected):
    assert read(tmp_path, name, content, **options) == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "one", r"ending '\.txt'. Expected: \.csv"),
        ("a.csv", "", "no column 'text'. Got: none"),
        ("a.csv", "body,label\none,a\n", r"no column 'text'. Got: body, label\. Name the one with the text: --text"),
        ("a.csv", "text,label\n", "holds no documents. Expected: one on each line after the header"),
        ("a.csv", "text,kind\none,a\n", r"has no labels. Got: text, kind\. .* --label"),
        ("a.csv", "text,label\none,two,a\n", "line 2 has another number of columns .* Expected: 2"),
        ("a.csv", "text,label\none\n", "line 2 has another number of columns"),
        ("a.csv", 'text,label\n"one"x,a\n', "line 2: .* Expected: quoted as CSV"),
        ("a.jsonl", "", "holds no documents. Expected: one on each line\\."),
        ("a.jsonl", '{"text": "one", "label": "a"}\none\n', "line 2 is no JSON"),
        ("a.jsonl", "[1]\n", "line 1 is list, expected an object"),
        ("a.jsonl", lines({"body": "one"}), r"line 1 has no 'text'. Got: body\. .*--text"),
        ("a.jsonl", lines({"text": "one", "label": 3}), "line 1 has 'label': 3. Expected: a string"),
        ("a.jsonl", lines({"text": "one", "spans": [[0, 1]]}), "line 1 has the span"),
        ("a.jsonl", lines({"text": "one", "spans": [{"start": 0, "end": 4, "label": "a"}]}), "within its 3 characters"),
        ("a.jsonl", lines({"sentences": "one"}), "line 1 has 'sentences': str"),
        ("a.jsonl", lines({"sentences": ["one"]}), "line 1 has the sentence 'one'"),
    ],
)
def test_records_say_what_is_wrong_and_where(tmp_path, name, content, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, name, content)


def test_records_of_another_encoding_are_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes("text,label\nä,a\n".encode("latin1"))
    with pytest.raises(ValueError, match="is not UTF-8"):
        read_records(tmp_path / "a.csv")


def test_docs_have_every_label_and_the_spans():
    records = [Record("", "one. two. ", ["a"], [(5, 10, "x")]), Record("", "three", ["b", "c"], [])]
    first, second = make_docs(NLP, records)
    assert first.cats == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert second.cats == {"a": 0.0, "b": 1.0, "c": 1.0}
    assert [(span.text, span.label_) for span in first.spans["sc"]] == [("two.", "x")]
    assert list(second.spans["sc"]) == []


def test_docs_have_no_place_for_what_no_record_has():
    (doc,) = make_docs(NLP, [Record("", "one", [], [])])
    assert (dict(doc.cats), list(doc.spans)) == ({}, [])


def test_docs_with_a_span_of_spaces_are_refused():
    with pytest.raises(ValueError, match="line 7 has the span ' '"):
        make_docs(NLP, [Record("line 7", "one two", [], [(3, 4, "x")])])


def some(n, label="a"):
    return [Record(f"line {i}", f"{label} {i}", [label], []) for i in range(n)]


@pytest.mark.parametrize(
    ("n_docs", "shares", "sizes"),
    [
        (10, {}, {"train": 10}),
        (10, {"dev": 0.1, "test": 0.1}, {"train": 8, "dev": 1, "test": 1}),
        (200, {"dev": 0.1, "test": 0.2}, {"train": 140, "dev": 20, "test": 40}),
        (7, {"dev": 0.5}, {"train": 3, "dev": 4}),
    ],
)
def test_split_keeps_to_the_shares(n_docs, shares, sizes):
    parts = split(some(n_docs), shares)
    assert {name: len(records) for name, records in parts.items()} == sizes
    assert sorted(record.text for part in parts.values() for record in part) == sorted(r.text for r in some(n_docs))


def test_split_deals_each_label_out():
    parts = split(some(80, "a") + some(20, "b"), {"dev": 0.1, "test": 0.1})
    assert [sum(record.labels == ["b"] for record in part) for part in parts.values()] == [16, 2, 2]


def test_split_depends_on_its_seed_only():
    texts = [[r.text for r in split(some(50), {"dev": 0.2}, seed)["dev"]] for seed in (0, 0, 1)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_split_of_too_few_documents_is_refused():
    with pytest.raises(ValueError, match=r"3 documents leave none for dev.*Lower the shares"):
        split(some(3), {"dev": 0.1})
