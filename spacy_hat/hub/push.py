"""Files to a repository of Hugging Face's hub, in one commit, by huggingface_hub alone: its token, its endpoint."""

import glob

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from ..modeling.files.disk import first_line
from ..modeling.files.names import is_offline
from .upload import Upload

MAIN = "main"


class PushError(ValueError):
    """The hub did not take a pipeline."""


def check_repository(name: str) -> None:
    """RAISES (PushError): If a name does not have the form `owner/name`, or the user says that there is no network."""
    owner, slash, rest = name.partition("/")
    if not (owner and slash and rest) or "/" in rest:
        raise PushError(f"'{name}' is not the name of a repository. Expected: 'owner/name'. Correct it.")
    if is_offline():
        raise PushError(
            "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE says that there is no network. Expected: neither. Unset it."
        )


def push(upload: Upload, name: str, *, private: bool = False, revision: str | None = None, message: str) -> str:
    """Make a repository, if there is none of that name, and commit files to it.

    upload (Upload): The files.
    name (str): `owner/name`.
    private (bool): Whether the repository is for its owner alone. One that is there already must be, then.
    revision (str | None): A branch, which is made if it is not there; None: `main`.
    message (str): Of the commit.
    RETURNS (str): The address of the commit.
    RAISES (PushError): If the hub refuses or cannot be reached. A commit is there whole or not at all.
    """
    api = HfApi(library_name="spacy-hat")
    try:
        # Without `private` the owner's own default holds.
        api.create_repo(name, private=private or None, exist_ok=True)
        if private and not api.repo_info(name).private:
            raise PushError(
                f"{name} is there already, and everybody can read it. Got: --private. Expected: a new name, or a "
                "repository that is private. Nothing was uploaded. Make it private in its settings, or choose another."
            )
        if revision not in (None, MAIN):
            api.create_branch(name, branch=str(revision), exist_ok=True)
        commit = api.upload_folder(
            repo_id=name,
            folder_path=upload.folder,
            revision=revision,
            commit_message=message,
            allow_patterns=[glob.escape(file) for file in upload.files],
        )
    except PushError:
        raise
    except (HfHubHTTPError, OSError, ValueError, RuntimeError) as error:
        raise PushError(
            f"The hub did not take it. Got: {first_line(error)} Expected: a token that may write to {name} (`hf auth "
            "login`, or HF_TOKEN), and the hub in reach. No file of the repository has changed."
        ) from error
    return str(commit.commit_url)
