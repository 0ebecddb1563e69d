"""The words of ``brimful clock``; what they do is in ``clock``, imported when one is called."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from brimful.cli.running import run

if TYPE_CHECKING:
    from brimful.cli.clock import Shown

clock = typer.Typer(
    invoke_without_command=True,
    no_args_is_help=False,
    help="Show business time, or advance it: the test clock (BRIMFUL_TEST_CLOCK=true, never in "
    "production) stands still until it is advanced.",
    epilog="Example: brimful clock --json",
)

JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@clock.callback()
def show(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show business time and real time."""
    if context.invoked_subcommand is None:
        from brimful.cli import clock as command
        from brimful.settings import read_settings

        _tell(run(command.show(read_settings())), as_json)


@clock.command(epilog="Example: brimful clock start --at 2027-01-31T00:00Z")
def start(
    at: Annotated[
        str | None,
        typer.Option(
            help="Where it stands; now, if not given. In the past only before brimful open."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start the test clock, once: business time stands still from now on."""
    from brimful.cli import clock as command
    from brimful.settings import read_settings

    _tell(run(command.start(read_settings(), at)), as_json)


@clock.command(
    epilog="Examples: brimful clock advance 30d · brimful clock advance --to 2027-01-31T00:00Z"
)
def advance(
    span: Annotated[
        str | None,
        typer.Argument(help="Such as 30d, 12h or 1d12h30m. Without it: go on with an advance."),
    ] = None,
    to: Annotated[str | None, typer.Option(help="An instant, in UTC unless it says so.")] = None,
    testbank: Annotated[
        bool, typer.Option("--testbank", help="Run the test gateway inside, as serve does.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Advance business time, doing all that is due on the way; Ctrl-C halts it where it is."""
    from brimful.cli import clock as command
    from brimful.settings import read_settings

    _tell(run(command.advance(read_settings(), span=span, to=to, with_testbank=testbank)), as_json)


@clock.command(epilog="Example: brimful clock halt")
def halt(as_json: JsonOption = False) -> None:
    """Halt an advance, whoever began it: business time stays where it has come to."""
    from brimful.cli import clock as command
    from brimful.settings import read_settings

    _tell(run(command.halt(read_settings())), as_json)


def _tell(shown: "Shown", as_json: bool) -> None:
    if as_json:
        print(json.dumps(shown.plain()))
        return
    for line in shown.lines():
        print(line)
