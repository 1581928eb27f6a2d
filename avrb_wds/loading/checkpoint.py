"""The state of a loader within an epoch, as JSON, from which any number of ranks can resume."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..condition import Condition
from ..corrupter import Corrupter
from ..errors import UsageError, check_int, describe
from .pipeline import Pipeline
from .sharding import Plan, Span, merge_spans, split_spans

State = dict[str, Any]
"""What is loaded, the rank it is of, the number of the epoch, and `left`: spans (start, stop, first
turn) to go in it."""


@dataclass(frozen=True)
class EpochProgress:
    """Pass `number` of a loader, of which `given` batches of `plan` are out."""

    plan: Plan
    given: int = 0
    number: int = 0


def save_state(pipeline: Pipeline, progress: EpochProgress, topology: tuple[int, int]) -> State:
    """The state of one rank."""
    left = [[span.start, span.stop, span.first] for span in progress.plan.after(progress.given)]
    rank, world_size = topology
    about = {"rank": rank, "world_size": world_size, "epoch": progress.number, "left": left}
    return {**_identity(pipeline), **about}


def restore_state(
    states: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    pipeline: Pipeline,
    topology: tuple[int, int],
) -> tuple[tuple[Span, ...], int]:
    """What this rank has to do after `states`, and in which epoch.

    states: this rank's own, or those of all ranks of a world.  Raises UsageError where something
    else was loaded, and where the states of some ranks lack or are of another time.
    """
    given = [states] if isinstance(states, (Mapping, str)) else list(states)
    for state in given:
        _check_form(state, pipeline)
        for name, mine in _identity(pipeline).items():
            if state.get(name) != mine:
                raise UsageError(
                    f"the state is of a loader with {name} {state.get(name)!r}, not {mine!r}; "
                    f"give that of a loader like this one."
                )
    of = sorted((state["world_size"], state["rank"]) for state in given)
    if of == [(topology[1], topology[0])]:
        return _left(given[0]), given[0]["epoch"]
    if not of or len(of) != of[0][0] or of != [(len(of), rank) for rank in range(len(of))]:
        found = ", ".join(f"{rank} of {size}" for size, rank in of) or "none"
        raise UsageError(
            f"the states are of rank {found}; give that of this rank, {topology[0]} of "
            f"{topology[1]}, or those of all ranks that were."
        )
    number = min(state["epoch"] for state in given)
    for state in given:
        _check_time(state, number, len(pipeline.shards))
    behind = [state for state in given if state["epoch"] == number]
    left = merge_spans(sorted(span for state in behind for span in _left(state)))
    return split_spans(left, *topology), number


def _check_form(state: Any, pipeline: Pipeline) -> None:
    """Raise UsageError for what `save_state` never gave."""
    turns = len(pipeline.recipe.conditions)
    try:
        world_size = check_int("world_size", state["world_size"], 1)
        check_int("rank", state["rank"], 0, world_size - 1)
        check_int("epoch", state["epoch"], 0)
        end = 0
        for start, stop, first in state["left"]:
            check_int("start", start, end)
            end = check_int("stop", stop, start + 1)
            check_int("first turn", first, 0, turns - 1)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"the state is none: {describe(error)}; give what `state_dict` of a loader returned."
        ) from error
    if end > len(pipeline.shards):
        raise UsageError(
            f"the state is of {end} clips or more, not {len(pipeline.shards)}; give that "
            f"of a loader like this one."
        )


def _left(state: Mapping[str, Any]) -> tuple[Span, ...]:
    return tuple(Span(*span) for span in state["left"])


def _check_time(state: Mapping[str, Any], number: int, clips: int) -> None:
    """A rank that is through with epoch `number` may not have begun the next one."""
    rank, world_size = state["rank"], state["world_size"]
    whole = split_spans([Span(0, clips)], rank, world_size)
    if state["epoch"] > number and (state["epoch"] > number + 1 or _left(state) != whole):
        raise UsageError(
            f"the state of rank {rank} is of epoch {state['epoch']}, under way, where another is "
            f"of epoch {number}; give states that were taken at one time."
        )


def _identity(pipeline: Pipeline) -> dict[str, Any]:
    """What has to be the same for a state to mean anything."""
    recipe, manifest = pipeline.recipe, pipeline.shards.manifest
    order = "sequential"
    if not isinstance(pipeline.order, range):
        positions = pipeline.order.astype("<i8").tobytes()
        order = f"sha256:{hashlib.sha256(positions).hexdigest()}"
    pairs = zip(recipe.conditions, recipe.corrupters, strict=True)
    return {
        "clips": len(pipeline.shards),
        "manifest": manifest.digest if manifest else None,
        "order": order,
        "mix_conditions": recipe.mix_conditions,
        "conditions": [_spelled(*pair) for pair in pairs],
    }


def _spelled(condition: Condition, corrupter: Corrupter | None) -> str:
    if corrupter is None:
        return str(condition)
    c, bank = corrupter, corrupter.bank.digest if corrupter.bank else "built-in bank"
    levels = f"{condition} (visual {c.visual}, audio {c.audio})"
    return f"{levels}, seed {c.seed}, {c.profile}, {c.temporal}, {bank}"
