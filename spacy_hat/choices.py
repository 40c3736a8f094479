"""What a config, a command and the code may choose among. Each choice is spelled here, once; imports nothing else."""

from typing import Any, Literal, get_args

# How a document is read.
Packing = Literal["sentences", "greedy", "fixed"]
Overflow = Literal["window", "truncate", "error"]
Output = Literal["pieces", "segments"]
Precision = Literal["float32", "bfloat16", "int8", "auto"]
Keep = Literal["segments", "tensor"]
Leads = Literal["segments", "windows"]
MaxLength = int | Literal["auto"] | None

# How segment vectors become one: in the head of a pipeline, and in that of a checkpoint (`pooling` of config.json).
Pooling = Literal["max", "mean", "attentive", "first"]
PublishedPooling = Literal[Pooling, "last"]
HeadKind = Literal["documents", "segments", "answers", "choices"]
Labelled = Literal["documents", "spans"]

# How a linear classifier of words is punished for its answers.
WordLoss = Literal["log", "squared_hinge"]

# What training is for.
DocumentTask = Literal["textcat", "textcat_multilabel"]
SentenceTask = Literal["spancat", "spancat_singlelabel"]
TokenTask = Literal["ner", "tagger", "morphologizer", "trainable_lemmatizer"]
AskingTask = Literal["qa", "choice"]
Task = Literal[DocumentTask, SentenceTask, TokenTask, AskingTask]
HeadTask = Literal[DocumentTask, SentenceTask]
Optimize = Literal["speed", "accuracy"]

# How bad a finding before training is.
Severity = Literal["stops", "wastes", "may be meant"]

# What an encoder is pretrained by, and in what numbers.
Objective = Literal["mlm", "segments", "choice"]
TrainingPrecision = Literal["float32", "float16", "bfloat16"]

# How the parts of a new HAT begin.
CrossSegmentStart = Literal["identity", "copy"]
DocumentPositions = Literal["copy", "repeat", "interpolate"]
ExtraBlocks = Literal["error", "repeat", "fresh"]

Method = Literal["occlusion", "gradient", "attention"]

# Of the paper (Chalkidis et al. 2022, arXiv 2210.05529) and its code, and of the two large models on the hub. The
# table of the code gives AH as twelve S, which never attend across segments; here it is what their text defines:
# segment-wise blocks, then cross-segment ones.
PUBLISHED_LAYOUTS = {
    "I1": "SD|SD|SD|SD|SD|SD",
    "I2": "S|SD|D|S|SD|D|S|SD|D",
    "I3": "S|SD|S|SD|S|SD|S|SD",
    "LC1": "S|S|S|S|S|S|SD|SD|SD",
    "LC2": "S|S|S|S|S|SD|D|S|SD|D",
    "EC1": "S|S|SD|D|S|SD|D|S|S|S",
    "EC2": "S|S|SD|SD|SD|S|S|S|S",
    "AH": "S|S|S|S|S|S|S|S|D|D|D|D",
    "adhoc-hierarchical-transformer-base-4096": "|".join(["S"] * 11 + ["SD"] + ["D"] * 3),
    "hierarchical-transformer-base-4096": "|".join(["S", "S", "SD"] * 4),
}

# What files of documents are, and what comes between sentences that are made a text.
Form = Literal["txt", "jsonl", "json", "csv", "tsv", "ssv", "parquet", "spacy"]
Join = Literal["space", "line", "paragraph"]

# The documents that come with the package.
SampleName = Literal["licences", "docstrings"]

# What `annotate` writes.
Format = Literal["parquet", "jsonl", "spacy"]

# What a sentence can be: what a `hat_units` component finds, or what spaCy's sentencizer does.
Unit = Literal["given", "lines", "paragraphs", "headings", "items", "pattern"]
Units = Literal["sentences", Unit]


def check_choice(name: str, value: object, choices: Any, remedy: str = "") -> None:
    """Check that a setting is one of a few words.

    name (str): Of the setting.
    value (object): What it is.
    choices (Any): The Literal that it is to be one of.
    remedy (str): Where to correct it.
    RAISES (ValueError): If it is not one of them.
    """
    if value not in get_args(choices):
        expected = ", ".join(get_args(choices))
        raise ValueError(f"{name} is {value!r}, expected one of {expected}. {remedy}".rstrip())
