"""Do systems stand in one order on people and on the sample?

What wins on the sample should win on people. Where it does not, the sample flatters some systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speakor_common.training.experiments import BASE, ZERO_SHOT

ORDERED = (BASE, "exp06", ZERO_SHOT, "whisper")  # the systems whose order is compared
ORDERED_BY = ("cer", "wer")

Rates = dict[str, dict[str, Any]]  # by system: n, speakers, rates and their intervals


def compare_orders(real: Rates, native: Rates, learners: Rates) -> dict[str, Any]:
    """Do the systems of :data:`ORDERED` stand in one order on people and on the sample?

    Returns:
        for each of :data:`ORDERED_BY`: the systems, the best first, on ``real``,
        ``sample_native`` and ``sample_learners``, of those that all three have or that two have
        where the third is empty; and ``same_on_sample_native`` and ``same_on_sample_learners``,
        ``None`` where it cannot be said.
    """
    kinds = {"real": real, "sample_native": native, "sample_learners": learners}
    measured = [rates for rates in kinds.values() if rates]
    shared = [name for name in ORDERED if all(name in rates for rates in measured)]
    orders: dict[str, Any] = {"systems": shared}
    for rate in ORDERED_BY:
        order = {kind: _sorted(shared, rates, rate) for kind, rates in kinds.items() if rates}
        orders[rate] = dict(order)
        for kind in ("sample_native", "sample_learners"):
            said = {"real", kind} <= order.keys() and len(shared) > 1
            orders[rate][f"same_on_{kind}"] = order["real"] == order[kind] if said else None
    return orders


def _sorted(names: Sequence[str], rates: Rates, rate: str) -> list[str]:
    return sorted(names, key=lambda name: rates[name][rate])
