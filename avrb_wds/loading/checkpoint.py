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
"""What is loaded, the rank, the number of the epoch, and "left": the spans (start, stop, first
repeat) that remain of it."""


@dataclass(frozen=True)
class EpochProgress:
    """Epoch `number` of a loader, of which `given` batches of `plan` have been returned."""

    plan: Plan
    given: int = 0
    number: int = 0


def save_state(pipeline: Pipeline, progress: EpochProgress, topology: tuple[int, int]) -> State:
    """Return the state of one rank."""
    remaining = [
        [span.start, span.stop, span.first] for span in progress.plan.after(progress.given)
    ]
    rank, world_size = topology
    about = {"rank": rank, "world_size": world_size, "epoch": progress.number, "left": remaining}
    return {**_identity(pipeline), **about}


def restore_state(
    states: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    pipeline: Pipeline,
    topology: tuple[int, int],
) -> tuple[tuple[Span, ...], int]:
    """Return what remains for this rank after `states`, and the number of the epoch.

    Args:
        states: The state of this rank, or those of all ranks of a run.
        pipeline: What is loaded now.
        topology: Rank and world size.

    Raises:
        UsageError: Something else was loaded, or states of some ranks are missing or from another
            time.
    """
    given = [states] if isinstance(states, (Mapping, str)) else list(states)
    for state in given:
        _check_format(state, pipeline)
        for name, own in _identity(pipeline).items():
            if state.get(name) != own:
                raise UsageError(
                    f"the state is of a loader with {name} {state.get(name)!r}, not {own!r}; "
                    f"give the state of a loader with the same arguments."
                )
    of = sorted((state["world_size"], state["rank"]) for state in given)
    if of == [(topology[1], topology[0])]:
        return _spans(given[0]), given[0]["epoch"]
    if not of or len(of) != of[0][0] or of != [(len(of), rank) for rank in range(len(of))]:
        found = ", ".join(f"{rank} of {size}" for size, rank in of) or "none"
        raise UsageError(
            f"the states are of rank {found}; give the state of this rank, {topology[0]} of "
            f"{topology[1]}, or those of all ranks of the earlier run."
        )
    number = min(state["epoch"] for state in given)
    for state in given:
        _check_epoch(state, number, len(pipeline.shards))
    behind = [state for state in given if state["epoch"] == number]
    remaining = merge_spans(sorted(span for state in behind for span in _spans(state)))
    return split_spans(remaining, *topology), number


def _check_format(state: Any, pipeline: Pipeline) -> None:
    """Raise UsageError for a state that `save_state` cannot have returned."""
    repeats = len(pipeline.processing.conditions)
    try:
        world_size = check_int("world_size", state["world_size"], 1)
        check_int("rank", state["rank"], 0, world_size - 1)
        check_int("epoch", state["epoch"], 0)
        end = 0
        for start, stop, first in state["left"]:
            check_int("start", start, end)
            end = check_int("stop", stop, start + 1)
            check_int("first repeat", first, 0, repeats - 1)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"the state is invalid: {describe(error)}; give what `state_dict` of a loader returned."
        ) from error
    if end > len(pipeline.shards):
        raise UsageError(
            f"the state is of {end} clips or more, not {len(pipeline.shards)}; give the state "
            f"of a loader with the same arguments."
        )


def _spans(state: Mapping[str, Any]) -> tuple[Span, ...]:
    return tuple(Span(*span) for span in state["left"])


def _check_epoch(state: Mapping[str, Any], number: int, clips: int) -> None:
    """Raise UsageError if a rank was already within the epoch after `number`."""
    rank, world_size = state["rank"], state["world_size"]
    whole = split_spans([Span(0, clips)], rank, world_size)
    if state["epoch"] > number and (state["epoch"] > number + 1 or _spans(state) != whole):
        raise UsageError(
            f"the state of rank {rank} is within epoch {state['epoch']} and another within epoch "
            f"{number}; give states that were saved at the same time."
        )


def _identity(pipeline: Pipeline) -> dict[str, Any]:
    """Return what must be the same for a state to be valid."""
    processing, manifest = pipeline.processing, pipeline.shards.manifest
    order = "sequential"
    if not isinstance(pipeline.order, range):
        positions = pipeline.order.astype("<i8").tobytes()
        order = f"sha256:{hashlib.sha256(positions).hexdigest()}"
    pairs = zip(processing.conditions, processing.corrupters, strict=True)
    return {
        "clips": len(pipeline.shards),
        "manifest": manifest.digest if manifest else None,
        "order": order,
        "mix_conditions": processing.mix_conditions,
        "conditions": [_describe(*pair) for pair in pairs],
    }


def _describe(condition: Condition, corrupter: Corrupter | None) -> str:
    if corrupter is None:
        return str(condition)
    c, bank = corrupter, corrupter.bank.digest if corrupter.bank else "built-in bank"
    levels = f"{condition} (visual {c.visual}, audio {c.audio})"
    return f"{levels}, seed {c.seed}, {c.profile}, {c.temporal}, {bank}"
