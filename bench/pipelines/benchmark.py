"""`make benchmark`: speed and memory beside a peer, both sides in one run; a table, and `.benchmarks/latest.json`.

`python -m bench.pipelines.benchmark NAME…` runs only those. To add one: a file in `benchmarks/`, a line here.
"""

import argparse

from bench.core.registry import look_up
from bench.store.atomic import write_json
from bench.store.paths import checkout

COMPARISONS = {
    "bootstrap-vs-linregress": "bench.pipelines.benchmarks.robustness:bootstrap_vs_linregress",
    "frechet-class-vs-sqrtm": "bench.pipelines.benchmarks.frechet:class_vs_sqrtm",
    "frechet-class-vs-eigvals": "bench.pipelines.benchmarks.frechet:class_vs_eigvals",
    "frechet-full-vs-sqrtm": "bench.pipelines.benchmarks.frechet:full_vs_sqrtm",
    "frechet-full-vs-eigvals": "bench.pipelines.benchmarks.frechet:full_vs_eigvals",
    "frechet-table-vs-bar": "bench.pipelines.benchmarks.frechet:table_vs_bar",
    "generate-vs-loop": "bench.pipelines.benchmarks.generation:generate_vs_loop",
    "publish-1500-vs-bar": "bench.pipelines.benchmarks.publishing:publish_vs_bar",
    "page-1500-opens-vs-bar": "bench.pipelines.benchmarks.publishing:page_opens_vs_bar",
    "page-1500-sorts-vs-bar": "bench.pipelines.benchmarks.publishing:page_sorts_vs_bar",
    "score-vs-timm-validate": "bench.pipelines.benchmarks.prediction:score_vs_timm_validate",
    "score-torch-vs-timm-validate": "bench.pipelines.benchmarks.prediction:score_torch_vs_timm_validate",
    "score-three-in-one-pass": "bench.pipelines.benchmarks.prediction:score_three_in_one_pass",
    "verify-vs-sha256": "bench.pipelines.benchmarks.verification:verify_vs_sha256",
    "make-vs-draw-and-encode": "bench.pipelines.benchmarks.making:make_vs_draw_and_encode",
    "plan-50000-vs-loop": "bench.pipelines.benchmarks.scale:plan_vs_loop",
    "diff-50000-vs-pandas": "bench.pipelines.benchmarks.scale:diff_vs_pandas",
    "memory-50000-vs-5000": "bench.pipelines.benchmarks.scale:memory",
}


def main() -> None:
    """Run the comparisons that are named (all by default), print them, and write them down."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipelines.benchmark", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*COMPARISONS, []], help="which (default: all)")
    rows = []
    for name in parser.parse_args().names or COMPARISONS:
        rows.append(look_up(COMPARISONS, name, kind="comparison")())
        print(rows[-1], flush=True)
    target = checkout() / ".benchmarks" / "latest.json"
    write_json(target, [row.model_dump(mode="json") for row in rows])
    print(f"written to {target}")


if __name__ == "__main__":
    main()
