"""`python -m spacy hat push`: a pipeline to Hugging Face's hub."""

from typing import Annotated

import typer

from . import screen
from .command import command

PRIVATE_HELP = "Only you may read it; a repository that is there already must be private"
REVISION_HELP = "Branch to commit to, made if it is not there [default: main]"


@command("Cannot push {pipeline}")
def push_cli(
    pipeline: Annotated[str, typer.Argument(help="Folder or package name of a trained pipeline")],
    repository: Annotated[str, typer.Argument(help="owner/name on the hub; made if it is not there")],
    private: Annotated[bool, typer.Option("--private", help=PRIVATE_HELP)] = False,
    revision: Annotated[str | None, typer.Option(help=REVISION_HELP)] = None,
    message: Annotated[str, typer.Option(help="Of the commit")] = "Pipeline of spacy-hat",
) -> None:
    """
    Upload a pipeline to Hugging Face's hub, in one commit: what the pipeline itself writes, its model card and its
    licence. A folder that holds anything else is refused, as is one with a password or a key in a text.

    It logs in as huggingface_hub does: `hf auth login`, or HF_TOKEN.

    Example: python -m spacy hat push training/textcat/model-best me/court-decisions --private
    """
    with screen.status(f"Reading {pipeline}"):
        from ..hub.push import check_repository, push
        from ..hub.upload import upload_of
        from ..pipeline.loading import load_pipeline

        check_repository(repository)
        upload = upload_of(load_pipeline(pipeline))
    for note in upload.notes:
        screen.warn(note)
    screen.table([(name, f"{size:,}") for name, size in upload.files.items()], ("file", "bytes"), aligns=("l", "r"))
    screen.info(f"{len(upload.files)} files, {sum(upload.files.values()):,} bytes, to {repository}")
    commit = push(upload, repository, private=private, revision=revision, message=message)
    screen.good(f"Pushed: {commit}")
