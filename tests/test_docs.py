"""The documentation's pages: their code runs, their figures are those that were measured, and all have a place."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
import yaml

from .support.pages import fresh_folder, type_page
from .support.project import CODE_BLOCK, README_BLOCKS, ROOT

DOCS = ROOT / "docs"
# Of UNIVERSE.md in spaCy's website, with the categories of its universe.json.
UNIVERSE_KEYS = {
    "id": str,
    "title": str,
    "slogan": str,
    "description": str,
    "github": str,
    "pip": str,
    "code_example": list,
    "code_language": str,
    "url": str,
    "thumb": str,
    "image": str,
    "author": str,
    "author_links": dict,
    "category": list,
    "tags": list,
}
UNIVERSE_CATEGORIES = {
    "pipeline",
    "training",
    "conversational",
    "research",
    "scientific",
    "visualizers",
    "apis",
    "nonpython",
    "standalone",
    "models",
}
UNIVERSE = json.loads((DOCS / "universe.json").read_text(encoding="utf8"))


def code_blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf8")
    return [block for _, name, block in CODE_BLOCK.findall(text) if name == language]


@pytest.mark.slow
def test_start_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh_folder(tmp_path, monkeypatch)
    printed = type_page(DOCS / "index.md")
    assert [code for code, text in printed.items() if "print(" in code and not text] == []
    assert spacy.load(tmp_path / "training" / "by-hand").pipe_names == ["sentencizer", "transformer", "textcat"]
    assert (tmp_path / "training" / "clauses" / "model-best").is_dir()


def test_start_page_has_the_commands_of_the_readme() -> None:
    own_data = next(block for comment, language, block in README_BLOCKS if language == "bash" and not comment)
    (commands,) = (block for block in code_blocks("index.md", "bash") if "warm-start" in block)
    assert commands.replace("\\\n", "").split() == own_data.split()


def rows_of(page: str, section: str = "") -> Iterator[list[str]]:
    """The rows of all tables of a page, or of those below a heading that begins so."""
    text = (DOCS / page).read_text(encoding="utf8")
    chosen = text.partition(f"\n## {section}")[2].partition("\n## ")[0] if section else text
    for line in chosen.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


# Row of a table in when-not.md -> rows of compare.md, for the speeches and the reference.
WHEN_NOT_ROWS = {
    "TF-IDF": ("TF-IDF, whole text", "TF-IDF, sentence alone"),
    "MiniLM, truncated to 512 pieces": ("truncated to 512 pieces", None),
    "MiniLM, segments on their own, the highest of each feature": ("independent segments", None),
    "MiniLM, each sentence alone": (None, "sentence alone, 3 epochs"),
    "HAT": ("HAT, identity start", "HAT, identity start, 3 epochs"),
    "HAT, with words beside it": ("HAT, identity start + words", None),
}
# The same with chains, for the reference and for that of scikit-learn: accuracy and macro-F1.
WHEN_NOT_CHAINS = {
    "TF-IDF, chain counted on train": "TF-IDF, sentence alone + chain",
    "MiniLM, each sentence alone, chain counted on train": "sentence alone + chain, 3 epochs",
    "HAT, chain counted on train": "HAT, identity start + chain, 3 epochs",
    "MiniLM, each sentence alone, LSTM and chain learned with it (`HSLN`)": "HSLN",
    "the same, three epochs instead of six": "HSLN, 3 epochs",
    "HAT, LSTM and chain learned with it (the shipped config)": "HAT, LSTM and chain learned with it",
    "HAT with them, three epochs instead of six": "HAT, LSTM and chain learned with it, 3 epochs",
}


def measured(*, with_f1: bool = False) -> list[dict[str, str]]:
    """The tables of means in compare.md: method -> accuracy and number of runs, such as `0.942 (5 runs)`."""
    tables: list[dict[str, str]] = []
    for row in rows_of("compare.md"):
        if row[1] in ("accuracy", "average precision"):
            tables.append({})
        elif row[-1].isdigit() and re.match(r"0\.\d{3}", row[1]):
            scores = [cell.partition(" ")[0] for cell in row[1 : 2 + with_f1]]
            tables[-1][row[0]] = f"{' / '.join(scores)} ({row[-1]} runs)"
    return tables


def test_when_not_table_says_what_was_measured() -> None:
    said = {row[0]: row[1:] for row in rows_of("when-not.md") if row[0] in WHEN_NOT_ROWS}
    speeches, reference, *_ = measured()
    tables = (speeches, reference)
    expected = {
        name: [table[method] if method else "" for table, method in zip(tables, methods, strict=True)]
        for name, methods in WHEN_NOT_ROWS.items()
    }
    assert {name: plain(cells) for name, cells in said.items()} == expected, FOLLOW


def test_when_not_table_of_chains_says_what_was_measured() -> None:
    said = {row[0]: row[1:] for row in rows_of("when-not.md") if row[0] in WHEN_NOT_CHAINS}
    _, *tables = measured(with_f1=True)
    expected = {name: [table.get(method, "") for table in tables[:2]] for name, method in WHEN_NOT_CHAINS.items()}
    assert {name: plain(cells) for name, cells in said.items()} == expected, FOLLOW


FOLLOW = "docs/when-not.md has to follow docs/compare.md, in its prose too"


def plain(cells: list[str]) -> list[str]:
    return [re.sub(r"\*|folds|seeds?", "", cell).replace(" )", " runs)") for cell in cells]


def test_identity_start_is_better_with_each_seed_as_how_it_works_says() -> None:
    runs = {
        row[0]: row[1:]
        for row in rows_of("compare.md", "NumPy's reference: the section")
        if row[0].startswith("HAT") and not re.search("±|/", row[1])
    }
    pairs = zip(runs["HAT, identity start, 3 epochs"], runs["HAT, copied start, 3 epochs"], strict=False)
    both = [(float(one.split()[0]), float(other.split()[0])) for one, other in pairs if one and other]
    assert both
    assert all(identity > copied for identity, copied in both)


def test_universe_entry_has_known_keys_and_categories() -> None:
    assert {key: type(value) for key, value in UNIVERSE.items()}.items() <= UNIVERSE_KEYS.items()
    assert {"id", "title", "slogan", "description", "pip", "code_example", "author", "category"} <= UNIVERSE.keys()
    assert set(UNIVERSE["category"]) <= UNIVERSE_CATEGORIES
    assert UNIVERSE["pip"] == "spacy-hat"


def test_universe_code_example_runs(
    tmp_path: Path, hat_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "\n".join(UNIVERSE["code_example"])
    (name,) = re.findall(r'"name": "([^"]+)"', code)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).symlink_to(hat_folder)  # a folder of the hub's name goes before the hub
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "universe.json", "exec"), {})
    assert "LEASE" in capsys.readouterr().out


SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf8"))


def pages_in(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for entry in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from pages_in(entry)


def test_site_has_a_place_for_every_page() -> None:
    assert {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} <= set(pages_in(SITE["nav"]))


@pytest.mark.parametrize(
    ("wrong", "warning"),
    [
        ("[gone](nowhere.md)", "contains a link 'nowhere.md'"),
        ("[gone](index.md#no-such-title)", "there is no such anchor on this page"),
        ("", None),
    ],
)
def test_site_build_fails_on_links_that_lead_nowhere(tmp_path: Path, wrong: str, warning: str | None) -> None:
    assert '"mkdocs", "build", "--strict", "--site-dir"' in (ROOT / "noxfile.py").read_text(encoding="utf8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Title\n\n{wrong}\n", encoding="utf8")
    site = {**SITE, "extra_css": [], "nav": ["index.md"], "theme": {"name": "mkdocs"}, "plugins": []}
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(site), encoding="utf8")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    result = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode == 0) is (warning is None), result.stderr
    assert warning is None or warning in result.stderr


def test_bars_in_code_of_tables_show_no_backslash() -> None:
    # GitHub takes the backslash away, the site shows it: <code>S&#124;D</code> is the same for both.
    rows = ((path.name, row) for path in DOCS.glob("*.md") for row in path.read_text(encoding="utf8").splitlines())
    tables = ((name, row) for name, row in rows if row.startswith("|"))
    assert [(name, row) for name, row in tables if any("\\|" in code for code in re.findall("`[^`]*`", row))] == []


def test_site_needs_no_network() -> None:
    assert SITE["theme"]["font"] is False
    assert not [path for path in [*SITE["extra_css"], *SITE.get("extra_javascript", ())] if not (DOCS / path).is_file()]
    styles = "".join(path.read_text(encoding="utf8") for path in DOCS.rglob("*.css"))
    assert "url(" not in styles
    assert "@import" not in styles


@pytest.mark.parametrize("picture", sorted((DOCS / "images").glob("*.svg")), ids=lambda path: path.stem)
def test_pictures_are_well_formed_and_need_nothing(picture: Path) -> None:
    text = picture.read_text(encoding="utf8")
    root = ElementTree.fromstring(text)
    assert root.get("viewBox")
    assert "href" not in text
    assert "<script" not in text
    if picture.stem != "favicon":
        assert "prefers-color-scheme: dark" in text
        assert root.findtext("{http://www.w3.org/2000/svg}desc")
