"""Command line: ``python -m bench [CASE ...] [--seconds 5] [--rounds 5]``."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx

from bench import load, memory
from bench.agree import Disagree, must_agree
from bench.cases import CASES, Case, Pair
from bench.load import LoadFailed
from bench.result import RESULTS, Figures, heading, save
from bench.seed import RULE_ALL, SEED, VERSION, renew_written, seed, set_list_rule
from bench.sides import PRODUCTS, Side, running, yadokari

DATA = Path(__file__).with_name(".data")
SEEDED = "seeded.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named cases, print the table, write the result."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.cases) - {case.name for case in CASES}:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    chosen = [case for case in CASES if not options.cases or case.name in options.cases]
    subject = _side(options.subject, "subject", options.data)
    if options.sync is not None:
        subject.product = yadokari(options.sync.upper())
    reference = _side("pocketbase", "reference", options.data)
    pair = Pair(
        subject,
        reference,
        seconds=options.seconds,
        rounds=options.rounds,
        connections=options.connections,
        posts=options.posts,
    )
    for role, side in (("subject", subject), ("reference", reference)):
        _seed_once(side, posts=options.posts, anew=options.fresh in {role, "all"})
    print(heading(subject=subject.label, reference=reference.label))
    figures, failures = _measure(chosen, pair)
    if not options.no_save:
        conditions = {**_conditions(pair), "failed": failures}
        print(f"written: {save(figures, conditions, folder=options.results)}")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="\n".join(f"  {case.name:<12} {case.what}" for case in CASES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all when none is named")
    parser.add_argument("--seconds", type=float, default=5.0, help="of load in a turn (5)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of both sides (5)")
    parser.add_argument("--connections", type=int, default=32, help="open at once (32)")
    parser.add_argument("--posts", type=int, default=100_000, help="rows of `nested` (100000)")
    parser.add_argument("--subject", choices=sorted(PRODUCTS), default="yadokari")
    parser.add_argument(
        "--sync", choices=["full", "normal", "off"], help="SQLite's synchronous of Yadokari (full)"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of both databases, kept")
    parser.add_argument("--fresh", choices=["subject", "reference", "all"], help="seed again first")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON files")
    parser.add_argument("--no-save", action="store_true", help="only print")
    return parser


def _side(name: str, role: str, data: Path) -> Side:
    label = name if role == "reference" or name != "pocketbase" else "itself"
    return Side(PRODUCTS[name](), label, data / role / name)


def _measure(cases: Sequence[Case], pair: Pair) -> tuple[list[Figures], dict[str, str]]:
    """Cases that load running servers first; those that start servers themselves after them.

    Returns the figures, and for each case without figures the reason.
    """
    sides = [pair.subject, pair.reference]
    figures: list[Figures] = []
    failures: dict[str, str] = {}

    def measure(case: Case) -> None:
        try:
            if case.check is not None:
                must_agree(sides, case.check())
            figures.append(case.run(pair, told=_progress))
        except (LoadFailed, Disagree, httpx.HTTPError, TimeoutError, RuntimeError) as problem:
            failures[case.name] = f"{type(problem).__name__}: {problem}"
            print(f"{case.name:<14} no figure: {failures[case.name]}", flush=True)
        else:
            _progress("")
            print(figures[-1].line(), flush=True)

    serving = [case for case in cases if case.serves]
    if serving:
        with running(sides):
            _prepare(sides)
            for case in serving:
                measure(case)
    for case in cases:
        if not case.serves:
            measure(case)
    return figures, failures


def _prepare(sides: Sequence[Side]) -> None:
    for side in sides:
        with side.superuser() as client:
            renew_written(client)
            set_list_rule(client, "posts", RULE_ALL)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<78}\r", end="", file=sys.stderr, flush=True)


def _seed_once(side: Side, *, posts: int, anew: bool) -> None:
    """Make the rows, unless this folder has them from an earlier run."""
    wanted = {"seed": SEED, "version": VERSION, "posts": posts}
    marker = side.folder / SEEDED
    if not anew and marker.exists() and json.loads(marker.read_text()) == wanted:
        return
    _empty(side.folder)
    side.prepare()
    print(f"seeding {side.label} ...", file=sys.stderr)
    with running([side]), side.superuser() as client:
        try:
            seed(client, posts=posts)
        except httpx.HTTPStatusError as error:
            raise SystemExit(f"{side.label}: {error}\n{error.response.text[:500]}") from error
    marker.write_text(json.dumps(wanted))


def _empty(folder: Path) -> None:
    """Remove a folder that an earlier run made."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def _conditions(pair: Pair) -> dict[str, object]:
    """B5: what shapes the figures."""
    named = {"subject": pair.subject, "reference": pair.reference}
    return {
        **{
            role: {
                "name": side.product.name,
                "version": side.product.version(),
                "synchronous": side.product.synchronous,
                "journal_mode": "WAL",
            }
            for role, side in named.items()
        },
        "load": load.generator(),
        "connections": pair.connections,
        "seconds_per_turn": pair.seconds,
        "rounds": pair.rounds,
        "seed": SEED,
        "posts": pair.posts,
        "memory": memory.kind(),
        "schema_and_indexes": "bench/seed.py",
        "request_log": "off on both sides (logs.maxDays = 0)",
    }


if __name__ == "__main__":
    raise SystemExit(main())
