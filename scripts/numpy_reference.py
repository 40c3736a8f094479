"""NumPy's own reference, as installed: its docstrings, and which of them are twins.

NumPy documents many things twice: `numpy.add` and `numpy.ma.add`, `numpy.sum` and `numpy.ndarray.sum`, `chebadd` and
`legadd`, `char.upper` and `strings.upper`. A model that has seen one twin in training would know the other. Docstrings
are therefore grouped, and a group is split as one: two are in the same group if the last part of their names is the
same, or if they share much of their wording, directly or through others.
"""

import importlib
import inspect
import pkgutil
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import numpy
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import CountVectorizer

from scripts.docstring_prose import Paragraph, count_titled_sections, prose

MIN_TITLED_SECTIONS = 3
KINDS = ("class", "function", "method")

# Old aliases of private modules, build tools, and what needs packages that NumPy does not bring.
LEFT_OUT = frozenset({"core", "distutils", "f2py", "tests", "conftest", "mypy_plugin", "print_coercion_tables"})

# Two docstrings are near-duplicates if they share this part of their word trigrams (Jaccard).
NEAR_DUPLICATE = 0.7

# numpy.polynomial documents the same functions once for each of six kinds of series.
POLYNOMIAL_KIND = re.compile(r"^(cheb|herme|herm|lag|leg|poly)(?=.)")


@dataclass(frozen=True)
class Entry:
    """One docstring of the reference.

    name (str): The shortest public name of what it documents.
    paragraphs (tuple[Paragraph, ...]): Its prose, in order.
    kind (str): What that is, one of KINDS.
    """

    name: str
    paragraphs: tuple[Paragraph, ...]
    kind: str = "function"

    @property
    def leaf_name(self) -> str:
        """The last part of the name: "sum" of "numpy.ndarray.sum", "add" of "numpy.polynomial.legendre.legadd"."""
        leaf_name = self.name.rsplit(".", 1)[-1].lower()
        return POLYNOMIAL_KIND.sub("", leaf_name) if ".polynomial." in self.name else leaf_name


def public_modules(package: ModuleType) -> Iterator[ModuleType]:
    """Import the public modules of a package, and leave out those that cannot be.

    package (ModuleType): The package.
    YIELDS (ModuleType): The package itself, then its modules.
    """
    yield package
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        leaf_name = found.name.rsplit(".", 1)[-1]
        if leaf_name.startswith("_") or leaf_name in LEFT_OUT:
            continue
        try:
            module = importlib.import_module(found.name)
        except ImportError:
            continue
        if found.ispkg:
            yield from public_modules(module)
        else:
            yield module


def public_docstrings(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    """Walk the public members of a module, and of its classes.

    module (ModuleType): The module.
    YIELDS (tuple[str, str, str]): A dotted name, its kind and the docstring.
    """
    for name, member in public_members(module):
        if inspect.ismodule(member):
            continue
        kind = "class" if inspect.isclass(member) else "function"
        yield f"{module.__name__}.{name}", kind, inspect.getdoc(member) or ""
        if inspect.isclass(member):
            for attribute, value in public_members(member):
                yield f"{module.__name__}.{name}.{attribute}", "method", inspect.getdoc(value) or ""


def public_members(owner: object) -> Iterator[tuple[str, object]]:
    """The members whose names do not start with an underscore."""
    for name in dir(owner):
        if not name.startswith("_"):
            member = getattr(owner, name, None)
            if member is not None:
                yield name, member


def read_reference(package: ModuleType = numpy) -> list[Entry]:
    """Collect the docstrings of at least three titled sections; identical ones are one.

    package (ModuleType): NumPy, or another package that documents itself in the same form.
    RETURNS (list[Entry]): Sorted by name, so that the same version gives the same list.
    """
    names: dict[str, tuple[str, str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated members warn when they are looked at
        for module in public_modules(package):
            for name, kind, docstring in public_docstrings(module):
                if count_titled_sections(docstring) >= MIN_TITLED_SECTIONS:
                    named = (name, kind)
                    names[docstring] = min(names.get(docstring, named), named, key=lambda n: _length_of_name(n[0]))
    entries = [Entry(name, tuple(prose(docstring)), kind) for docstring, (name, kind) in names.items()]
    return sorted(
        (entry for entry in entries if entry.paragraphs), key=lambda entry: (entry.name, repr(entry.paragraphs))
    )


def _length_of_name(name: str) -> tuple[int, int, str]:
    """The fewest parts, then the fewest letters, come first."""
    return name.count("."), len(name), name


def twin_groups(entries: list[Entry]) -> numpy.ndarray:
    """Number the groups of twins.

    entries (list[Entry]): The docstrings.
    RETURNS (numpy.ndarray): The group of each docstring (n_docs,).
    """
    texts = [" ".join(paragraph.text for paragraph in entry.paragraphs) for entry in entries]
    trigrams = CountVectorizer(ngram_range=(3, 3), binary=True, token_pattern=r"\w+").fit_transform(texts)
    sizes = numpy.asarray(trigrams.sum(axis=1)).ravel()
    shared = (trigrams @ trigrams.T).toarray()
    union = sizes[:, None] + sizes[None, :] - shared
    leaf_names = numpy.array([entry.leaf_name for entry in entries])
    twins = (shared >= NEAR_DUPLICATE * union) | (leaf_names[:, None] == leaf_names[None, :])
    return connected_components(twins, directed=False)[1]
