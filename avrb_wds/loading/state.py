"""Where a pass stands, in a form that goes through JSON, for any number of ranks to go on from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..apply import Corrupter
from ..condition import Condition
from ..errors import UsageError
from .division import Plan, Span, divide, join
from .pipeline import Road

__all__ = ["State", "resumed", "state_of"]

State = dict[str, Any]
"""What is loaded, the rank it is of, and `left`: spans (start, stop, first condition) to go."""


def state_of(road: Road, plan: Plan, batches: int, topology: tuple[int, int]) -> State:
    """The state of one rank after `batches` batches of `plan`."""
    left = [[span.start, span.stop, span.first] for span in plan.after(batches)]
    return {**_identity(road), "rank": topology[0], "world_size": topology[1], "left": left}


def resumed(
    states: Mapping[str, Any] | Sequence[Mapping[str, Any]], road: Road, topology: tuple[int, int]
) -> tuple[Span, ...]:
    """What this rank has to do after `states`: its own, or those of all ranks of a world.

    Raises UsageError where something else was loaded, and where the states of some ranks lack.
    """
    given = [states] if isinstance(states, Mapping) else list(states)
    for state in given:
        for name, mine in _identity(road).items():
            if state.get(name) != mine:
                raise UsageError(
                    f"the state is of a loader with {name} {state.get(name)!r}; "
                    f"this one has {mine!r}."
                )
    of = sorted((state["world_size"], state["rank"]) for state in given)
    left = join(sorted(Span(*span) for state in given for span in state["left"]))
    if of == [(topology[1], topology[0])]:
        return tuple(left)
    if not of or of != [(of[0][0], rank) for rank in range(of[0][0])]:
        found = ", ".join(f"{rank} of {size}" for size, rank in of) or "none"
        raise UsageError(
            f"the states are of rank {found}; give that of this rank, {topology[0]} of "
            f"{topology[1]}, or those of all ranks that were."
        )
    return divide(left, *topology)


def _identity(road: Road) -> dict[str, Any]:
    """What has to be the same for a state to mean anything."""
    recipe, manifest = road.recipe, road.shards.manifest
    order = "sequential"
    if not isinstance(road.order, range):
        positions = road.order.astype("<i8").tobytes()
        order = f"sha256:{hashlib.sha256(positions).hexdigest()}"
    pairs = zip(recipe.conditions, recipe.corrupters, strict=True)
    return {
        "clips": len(road.shards),
        "manifest": manifest.digest if manifest else None,
        "order": order,
        "conditions": [_spelled(*pair) for pair in pairs],
    }


def _spelled(condition: Condition, corrupter: Corrupter | None) -> str:
    if corrupter is None:
        return str(condition)
    c, bank = corrupter, corrupter.bank.digest if corrupter.bank else "built-in bank"
    levels = f"{condition} (visual {c.visual}, audio {c.audio})"
    return f"{levels}, seed {c.seed}, {c.profile}, {c.temporal}, {bank}"
