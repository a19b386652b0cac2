"""What the commands of ``speakor`` share: options, names that can be chosen, and how they print.

Names come from their registries, which are light: nothing heavy is imported here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from speakor_common.errors import SpeakorError
from speakor_common.shipped.presets import SHIPPED_MODELS
from speakor_common.training.experiments import EXPERIMENTS
from speakor_common.training.profiles import PROFILES

SEVERAL = ("--set", "--seeds", "--only")  # options that take several values


def one_of(kind: str, known: Collection[str]) -> Callable[[str], str]:
    """A check that lets known names through and refuses others with a list of the known ones."""

    def check(name: str) -> str:
        if name not in known:
            raise typer.BadParameter(f"unknown {kind} {name!r}; known are {', '.join(known)}")
        return name

    return check


_TRAINABLE = (*EXPERIMENTS, *SHIPPED_MODELS)
ProfileName = Annotated[
    str,
    typer.Option("--profile", callback=one_of("profile", PROFILES), help=", ".join(PROFILES)),
]
ExperimentName = Annotated[
    str, typer.Argument(callback=one_of("experiment", _TRAINABLE), help=", ".join(_TRAINABLE))
]
Seed = Annotated[int, typer.Option(help="of training; splits have their own")]
DataRoot = Annotated[
    str, typer.Option(help="corpus root as delivered; without it the shipped sample")
]
Prompts = Annotated[
    str, typer.Option(help="apart: every prompt in one split; without it as the profile says")
]


@contextmanager
def wrong_usage() -> Iterator[None]:
    """What is refused within is wrong usage: exit code 2, and nothing was done."""
    try:
        yield
    except SpeakorError as error:
        raise typer.BadParameter(str(error)) from error


def say(text: object) -> None:
    """Print to standard output, at once."""
    try:
        print(text, flush=True)
    except OSError as error:
        # Nothing more goes there, not even what the interpreter still holds when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # as in: speakor transcribe … | head
            raise typer.Exit from None
        raise


def complain(text: object) -> None:
    """Print to standard error, with the program's name before it."""
    print(f"speakor: {text}", file=sys.stderr)


def one_value_each(arguments: Sequence[str]) -> list[str]:
    """Arguments as the parser knows them, an option before every value.

    >>> one_value_each(["study", "presets", "--seeds", "1", "2", "--profile", "smoke"])
    ['study', 'presets', '--seeds', '1', '--seeds', '2', '--profile', 'smoke']
    """
    separate: list[str] = []
    option = ""
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in SEVERAL else ""
        elif option and separate[-1] != option:
            separate.append(option)
        separate.append(argument)
    return separate
