"""docs/api.md: every name that a config or a program can use, with what its docstring says, as tables."""

import configparser
import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from tools.docstring_fields import Field, read_docstring
from tools.markdown_table import escape, markdown_table

ROOT = Path(__file__).parent.parent

# Group of setup.cfg -> title, and how such a name is used. Commands have a page of their own.
GROUPS = {
    "spacy_architectures": ("Architectures", 'In a config: `@architectures = "…"`.'),
    "spacy_factories": ("Components", 'In a config: `factory = "…"`; in code: `nlp.add_pipe("…")`.'),
    "spacy_misc": ("Suggesters", 'In a config: `@misc = "…"`.'),
    "spacy_readers": ("Readers", 'In a config: `@readers = "…"`.'),
    "spacy_batchers": ("Batchers", 'In a config: `@batchers = "…"`.'),
    "spacy_scorers": ("Scorers", 'In a config: `@scorers = "…"`.'),
    "spacy_callbacks": ("Callbacks", 'In a config: `@callbacks = "…"`.'),
    "thinc_optimizers": ("Optimizers", 'In a config: `@optimizers = "…"`.'),
    "thinc_schedules": ("Schedules", 'In a config: `@schedules = "…"`.'),
}
MODULES = {
    "spacy_hat": ("In Python", "Found by `import spacy_hat`, and loaded when first asked for."),
    "spacy_hat.modeling": (
        "PyTorch models",
        "The encoder without spaCy, in Hugging Face's conventions. Importing `spacy_hat.modeling` makes `AutoConfig` "
        "and the Auto models know both published model types.",
    ),
    "spacy_hat.hugging_face": (
        "For Hugging Face's libraries",
        "Importing `spacy_hat.hugging_face` makes `AutoProcessor` and `pipeline` of transformers know HATs too. "
        "[A page of its own](hugging-face.md) shows how they are used.",
    ),
}
INTRODUCTION = """\
# API reference

Written by `python -m tools.write_reference` from the docstrings; a test holds the page to them. Shapes use the names
n_docs, n_segments, n_pieces, n_tokens, hidden_size and n_labels; a *piece* is a subword, a *segment* a row of pieces
that is encoded together. Commands have [a page of their own](commands.md).
"""


def api_page() -> str:
    """RETURNS (str): The page, in Markdown."""
    return INTRODUCTION + "".join(_registered()) + "".join(_importable())


def _registered() -> Iterator[str]:
    """Sections for what setup.cfg registers, group by group."""
    entry_points = registered_names()
    unknown = entry_points.keys() - GROUPS.keys() - {"spacy_cli"}
    if unknown:
        raise ValueError(f"setup.cfg has groups without a title here: {sorted(unknown)}. Add them to GROUPS.")
    for group, (title, use) in GROUPS.items():
        yield f"\n## {title}\n\n{use}\n"
        for name, target in entry_points.get(group, {}).items():
            module, _, function = target.partition(":")
            yield _entry(3, name, getattr(importlib.import_module(module), function))
            if group == "spacy_factories":
                yield _default_config(name)


def _importable() -> Iterator[str]:
    """Sections for the public names of modules."""
    for module_name, (title, use) in MODULES.items():
        module = importlib.import_module(module_name)
        names = [name for name in getattr(module, "__all__", ()) if not name.startswith("__")]
        if not names:
            continue
        yield f"\n## {title}\n\n{use}\n"
        for name in names:
            thing = getattr(module, name)
            yield _entry(3, name, thing)
            for method_name, method in _methods(thing):
                yield _entry(4, f"{name}.{method_name}", method)


def registered_names() -> dict[str, dict[str, str]]:
    """RETURNS (dict[str, dict[str, str]]): Group -> name -> module:function, as setup.cfg says."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    groups = parser["options.entry_points"].items()
    return {group: dict(re.split(r"\s*=\s*", line) for line in lines.split("\n") if line) for group, lines in groups}


def _default_config(factory: str) -> str:
    """What `nlp.add_pipe` fills in, as a block of a config."""
    from spacy.language import Language
    from thinc.api import Config

    settings = {"factory": factory, **(Language.get_factory_meta(factory).default_config or {})}
    config = Config({"components": {factory: settings}}).to_str(interpolate=False)
    return f"\nDefaults:\n\n```ini\n{config[config.index(f'[components.{factory}]') :].strip()}\n```\n"


def _methods(thing: Any) -> Iterator[tuple[str, Any]]:
    """A class's own public methods and properties that say what they do; the others are those of its base."""
    for name, member in vars(thing).items() if inspect.isclass(thing) else ():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, function


def _entry(level: int, name: str, thing: Any) -> str:
    """A heading, the prose and the table of fields."""
    described = read_docstring(_own_docstring(thing))
    lines = [f"{'#' * level} {name} {{ #{anchor(name)} }}", *map(escape, described.paragraphs)]
    if described.fields:
        defaults, choices = _defaults(thing), _choices(thing)
        rows = [_row(field, defaults, choices) for field in described.fields]
        lines.append(markdown_table(("name", "meaning"), rows))
    return "".join(f"\n{line}\n" for line in [*lines, *map(escape, described.remarks)])


def _own_docstring(thing: Any) -> str:
    """The docstring, without that of a base class where it has none."""
    return inspect.cleandoc(thing.__doc__ or "") if inspect.isclass(thing) else inspect.getdoc(thing) or ""


def _defaults(thing: Any) -> dict[str, str]:
    """Parameter -> its default, as code."""
    if dataclasses.is_dataclass(thing):  # made by functions, some of them, which signatures cannot show
        found = {field.name: field.default for field in dataclasses.fields(thing)}
        return {name: repr(default) for name, default in found.items() if default is not dataclasses.MISSING}
    parameters = inspect.signature(thing).parameters.values()
    return {p.name: repr(p.default) for p in parameters if p.default is not inspect.Parameter.empty}


def _choices(thing: Any) -> dict[str, str]:
    """Parameter -> the values that it can have, where they are listed in its annotation."""
    parameters = inspect.signature(thing).parameters.values()
    listed = {p.name: get_args(p.annotation) for p in parameters if get_origin(p.annotation) is Literal}
    return {name: f"Literal[{', '.join(map(repr, values))}]" for name, values in listed.items()}


def _row(field: Field, defaults: dict[str, str], choices: dict[str, str]) -> tuple[str, str]:
    """A line of the table: `RETURNS` and the like in bold, and type and default below the meaning."""
    name = f"**{field.name}**" if field.is_outcome else f"`{field.name}`"
    type_ = choices.get(field.name, field.type)
    details = [f"`{type_}`"] if type_ else []
    if field.name in defaults:
        details.append(f"default `{defaults[field.name]}`")
    end = f" <br>{', '.join(details)}" if details else ""
    return name, escape(field.meaning) + end


def anchor(name: str) -> str:
    """RETURNS (str): The address of a name in the page, such as `spacy-hat-hatmodel-v1`."""
    return re.sub(r"\W+", "-", name).lower()
