"""`script/bench`: everything side by side in one run, as one document of tables."""

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import click

from benchmarks.choices import FULL, QUICK
from benchmarks.document import document, inserted
from benchmarks.machine import commit
from benchmarks.rate import rate
from benchmarks.results import Results, compared, read, written
from benchmarks.run import PARTS, measure
from benchmarks.scale import scale
from benchmarks.table import MARKDOWN, TEXT, changes
from benchmarks.uploads import uploads

_RESULTS = Path(__file__).with_name("results")
_QUICK_UPLOADS = {"size": 256, "images": 200, "runs": 1}

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SHOWN = (
    click.option("--compare", type=_FILE, help="Also compare with an earlier result."),
    click.option("--markdown", is_flag=True, help="Print Markdown, as docs/performance.md has it."),
)
_MEASURED = (
    click.option("--quick", is_flag=True, help="Small sizes, few runs: some minutes."),
    click.option("--models", type=int, multiple=True, help="Sizes of the catalogs."),
    click.option("--latency", type=float, multiple=True, help="Milliseconds for each request."),
    click.option("--runs", type=click.IntRange(1), help="How often each case is run."),
    click.option(
        "--pictures",
        type=click.IntRange(0),
        help="Of each model; with 0 its manifest is all there is of it, without a folder.",
    ),
    click.option(
        "--into",
        type=click.Path(path_type=Path, file_okay=False),
        default=_RESULTS,
        help="Folder of the results.",
    ),
    click.option("--no-peers", is_flag=True, help="Leave out what others do."),
    *_SHOWN,
)


def _with(options: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group(invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """Time whole processes side by side; without a command all parts of it, which takes long."""
    if context.invoked_subcommand is None:
        context.invoke(everything)


@bench.command("all")
@_with(_MEASURED)
@click.pass_context
def everything(context: click.Context, /, quick: bool = False, **options: Any) -> None:
    """All parts, and the uploads."""

    def send(results: Results) -> Results:
        printed = StringIO()
        with redirect_stdout(printed):
            sent = context.invoke(uploads, **(_QUICK_UPLOADS if quick else {}))
        return replace(results, sent=sent, uploads=printed.getvalue().strip())

    _measured(PARTS, quick=quick, send=send, **options)


def _part(name: str) -> click.Command:
    @click.command(name, help=f"The part {name} alone.")
    @_with(_MEASURED)
    def command(**options: Any) -> None:
        _measured((name,), **options)

    return command


@bench.command()
@click.argument("file", type=_FILE)
@click.option("--write", type=_FILE, help="Put it into a document, below the line for it.")
@click.option(
    "--beside",
    type=_FILE,
    multiple=True,
    help="Tell beside each budget what another result says of it; the last one that does counts.",
)
@_with(_SHOWN)
def show(
    file: Path, write: Path | None, beside: tuple[Path, ...], compare: Path | None, markdown: bool
) -> None:
    """Print what an earlier run has kept, or write it into a document."""
    results, others = read(file), [*map(read, beside)]
    if write:
        text = inserted(write.read_text(encoding="utf-8"), document(results, MARKDOWN, others))
        write.write_text(text, encoding="utf-8")
    else:
        _print(results, compare, markdown=markdown, beside=others)


def _measured(
    parts: Sequence[str],
    *,
    quick: bool = False,
    models: tuple[int, ...] = (),
    latency: tuple[float, ...] = (),
    runs: int | None = None,
    pictures: int | None = None,
    no_peers: bool = False,
    into: Path = _RESULTS,
    compare: Path | None = None,
    markdown: bool = False,
    send: Callable[[Results], Results] | None = None,
) -> None:
    preset = QUICK if quick else FULL
    choices = replace(
        preset,
        sizes=models or preset.sizes,
        latencies=latency or preset.latencies,
        runs=runs or preset.runs,
        peers=not no_peers,
        pictures=pictures,
    )
    results = measure(parts, choices)
    name = "all" if len(parts) > 1 else parts[0]
    into.mkdir(parents=True, exist_ok=True)
    kept = into / f"{datetime.now(UTC):%Y%m%d-%H%M}-{commit()}-{name}.json"
    kept.write_text(written(results), encoding="utf-8")
    if send:
        results = send(results)
        kept.write_text(written(results), encoding="utf-8")
    _print(results, compare, markdown=markdown)
    click.echo(f"kept in {kept}", err=True)


def _print(
    results: Results, compare: Path | None, *, markdown: bool, beside: Sequence[Results] = ()
) -> None:
    style = MARKDOWN if markdown else TEXT
    click.echo(document(results, style, beside))
    if compare:
        found = changes(compared(results, read(compare)), style)
        click.echo(f"\nCompared with {compare.name}\n\n{found}")


for each in (*map(_part, PARTS), uploads, rate, scale):
    bench.add_command(each)

if __name__ == "__main__":
    bench()
