"""The model under test, its scores, and its device."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..errors import AvrbError, DataError, UsageError, describe, reason
from ..loading import Batch
from ..loading.sharding import local_rank

if TYPE_CHECKING:
    import torch

Model = Callable[[Batch], Any]
"""A callable that takes a batch of `load` and returns scores (b, classes), a tensor or an array:
logits, probabilities, or any other numbers that are higher for likelier classes."""

CONTRACT = "it must take a batch of `load` and return scores"


def find_object(where: str) -> Any:
    """Import an object.

    Args:
        where: "module:name".

    Raises:
        UsageError: It cannot be imported; the message has the cause.
    """
    module, _, name = where.partition(":")
    if not module or not name:
        raise UsageError(f"{where!r} is not of the form module:name; write e.g. models:make.")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{where!r} cannot be imported: {reason(error)}; run this where Python finds it."
        ) from error
    except Exception as error:
        raise UsageError(
            f"{where!r} cannot be imported: {describe(error)}; correct module {module!r}."
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(
                f"{where!r} does not exist: module {module!r} has no {name!r}; "
                f"give a name that it has."
            )
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(
            f"{where!r} is not callable but of type {type(found).__name__}; give a function."
        )
    return found


def make_model(where: str) -> Model:
    """Call the factory of a model.

    Args:
        where: "module:factory".

    Returns:
        The model that the factory returns.

    Raises:
        UsageError: The factory cannot be imported, or fails.
    """
    factory = find_object(where)
    try:
        model: Model = factory()
    except AvrbError:
        raise
    except Exception as error:
        raise UsageError(
            f"{where!r} fails: {describe(error)}; it must return the model without any argument."
        ) from error
    if not callable(model):
        raise UsageError(
            f"{where!r} returned a model that is not callable but of type {type(model).__name__}; "
            f"{CONTRACT}."
        )
    return model


@contextmanager
def eval_mode(model: Model, device: str | torch.device | None) -> Iterator[torch.device | None]:
    """Yield the device for batches, without gradients.

    A torch module is moved to `device` unless that is None, and is in eval mode until the end. Any
    other callable stays as it is.
    """
    import torch

    if not callable(model):
        raise UsageError(f"model {model!r} is not callable; {CONTRACT}.")
    target = None if device is None else torch.device(device)
    if not isinstance(model, torch.nn.Module):
        with torch.no_grad():
            yield target
        return
    if target is None:
        target = next((p.device for p in model.parameters()), None)
    else:
        model.to(target)
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.no_grad():
            yield target
    finally:
        for module in training:
            module.training = True


def compute_scores(
    model: Model, batch: Batch, classes: int, device: torch.device | None
) -> npt.NDArray[np.float32]:
    """Return the model's scores (b, classes) as float32.

    Raises UsageError if the model fails or returns anything else. Raises DataError, naming clip and
    condition, if a score is not finite.
    """
    import torch

    where = f"on the batch of clip {batch['key'][0]!r}"
    try:
        found = model(batch if device is None else _to_device(batch, device))
    except AvrbError:
        raise
    except Exception as error:
        raise UsageError(f"the model failed {where}: {describe(error)}; {CONTRACT}.") from error
    if isinstance(found, torch.Tensor):
        found = found.detach().to("cpu", torch.float32).numpy()
    shape, expected = getattr(found, "shape", None), (len(batch["key"]), classes)
    if not isinstance(found, np.ndarray) or tuple(found.shape) != expected:
        what = type(found).__name__ if shape is None else f"scores of shape {tuple(shape)}"
        raise UsageError(
            f"the model returned {what} {where}; it must return (b, classes) {expected}."
        )
    scores = found.astype(np.float32, copy=False)
    if not np.isfinite(scores).all():
        row = int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0])
        raise DataError(
            f"the model gave clip {batch['key'][row]!r} under "
            f"{Condition(batch['corruption'], batch['severity'])} a score that is NaN or infinite."
        )
    return scores


def _to_device(batch: Batch, device: torch.device) -> Batch:
    """Return the batch with its tensors on a device, also those in lists."""
    import torch

    def move(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.to(device, non_blocking=True)
        return [move(item) for item in value] if isinstance(value, list) else value

    return {name: move(value) for name, value in batch.items()}


def resolve_device(device: str | torch.device | None) -> torch.device | None:
    """Return the device of this process; None for None.

    A kind without an index, such as "cuda", becomes the device whose index is the local rank under
    torchrun or srun, so that each rank of a machine has its own. If a machine has fewer devices
    than ranks, the ranks share them in turn. Raises UsageError if torch does not find the device.

    >>> resolve_device("cpu")
    device(type='cpu')
    """
    import torch

    if device is None:
        return None
    counts = {kind: count for kind in ("cuda", "xpu", "mps") if (count := _count(kind))}
    indexed = [f"{kind}:{index}" for kind, count in counts.items() for index in range(count)]
    devices = ["cpu", *counts, *indexed]
    if str(device) not in devices:
        raise UsageError(
            f"device {str(device)!r} does not exist; choose one that torch finds: "
            f"{', '.join(devices)}."
        )
    if str(device) in counts:
        return torch.device(str(device), local_rank() % counts[str(device)])
    return torch.device(device)


def _count(kind: str) -> int:
    """Return the number of devices of this kind that torch finds."""
    import torch

    module = getattr(torch, kind, None)  # no torch.xpu before 2.4
    return int(module.device_count()) if module is not None else 0
