"""What `debug` says of components that read documents along with questions or options."""

from collections.abc import Mapping

from spacy.language import Language

from ..corpora.asked import gold_questions, options_on
from ..pipeline.multiple_choice import HATMultipleChoice
from ..pipeline.question_answering import HATQuestionAnswering
from .findings import Findings
from .sample import Sample


def check_asked(nlp: Language, corpora: Mapping[str, Sample], findings: Findings) -> None:
    """Count what is asked, as each question is one more reading of its document.

    nlp (Language): The pipeline.
    corpora (Mapping[str, Sample]): Name -> documents.
    findings (Findings): Where to say it.
    """
    for name, component in nlp.pipeline:
        for corpus, sample in corpora.items():
            if isinstance(component, HATQuestionAnswering):
                asked = [gold_questions(example.reference, component.key) for example in sample(nlp)]
                what = "questions"
            elif isinstance(component, HATMultipleChoice):
                asked = [options_on(example.reference) for example in sample(nlp)]
                what = "options"
            else:
                continue
            n_without = sum(not one for one in asked)
            findings.warn(
                "asked",
                f"'{name}' reads a document once for each of its {what}: {sum(map(len, asked)):,} times in all in "
                f"{corpus}, {len(asked):,} documents, {n_without:,} of them without {what}. Pieces, segments and "
                "windows are counted here without these; the batch that is timed is read with them.",
                name,
            )
