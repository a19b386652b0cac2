"""The systems that are evaluated: a model, and the way its output is read.

A system is a row of every table. An experiment with two readings is two of them, and so is an
un-tuned base. Nothing lists them: they follow from the registry of experiments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from speakor_common.decoding.output_readings import TITLES, Reading
from speakor_common.training.experiments import EXPERIMENTS, UNTUNED
from speakor_common.training.profiles import PROFILES

# The experiment whose plainest reading results begin with: comparable with the seed's 0.1866.
LEAD = "exp05"


@dataclass(frozen=True)
class System:
    """A model and a reading of it.

    Attributes:
        name: in predictions and metrics.json; the model's, if this reading is its own.
        model: name of an experiment, or of an un-tuned base.
    """

    name: str
    model: str
    reading: Reading


def readings_of(model: str) -> tuple[Reading, ...]:
    """In which ways an experiment's or an un-tuned base's output is read, its own way last."""
    entry = EXPERIMENTS[model] if model in EXPERIMENTS else UNTUNED[model]
    return entry.readings


def systems_of(model: str) -> list[System]:
    """An experiment's or an un-tuned base's systems, the plainest first."""
    *others, own = readings_of(model)
    plainer = [System(f"{model} {reading}", model, reading) for reading in others]
    return [*plainer, System(model, model, own)]


def plainest(model: str) -> System:
    """An experiment's or an un-tuned base's output with as little as possible beside it."""
    return systems_of(model)[0]


def all_systems() -> dict[str, System]:
    """Every system by name, in the order of tables.

    What shares the weights of :data:`LEAD` comes first, the plainest reading of it at the top;
    then other experiments, kind by kind; the un-tuned bases last.
    """
    models = (*EXPERIMENTS, *UNTUNED)
    known = [system for model in models for system in systems_of(model)]
    return {system.name: system for system in sorted(known, key=_position)}


def _position(system: System) -> tuple:
    """What a system is sorted by; the registry's order decides between equal ones."""
    if system.model in UNTUNED:
        return (True,)
    kinds = list(UNTUNED.values())
    training = EXPERIMENTS[system.model].training
    return (
        False,
        kinds.index(type(training)),
        training != EXPERIMENTS[LEAD].training,
        list(Reading).index(system.reading),
        system.model != LEAD,
    )


def in_order(names: Iterable[str]) -> list[str]:
    """Names of systems in the order of tables; those that nobody knows at the end."""
    given = list(names)
    known = [name for name in all_systems() if name in given]
    return known + [name for name in given if name not in known]


def with_absent(names: Iterable[str]) -> list[str]:
    """:func:`in_order`, with what is missing: further readings of models that are among them."""
    given = list(names)
    systems = all_systems()
    models = {systems[name].model for name in given if name in systems}
    return in_order({*given, *(name for name in systems if systems[name].model in models)})


def compared_pairs(measured: Iterable[str] | None = None) -> tuple[tuple[str, str], ...]:
    """Systems whose difference is tested, the one that should be better first.

    Two models are compared in the plainest reading that both were measured in; where they have
    none in common, each in its own.

    Args:
        measured: names of systems; all by default.
    """
    known = set(all_systems() if measured is None else measured)
    pairs = [
        _plainest_pair(model, other, known)
        for model, experiment in EXPERIMENTS.items()
        for other in experiment.compared_with
    ]
    return tuple(pair for pair in pairs if known.issuperset(pair))


def _plainest_pair(model: str, other: str, measured: set[str]) -> tuple[str, str]:
    """Names of the systems of two models that are compared."""
    others = {each.reading: each.name for each in systems_of(other) if each.name in measured}
    for system in systems_of(model):
        if system.name in measured and system.reading in others:
            return system.name, others[system.reading]
    return model, other


def is_primary(first: str, second: str) -> bool:
    """Whether two systems are the one comparison that was declared before results were seen.

    Both are then read plainly; on the learners' clean test split their difference is the test.
    """
    systems = all_systems()
    if first not in systems or second not in systems:
        return False
    pair = (systems[first], systems[second])
    declared = getattr(EXPERIMENTS.get(pair[0].model), "primary_against", None)
    plain = all(system == plainest(system.model) for system in pair)
    return plain and declared == pair[1].model


def system_title(name: str, profile_name: str) -> str:
    """What a table calls a system: its model's title, or a base's checkpoint, and its reading."""
    system = all_systems().get(name)
    if system is None:
        return name
    if system.model in EXPERIMENTS:
        title = EXPERIMENTS[system.model].title
    elif profile_name in PROFILES:
        base = PROFILES[profile_name].base[UNTUNED[system.model]]
        # A folder of somebody's own is called by its last name: where it lies is nobody's business.
        named = Path(base).name if Path(base).is_absolute() else base
        title = f"`{named}`, not tuned"
    else:
        title = system.model
    return f"{title}, {TITLES[system.reading]}"
