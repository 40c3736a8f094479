"""The tasks of the comparison: what is read of each source, and that no group is in two parts."""

import csv
import io
import itertools
import zipfile

import numpy
import pytest

from scripts.compare.tasks.labelled_texts import parts_of
from scripts.compare.tasks.laughs import make_episode, read_episode
from scripts.compare.tasks.licences import read_licences
from scripts.compare.tasks.news import read_news
from scripts.compare.tasks.publishers import read_articles
from scripts.compare.tasks.table import TASKS
from scripts.compare.tasks.task import Split

EPISODE = """# GEORGE
3.539
When are they gonna learn? That news
is a page-turner
6.997
7.200
**LOL**
7.176
What's that?
8.166
# JERRY
8.344
--
9.000
9.100
An organizer.
9.900
9.950
**LOL**
"""


def write_licence(folder, name, text, **about):
    head = "\n".join(f"{key}: {value}" for key, value in {"category": "Permissive", **about}.items())
    (folder / f"{name}.LICENSE").write_text(f"---\nkey: {name}\n{head}\n---\n\n{text}\n", encoding="utf8")


def test_tasks_have_the_names_of_the_command():
    assert set(TASKS) == {"speeches", "reference", "transfer", "laughs", "licences", "news", "publishers"}
    assert all(TASKS[task.trained_on].unit == task.unit for task in TASKS.values() if task.trained_on)


def test_parts_of_never_share_a_group_and_hold_everything():
    rng = numpy.random.default_rng(0)
    groups, labels = (
        [f"group {i}" for i in rng.integers(60, size=300)],
        [f"label {i}" for i in rng.integers(3, size=300)],
    )
    parts = parts_of(labels, groups, Split(fold=1, n_folds=5))
    assert sorted(numpy.concatenate(list(parts.values())).tolist()) == list(range(300))
    found = [{groups[i] for i in part} for part in parts.values()]
    assert sum(len(of_part) for of_part in found) == len(set.union(*found))


def test_parts_of_folds_are_each_test_once():
    labels, groups = ["a", "b"] * 30, [str(i) for i in range(60)]
    tests = [parts_of(labels, groups, Split(fold=fold, n_folds=3))["test"].tolist() for fold in range(3)]
    assert sorted(itertools.chain.from_iterable(tests)) == list(range(60))


def test_licences_are_english_long_and_in_force(tmp_path):
    long = "word " * 400
    for number in range(30):
        write_licence(tmp_path, f"owned-{number:02}", long, owner="Somebody")
    write_licence(tmp_path, "unowned", long, owner="Unspecified")
    write_licence(tmp_path, "short", "word " * 399)
    write_licence(tmp_path, "german", long, language="de")
    write_licence(tmp_path, "old", long, is_deprecated="yes")
    write_licence(tmp_path, "rare", long, category="Copyleft")
    (tmp_path / "headless.LICENSE").write_text(long, encoding="utf8")
    texts = read_licences(tmp_path)
    assert len(texts) == 31
    assert {text.group for text in texts} == {"Somebody", "unowned"}
    assert {text.label for text in texts} == {"Permissive"}


def test_news_have_the_topic_of_their_folder_once_each(tmp_path):
    for topic, name, text in (("tech", "1", "Head\nBody"), ("tech", "2", "Head\nBody"), ("sports", "1", "Goal\nBody")):
        (tmp_path / topic).mkdir(exist_ok=True)
        (tmp_path / topic / f"{name}.txt").write_text(text, encoding="utf8")
    assert [(text.label, text.group) for text in read_news(tmp_path)] == [("sports", "goal"), ("tech", "head")]


def test_articles_have_the_publisher_of_their_address(tmp_path):
    table = io.StringIO()
    rows = csv.DictWriter(table, ["article_source_link", "title", "text"])
    rows.writeheader()
    rows.writerows(
        {"article_source_link": f"http://{site}/{i}", "title": f"T{i}", "text": f"{site} {i}"}
        for site, n_texts in (("www.bbc.co.uk", 100), ("rare.org", 99))
        for i in range(n_texts)
    )
    with zipfile.ZipFile(tmp_path / "articles.zip", "w") as archive:
        archive.writestr("NewsArticles.csv", table.getvalue())
    texts = read_articles(tmp_path / "articles.zip")
    assert len(texts) == 100
    assert {text.label for text in texts} == {"bbc.co.uk"}


def test_episode_has_utterances_and_what_is_laughed_at():
    assert [(utterance.text, utterance.laugh) for utterance in read_episode(EPISODE)] == [
        ("When are they gonna learn? That news is a page-turner", True),
        ("What's that?", False),
        ("An organizer.", True),
    ]


def test_episode_laughs_after_the_last_sentence_of_an_utterance():
    doc = make_episode(read_episode(EPISODE))
    assert [(span.text, span.label_) for span in doc.spans["sc"]] == [
        ("When are they gonna learn?", "no laugh"),
        ("That news is a page-turner.", "laugh"),
        ("What's that?", "no laugh"),
        ("An organizer.", "laugh"),
    ]


@pytest.mark.parametrize("text", ['He said "no"', "Well, I -", "Go..."])
def test_episode_ends_each_utterance_as_a_sentence(text):
    doc = make_episode(read_episode(f"1.0\n{text}\n2.0\n3.0\nOh.\n4.0\n"))
    assert doc.spans["sc"][-1].text == "Oh."
