"""What maintainers run: `nox -l` lists it, `nox -s quick` runs one of it in an environment of its own.

`nox --no-venv --no-install -s lint` runs it in the environment that is active.
"""

import shutil
from configparser import ConfigParser
from pathlib import Path
from zipfile import ZipFile

import nox

nox.options.sessions = ["lint", "types", "quick"]
nox.options.reuse_existing_virtualenvs = True
TORCH = "torch==2.13.0"
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
# What a distribution is built from
SOURCES = ["spacy_hat", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"]
# The lower bounds of setup.cfg, with the lowest spaCy 3.8 that has a wheel; what the index has today; and the
# transformers that spacy-transformers does not ask for, but runs with, as docs/reliability.md has it.
VERSIONS = {
    "lowest": ["spacy==3.8.2", "spacy-transformers==1.3.9", "transformers==4.45.*"],
    "newest": ["spacy>=3.8,<4"],
    "transformers5": ["spacy>=3.8,<4", "transformers>=5", "spacy-alignments", "typer"],
}


def install(session: nox.Session, extra: str) -> None:
    """Install the package with an extra, after the PyTorch that the README names."""
    session.install(TORCH)
    session.install(f".[{extra}]")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, on all cores, with the lines of the package that none of them reaches."""
    install(session, "test")
    coverage = ["--cov", "--cov-report=term:skip-covered"]
    session.run("python", "-m", "pytest", "-n", "auto", *coverage, *(session.posargs or ["tests"]))


@nox.session
def quick(session: nox.Session) -> None:
    """All tests but those marked slow: less than a minute on two cores."""
    install(session, "test")
    session.run("python", "-m", "pytest", "-q", "-n", "2", "-m", "not slow", *(session.posargs or ["tests"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, and the order of imports."""
    session.install("ruff")
    session.run("python", "-m", "ruff", "check", ".")
    session.run("python", "-m", "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types of the package, and of all that stands around it."""
    install(session, "dev")
    session.run("python", "-m", "mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """The site: links, anchors, a place for every page."""
    session.install(".[docs]", "--no-deps")
    session.install("mkdocs>=1.6,<2", "mkdocs-material>=9.5,<10")
    # Not --quiet: it would silence the warnings that --strict counts.
    site = Path(session.create_tmp()) / "site"
    session.run("python", "-m", "mkdocs", "build", "--strict", "--site-dir", site, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def dist(session: nox.Session) -> None:
    """The wheel that is built from the source distribution has the files of the one that is built from the tree."""
    session.install("build")
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder)
    (folder / "copy").mkdir(parents=True)
    # In a copy: building leaves an egg-info, which Python would take for the installed package.
    for name in SOURCES:
        copy = shutil.copytree if Path(name).is_dir() else shutil.copy
        copy(name, folder / "copy" / name)
    names = {}
    for origin, options in {"sdist": [], "tree": ["--wheel"]}.items():
        session.run(
            "python", "-m", "build", str(folder / "copy"), "--outdir", str(folder / origin), *options, silent=True
        )
        (wheel,) = (folder / origin).glob("*.whl")
        names[origin] = set(ZipFile(wheel).namelist())
    if difference := names["sdist"] ^ names["tree"]:
        session.error(f"Only one of the two wheels has: {', '.join(sorted(difference))}")


@nox.session
def attack(session: nox.Session) -> None:
    """2,000 attempts with made-up inputs; the tests make a hundred of them."""
    install(session, "test")
    session.run("python", "-m", "tests.attack", *session.posargs)


@nox.session
def smoke(session: nox.Session) -> None:
    """The whole project in small: data, warm start, a few steps of training, evaluation, packages."""
    install(session, "project")
    session.run("python", "-m", "spacy", "project", "run", "smoke")


@nox.session(python=PYTHONS)
@nox.parametrize("wanted", list(VERSIONS))
def versions(session: nox.Session, wanted: str) -> None:
    """All tests under other versions of Python, spaCy and transformers; interpreters that are absent are left out."""
    if wanted == "lowest" and session.python != PYTHONS[0]:
        session.skip("the lowest versions have no wheels for this Python")
    bounds = VERSIONS[wanted]
    if wanted == "transformers5":
        setup = ConfigParser()
        setup.read("setup.cfg")
        session.install(TORCH, *bounds, *filter(None, setup["options.extras_require"]["test"].splitlines()))
        session.install("--no-deps", "spacy-transformers", ".")
    else:
        session.install("--only-binary=spacy,thinc,blis", TORCH, ".[test]", *bounds)
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *(session.posargs or ["tests"]))
    session.run("python", "-m", "pip", "list")
