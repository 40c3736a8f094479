"""Mistakes with `warm-start`, as a function and as a command, and with `import` and `export`."""

from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.modeling import warm_start

from ..support.fine_tuned import save_head
from ..support.mistake import Mistake
from ..support.workshop import as_bin, change, cut, drop, remove, reshape, write
from .checkpoints import Payload

SIZES = {"segment_length": 16, "max_segments": 6}
OPTIONS = ["--layout", "S|SD", "--segment-length", "16", "--max-segments", "6"]
STARTS = ("warm-start", "from-scratch")
SUPPORTED = (
    "bert, electra, distilbert, roberta, xlm-roberta, camembert, data2vec-text, modernbert, nomic_bert, gte, new"
)


def begin(make, **settings):
    return lambda w: warm_start(make(w), **{"layout": "S|SD", **SIZES, **settings})


class FailedError(Exception):
    """The command ended with another status than 0."""


def command(*arguments, name="warm-start"):
    """Run a command on what the arguments make."""

    def act(w):
        made = [str(argument(w)) if callable(argument) else argument for argument in arguments]
        result = CliRunner().invoke(app, ["hat", name, *made, *(OPTIONS if name in STARTS else ())])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        if result.exit_code:
            raise FailedError(result.output)

    return act


WARM_STARTS = [
    Mistake(
        "warm-start from a folder that is not there",
        begin(lambda w: w.root / "absent"),
        ["absent' is not a folder here", "Nothing was looked up", "Check the path"],
    ),
    Mistake(
        "warm-start from a hub name, and no network",
        begin(lambda w: "bert-base-uncased"),
        ["'bert-base-uncased' is not a folder here", "cannot be fetched from the hub", "and the network"],
    ),
    Mistake(
        "warm-start from a file",
        begin(lambda w: w.bert() / "config.json"),
        ["config.json is a file", "expected the folder"],
    ),
    Mistake("warm-start from an empty folder", begin(lambda w: w.new()), ["holds no config.json", "Check the folder"]),
    Mistake(
        "warm-start from an empty config.json",
        begin(lambda w: write(w.bert(), "config.json", "")),
        ["config.json cannot be read", "Got: 0 bytes", "Expected: JSON"],
    ),
    Mistake(
        "warm-start from a type with other blocks",
        begin(lambda w: w.bert(model_type="t5")),
        ["cannot start from a model of type 't5'", f"Supported types: {SUPPORTED}", "Choose a source"],
    ),
    Mistake(
        "warm-start from a type with relative positions",
        begin(lambda w: w.bert(model_type="mpnet")),
        ["cannot start from a model of type 'mpnet'", "adds a bias for the distance", "Choose a source"],
    ),
    Mistake(
        "warm-start with an unknown name of a layout",
        begin(lambda w: w.bert(), layout="I9"),
        ["HAT layout 'I9' holds ['I9']", "or one of I1, I2, I3, LC1"],
    ),
    Mistake(
        "warm-start from code on the hub",
        begin(lambda w: w.bert(model_type="own", auto_map={"AutoConfig": "own.Config", "AutoModel": "own.Model"})),
        ["cannot start from a model of type 'own'", "Choose a source"],
    ),
    Mistake(
        "warm-start from a HAT",
        begin(lambda w: w.hat()),
        ["is a HAT already", f"expected an ordinary encoder ({SUPPORTED})", "Use it as it is: --paths.hat"],
    ),
    Mistake(
        "warm-start from weights cut off",
        begin(lambda w: cut(w.bert(), "model.safetensors")),
        ["cannot be read", "Expected: a whole safetensors file", "fetch it again"],
    ),
    Mistake(
        "warm-start from weights that carry code",
        begin(lambda w: as_bin(w.bert(), {"weight": Payload()})),
        ["is refused, and nothing that it holds was run", "Expected: names and tensors", "model.safetensors"],
    ),
    Mistake(
        "warm-start from weights without some",
        begin(lambda w: change(w.bert(), drop("layer.1.attention.output"))),
        ["do not fit its config.json", "missing: encoder.layer.1.attention.output", "Fetch the source again"],
    ),
    Mistake(
        "warm-start from weights of other sizes",
        begin(lambda w: change(w.bert(), reshape(embeddings__word_embeddings__weight=(7, 32)))),
        ["misshapen: embeddings.word_embeddings.weight (7, 32), expected (115, 32)", "Fetch the source again"],
    ),
    Mistake(
        "warm-start from a source without a tokenizer",
        begin(lambda w: remove(w.bert(), "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")),
        ["holds no vocabulary", "expected one of vocab.txt", "Copy the tokenizer's files there"],
    ),
    Mistake(
        "warm-start from a source whose vocabulary is larger than its table",
        begin(lambda w: change(w.bert(vocab_size=50), reshape(embeddings__word_embeddings__weight=(50, 32)))),
        ["pieces up to number 114", "vocab_size is 50", "Take the tokenizer that belongs"],
    ),
    Mistake(
        "warm-start with segments longer than the source's positions",
        begin(lambda w: w.bert(), segment_length=128),
        ["segment_length is 128", "positions for 24 pieces", "Choose at most 24"],
    ),
    Mistake(
        "warm-start with a segment_length of 0",
        begin(lambda w: w.bert(), segment_length=0),
        ["segment_length is 0", "expected a whole number of at least 2"],
    ),
    Mistake(
        "warm-start with more segments than positions to copy",
        begin(lambda w: w.bert(), max_segments=128),
        ["max_segments is 128", "positions for 24 pieces to copy", "'repeat' or 'interpolate'"],
    ),
]
COMMANDS = [
    Mistake(
        "an output folder that is there",
        command(lambda w: w.bert(), lambda w: w.hat()),
        ["Cannot write to", "A folder is there already", "Choose another, or replace it with --force"],
        FailedError,
    ),
    Mistake(
        "an output folder that is there and no checkpoint, with --force",
        command(lambda w: w.bert(), lambda w: write(w.new(), "thesis.txt", "mine"), "--force"),
        [
            "Cannot write to",
            "not a HAT checkpoint (no config.json of a HAT)",
            "Choose another place",
        ],
        FailedError,
    ),
    Mistake(
        "the source as output folder, with --force",
        command(lambda w: w.sound_bert, lambda w: w.sound_bert, "--force"),
        ["Cannot write to", "It is the source itself, which would be lost", "Choose another place"],
        FailedError,
    ),
    Mistake(
        "a file as output folder, with --force",
        command(lambda w: w.bert(), lambda w: w.hat() / "config.json", "--force"),
        ["Cannot write to", "A file is there, expected a folder or nothing", "Choose another place"],
        FailedError,
    ),
    Mistake(
        "an output folder inside a file",
        command(lambda w: w.bert(), lambda w: w.hat() / "config.json" / "hat"),
        ["Cannot write to", "config.json"],
        FailedError,
    ),
    Mistake(
        "sizes for a HAT that takes them from its source",
        command(lambda w: w.bert(), lambda w: w.root / "absent", "--heads", "4"),
        ["The source has sizes of its own", "Got: --heads", "Leave it out", "hat from-scratch"],
        FailedError,
    ),
    Mistake(
        "a revision of no source",
        command(lambda w: w.new(), lambda w: w.root / "absent", "--from-scratch", "--revision", "main"),
        ["no source to take from", "Got: --revision", "Leave it out"],
        FailedError,
    ),
    Mistake(
        "from scratch, on no corpus",
        command(lambda w: w.root / "corpus", lambda w: w.root / "absent", name="from-scratch"),
        ["There is nothing at", "Expected: documents as .txt, .jsonl"],
        FailedError,
    ),
    Mistake(
        "from scratch, on a folder without texts",
        command(lambda w: w.bert(), lambda w: w.root / "absent", name="from-scratch"),
        ["config.json is an object", "Expected: a list of objects"],
        FailedError,
    ),
    Mistake(
        "from scratch, on a .jsonl without texts",
        command(
            lambda w: write(w.new(), "a.jsonl", '{"txt": "the court"}'),
            lambda w: w.root / "absent",
            name="from-scratch",
        ),
        ["line 1 has no text under 'text'", "Got: txt", "Expected: a string"],
        FailedError,
    ),
    Mistake(
        "from scratch, on an empty file",
        command(lambda w: write(w.new(), "a.txt", ""), lambda w: w.root / "absent", name="from-scratch"),
        ["holds no text to learn pieces from", "Give files with texts"],
        FailedError,
    ),
    Mistake(
        "from scratch, with a vocabulary smaller than an alphabet",
        command(
            lambda w: write(w.new(), "a.txt", "the court"),
            lambda w: w.root / "absent",
            *("--vocab-size", "100"),
            name="from-scratch",
        ),
        ["vocab_size is 100", "expected at least 261", "Choose some thousands"],
        FailedError,
    ),
    Mistake(
        "from scratch, with heads that do not divide the width",
        command(
            lambda w: write(w.new(), "a.txt", "the court"),
            lambda w: w.root / "absent",
            *("--hidden-size", "100", "--heads", "3"),
            name="from-scratch",
        ),
        ["hidden_size is 100", "3 attention heads do not divide", "--heads"],
        FailedError,
    ),
    Mistake(
        "the command, from weights that carry code",
        command(lambda w: as_bin(w.bert(), {"weight": Payload()}), lambda w: w.root / "absent"),
        ["Cannot start a HAT from", "is refused, and nothing"],
        FailedError,
    ),
]


def absent(w):
    return w.root / "absent"


def head(task="textcat", **settings):
    return lambda w: save_head(w.new("hat"), task, **settings)


def imports(checkpoint, *options):
    return command(checkpoint, absent, *options, name="import")


def exports(pipeline, *options):
    return command(pipeline, absent, *options, name="export")


EXCHANGES = [
    Mistake(
        "import of a folder that is not there",
        imports(lambda w: w.root / "absent-hat"),
        ["Cannot import", "is not a folder here", "Check the path"],
        FailedError,
    ),
    Mistake(
        "import of a BERT",
        imports(lambda w: w.bert()),
        ["of type 'bert', expected a HAT", "with a head", "Give the folder of a fine-tuned HAT"],
        FailedError,
    ),
    Mistake(
        "import of a HAT without a head",
        imports(lambda w: w.hat()),
        ["the architectures HATModel, expected HATForSequenceClassification", "needs no import: --paths.hat"],
        FailedError,
    ),
    Mistake(
        "import of a head that does not say its problem",
        imports(head(problem_type=None)),
        ["has no problem_type", "single_label_classification", "Say which: --task textcat or textcat_multilabel"],
        FailedError,
    ),
    Mistake(
        "import of a document head as a span categorizer",
        imports(head(), "--task", "spancat"),
        ["task is 'spancat', but this head labels documents", "expected textcat", "Choose one"],
        FailedError,
    ),
    Mistake(
        "import of a regression",
        imports(head(problem_type="regression")),
        ["problem_type is 'regression'", "expected single_label_classification", "no component for others"],
        FailedError,
    ),
    Mistake(
        "import of a head that pools the last segment",
        imports(head(pooling="last")),
        ["pools by 'last'", "expected one of max, mean", "Use the checkpoint through HATForSequenceClassification"],
        FailedError,
    ),
    Mistake(
        "import of a head that pools padding",
        imports(head(pool_padding=True)),
        ["pool_padding is true", "cannot be the same", "Take pool_padding out of config.json"],
        FailedError,
    ),
    Mistake(
        "import with another pooling than the weights are of",
        imports(head(), "--pooling", "attentive"),
        ["pools by 'attentive'", "lack those of attentive pooling", "Give the pooling"],
        FailedError,
    ),
    Mistake(
        "import of a sentence head with sentences that share a segment",
        imports(head("spancat"), "--packing", "greedy"),
        ["packing is 'greedy'", "expected 'sentences'", "Leave it out"],
        FailedError,
    ),
    Mistake(
        "import of a head without its classifier",
        imports(lambda w: change(head()(w), drop("classifier"))),
        ["does not fit its config.json", "missing: classifier.weight", "Fetch the checkpoint again"],
        FailedError,
    ),
    Mistake(
        "import into a language that does not exist",
        imports(head(), "--lang", "zz"),
        ["Cannot import", "zz"],
        FailedError,
    ),
    Mistake(
        "import over a folder that is not a pipeline, with --force",
        command(head(), lambda w: write(w.new(), "thesis.txt", "mine"), "--force", name="import"),
        ["not a pipeline (no config.cfg of a pipeline", "and would be lost", "Choose another place"],
        FailedError,
    ),
    Mistake(
        "export of a pipeline that is not there",
        exports(lambda w: w.root / "absent-pipeline"),
        ["Cannot export", "absent-pipeline"],
        FailedError,
    ),
    Mistake(
        "export of a component that does not exist",
        exports(lambda w: w.pipeline(), "--component", "ner"),
        ["no text or span categorizer 'ner'", "Got: sentencizer, transformer, textcat", "Expected: textcat"],
        FailedError,
    ),
]
