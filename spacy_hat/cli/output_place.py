"""Whether a command may write to a folder: what would be lost is nothing but what the user asked to replace."""

from pathlib import Path


def refusal(
    source: str | Path, output: Path, *, force: bool, marker: str = "config.json", what: str = "a checkpoint"
) -> str | None:
    """Why the output may not be written.

    source (str | Path): What it is made from: a folder, or a name.
    output (Path): Folder for the result.
    force (bool): Whether an earlier result may be replaced.
    marker (str): A file that shows that a folder is an earlier result.
    what (str): What such a folder is.
    RETURNS (str | None): The reason and the remedy; None if nothing speaks against it.
    """
    if not output.exists():
        return None
    if not output.is_dir():
        return "A file is there, expected a folder or nothing. Choose another place."
    if output.resolve() == Path(source).resolve():
        return "It is the source itself, which would be lost. Choose another folder."
    if not force:
        return "A folder is there already. Choose another, or replace it with --force."
    if any(output.iterdir()) and not (output / marker).is_file():
        return f"Its files are not those of {what} (no {marker}), and would be lost. Choose another folder."
    return None
