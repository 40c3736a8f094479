"""Docstrings: sections are labelled, and what is not prose is gone."""

import pytest

from scripts.docstring_prose import (
    LABELS,
    Paragraph,
    clean_markup,
    count_titled_sections,
    prose,
    remove_doctests,
    split_sections,
)

DOCSTRING = """
add(x1, x2, /, out=None)

Add two things. See [1]_.

Parameters
----------
x1, x2 : array_like
    The things,
    of any shape.
out : ndarray, optional
    Where the sum goes

Yields
------
y : ndarray
    The sum of `x1` and ``x2``.

Warns
-----
OverflowWarning
    If it is too much.

See Also
--------
subtract : The opposite.
multiply, divide

Attributes
----------
nin : int
    Left out.

Notes
-----
It is computed as::

    x1 + x2

which is *fast*:

.. math:: x_1 + x_2

.. versionadded:: 1.8

.. note::
   Prose in a directive stays.

References
----------
.. [1] A. Author, "Sums", 1999.

Examples
--------
>>> add(1, 2)
3

Arrays can be added as well:

>>> add(
...     [1], [2])
array([3])
""".strip()

EXPECTED = [
    Paragraph("summary", "Add two things. See."),
    Paragraph("parameters", "x1, x2 : array_like The things, of any shape."),
    Paragraph("parameters", "out : ndarray, optional Where the sum goes."),
    Paragraph("returns", "y : ndarray The sum of x1 and x2."),
    Paragraph("raises", "OverflowWarning If it is too much."),
    Paragraph("see also", "subtract : The opposite."),
    Paragraph("see also", "multiply, divide."),
    Paragraph("notes", "It is computed as."),
    Paragraph("notes", "which is fast."),
    Paragraph("notes", "Prose in a directive stays."),
    Paragraph("references", 'A. Author, "Sums", 1999.'),
    Paragraph("examples", "Arrays can be added as well."),
]


def test_prose_reads_a_whole_docstring():
    assert prose(DOCSTRING) == EXPECTED


def test_prose_has_every_label_in_the_example():
    assert {paragraph.label for paragraph in prose(DOCSTRING)} == set(LABELS)


def test_count_titled_sections_counts_those_that_have_a_label():
    assert count_titled_sections(DOCSTRING) == 7


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("Parameters", "parameters"),
        ("Other Parameters", "parameters"),
        ("Receives", "parameters"),
        ("Returns", "returns"),
        ("Yields", "returns"),
        ("Raises", "raises"),
        ("Warns", "raises"),
        ("See Also", "see also"),
        ("See also", "see also"),
        ("Notes", "notes"),
        ("Warnings", "notes"),
        ("References", "references"),
        ("Examples", "examples"),
    ],
)
def test_prose_maps_titles_to_labels(title, label):
    assert prose(f"{title}\n{'-' * len(title)}\nSome words.") == [Paragraph(label, "Some words.")]


@pytest.mark.parametrize("title", ["Attributes", "Methods", "Calculus"])
def test_prose_leaves_other_sections_out(title):
    assert prose(f"Summary.\n\n{title}\n{'-' * len(title)}\nSome words.") == [Paragraph("summary", "Summary.")]


def test_split_sections_takes_any_underline():
    assert [title for title, _ in split_sections("Notes\n=====\na\n\nExamples\n~~~~~~~~\nb")] == [
        "summary",
        "notes",
        "examples",
    ]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (">>> 1\n1\n\nText.", ["Text."]),
        (">>> f(\n...     2)\nA\nB\n\nText.", ["Text."]),
        (">>> 1\n1\n\n>>> 2\n\nText.\n>>> 3", ["Text."]),
        ("Text ... more.", ["Text ... more."]),
    ],
)
def test_remove_doctests_takes_output_up_to_the_next_empty_line(body, kept):
    assert [line for line in remove_doctests(body).splitlines() if line] == kept


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("``a`` and `b`", "a and b"),
        (":func:`numpy.sum`", "numpy.sum"),
        (":exc:`~exceptions.RankWarning`", "exceptions.RankWarning"),
        (":ref:`ufunc docs <ufuncs.kwargs>`", "ufunc docs"),
        ("`Wikipedia <https://example.org>`_ says", "Wikipedia says"),
        ("as in [1]_ and [2]_.", "as in and."),
        ("**bold** and *slanted*", "bold and slanted"),
        ("2*a*b and x**2", "2*a*b and x**2"),
        ("*args and **kwargs", "*args and **kwargs"),
        ("as follows::", "as follows:"),
    ],
)
def test_clean_markup_leaves_words(text, clean):
    assert clean_markup(text) == clean


@pytest.mark.parametrize(
    ("text", "closed"),
    [("No stop", "No stop."), ("Stop.", "Stop."), ("Really?", "Really?"), ("As follows:", "As follows.")],
)
def test_prose_closes_every_paragraph(text, closed):
    assert prose(text) == [Paragraph("summary", closed)]
