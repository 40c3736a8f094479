"""What docs/performance.md says of the best engines on a CPU, and of the limit that oneDNN's products set."""

from collections.abc import Iterator
from statistics import median
from typing import Any

from scripts.compare.report import markdown_table

Result = dict[str, Any]
OURS = "HAT"
# What was asked for, of the best of the same precision, at base size: full segments, sentences, real documents.
MARKS = {
    ("full segments", "float32"): 1.0,
    ("full segments", "bfloat16"): 1.05,
    ("full segments", "int8"): 1.05,
    ("ordinary sentences", "float32"): 1.5,
    ("ordinary sentences", "bfloat16"): 1.5,
    ("ordinary sentences", "int8"): 1.4,
}
MARK_OF_DOCUMENTS = 1.2
# Of ours in int8, against ours in bfloat16.
MARKS_OF_INT8 = {"full segments": 1.5}
MARK_OF_INT8 = 1.4
MARK_OF_PIPELINES = 1.3
NOT_KEPT = """\
Tried and not kept, as it brought less than it cost, or nothing: residuals added by the product in bfloat16, with
bfloat16 between all kernels (a hundredth or three faster, more than twice the deviation); products of a few hundred
rows, so that what stands between them stays in the cache (slower); fewer buckets with more padding, and plain
products in bfloat16 for short segments (no difference); GELU's numbers in 8 bits around another zero (a twentieth
less deviation); what stands between two products in 8 bits as one kernel of torch.compile (as fast for sums and
norms, a sixth slower with GELU), or in portions of rows that stay in the cache (a tenth of that part); OpenVINO for
each bucket of segments, instead of these blocks (a tenth faster on full segments in bfloat16, a tenth slower on
sentences)."""


def engines_section(result: Result) -> list[str]:
    return [
        "## Against the best engines on a CPU",
        "The same BERT of random weights (a HAT of segment-wise blocks alone, so all compute the same, and "
        "outputs are compared), the same segments and threads; ours in float32 with `lay_out_weights = true`, as "
        "others keep such a copy too. The others get segments sorted by length in batches of 8 and of 32, "
        "whichever is faster; PyTorch has its weights in the precision; ONNX Runtime is fused and quantised by "
        "its own tools. How many times as fast as the best of the same precision, which is named, as the best of "
        "any, and, in int8, as ours in bfloat16. Sentences are those of the section below; licences and "
        "docstrings are [the samples](commands.md#sample), about 4,096 pieces each. CTranslate2 has a process of its "
        "own: after it, torch is a third slower for good in the same one. Each work in each precision "
        "took turns, so the last two columns are over several. Left out: "
        + ("; ".join(result["left_out"]) or "nothing")
        + ".",
        markdown_table(
            ["pieces", "the best of its precision", "asked for", "which", "the best of any", "ours in bfloat16"],
            list(_engine_rows(result)),
        ),
    ]


def _engine_rows(result: Result) -> Iterator[list[str]]:
    """A row for each work and precision of ours: its ratio to the best of the same, to the best of all, to our own."""
    groups: dict[tuple, dict[tuple, float]] = {}
    for run in result["runs"]:
        group = groups.setdefault((run["size"], run["threads"], run["work"], run["n_pieces"]), {})
        group[run["precision"], run["by"]] = median(run["seconds"])
    for (size, threads, work, n_pieces), seconds in groups.items():
        theirs = {key: each for key, each in seconds.items() if key[1] != OURS}
        for (precision, _), own in ((key, each) for key, each in seconds.items() if key[1] == OURS):
            peers = {by: each for (of, by), each in theirs.items() if of == precision}
            best = min(peers, key=lambda by: peers[by])
            mark = MARKS.get((work, precision), MARK_OF_DOCUMENTS) if size == "base" else None
            bfloat16 = seconds.get(("bfloat16", OURS))
            against_own = ""
            if precision == "int8" and bfloat16 is not None:
                against_own = _marked(bfloat16 / own, MARKS_OF_INT8.get(work, MARK_OF_INT8) if size == "base" else None)
            yield [
                f"{size}, {threads} threads: {work}, {precision}",
                f"{n_pieces:,}",
                _marked(peers[best] / own, mark),
                "" if mark is None else f"{mark:g}",
                best,
                f"{min(theirs.values()) / own:.2f}",
                against_own,
            ]


def _marked(ratio: float, mark: float | None) -> str:
    return f"{ratio:.2f}" if mark is None or ratio < mark else f"**{ratio:.2f}**"


def engine_pipelines_section(result: Result) -> list[str]:
    seconds = {(run["by"], run["precision"]): median(run["seconds"]) for run in result["runs"]}
    own = {key: each for key, each in seconds.items() if key[0] == OURS}
    theirs = {key: each for key, each in seconds.items() if key[0] != OURS}
    best = min(own.values())
    rows = [
        [f"{by}, {precision}", f"{result['n_pieces'] / each:,.0f}", f"{each / best:.2f}"]
        for (by, precision), each in sorted(seconds.items(), key=lambda item: item[1])
    ]
    ratio = min(theirs.values()) / best if theirs else 1.0
    return [
        "## From texts to `doc.cats`, against the same engines",
        f"{result['n_docs']} licence texts ([the sample](commands.md#sample)), {result['n_pieces']:,} pieces, at "
        "MiniLM size: `nlp.pipe` of a text classifier of segments to `doc.cats`, against each engine with the "
        "encoder's own tokenizer, texts cut into segments that are full, these sorted by length in batches of 8 "
        "or 32, and the classifier's own head on their first vectors. Ours packs whole sentences, and makes Docs. "
        "CTranslate2 has a process of its own. "
        f"Seconds, divided by those of ours that is fastest; the best of ours is **{ratio:.2f}** times as fast as "
        "the best of theirs (asked "
        f"for: {MARK_OF_PIPELINES:g}). Left out: " + ("; ".join(result["left_out"]) or "nothing") + ".",
        markdown_table(["pieces a second", "times as long as the fastest of ours"], rows),
    ]


def engine_profile_section(result: Result) -> list[str]:
    profiles = result["profiles"]
    names = list(profiles[0]["shares"])
    rows = [
        [
            f"{found['work']}, {found['precision']}",
            *(f"{found['shares'][name]:.1%}" for name in names),
            f"{found['rate']:,.0f}",
            f"{found['rate_alone']:,.0f}",
            f"{found['limit']:.2f}",
        ]
        for found in profiles
    ]
    return [
        "## What the encoder's time goes to, and the limit",
        f"Base size, {result['n_layers']} blocks. Shares of the time: products of dense layers, attention, layer "
        "norms, residuals and sums, the way into 8 bits and back (with GELU, where it is not the product's own), "
        "copies and index work, and what is outside of all kernels: Python and dispatch. Then 10^9 operations a "
        "second of the dense products in the encoder, and of the same products of oneDNN alone, one after another "
        "with nothing between; and how many times as fast the encoder would be if it did these products alone and "
        "all the rest took no time, which "
        "nothing that multiplies by oneDNN can pass.",
        markdown_table([*names, "rate", "rate alone", "limit"], rows),
        NOT_KEPT,
    ]


def allocator_section(result: Result) -> list[str]:
    runs = {(run["work"], run["precision"], run["by"]): run for run in result["runs"]}
    rows = []
    for work, precision in dict.fromkeys((run["work"], run["precision"]) for run in result["runs"]):
        plain, kept = (runs[work, precision, by] for by in ("as it comes", "memory kept"))
        ratio = median(plain["seconds"]) / median(kept["seconds"])
        others = [f"{median(run[name]):,.0f}" for name in ("page_faults", "peak_mb") for run in (plain, kept)]
        rows.append([f"{work}, {precision}", f"{ratio:.2f}", *others])
    settings = " ".join(f"{name}={value}" for name, value in result["settings"].items())
    return [
        "## Memory that glibc gives back too early",
        "Between two layers of the encoder, glibc may give the end of its heap back to the system, and ask for it "
        "again at once. These two settings of the environment keep it from that; the encoder goes on giving back "
        "[what it does not need](reliability.md), now and then:",
        f"```text\n{settings} python app.py\n```",
        "`nlp.pipe` of licence texts to `doc.cats`: how many times as fast with them, pages that the system had to "
        "find for one run, and the most memory (MB) of the process. Two processes of one kind may differ by a tenth or "
        "two, so ratios near 1 say nothing.",
        markdown_table(["times as fast", "pages", "pages, kept", "MB", "MB, kept"], rows),
    ]
