"""The model under test: anything callable on a batch that returns scores."""

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

if TYPE_CHECKING:
    import torch

Model = Callable[[Batch], Any]
"""A callable that takes a batch of `load` and returns scores (b, classes), a tensor or an array:
logits, probabilities, or any other numbers that are higher for likelier classes."""

CALLED = "it has to take a batch as `load` gives it and return scores"


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
            f"{where!r} does not import: {reason(error)}; run this where Python finds it."
        ) from error
    except Exception as error:
        raise UsageError(
            f"{where!r} does not import: {describe(error)}; correct module {module!r}."
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(
                f"{where!r} does not exist: module {module!r} has no {name!r}; "
                f"give one that it has."
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
            f"{where!r} fails: {describe(error)}; called with nothing it has to return the model."
        ) from error
    if not callable(model):
        raise UsageError(
            f"{where!r} returned a model that is not callable but of type {type(model).__name__}; "
            f"{CALLED}."
        )
    return model


@contextmanager
def eval_mode(model: Model, device: str | torch.device | None) -> Iterator[torch.device | None]:
    """The device to bring batches to, while no gradients are kept.

    A torch module is moved to `device`, or stays on its own where that is None, and is in eval
    mode until the end; any other callable is called as it is.
    """
    import torch

    if not callable(model):
        raise UsageError(f"model {model!r} is not callable; {CALLED}.")
    where = None if device is None else torch.device(device)
    if not isinstance(model, torch.nn.Module):
        with torch.no_grad():
            yield where
        return
    if where is None:
        where = next((p.device for p in model.parameters()), None)
    else:
        model.to(where)
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.no_grad():
            yield where
    finally:
        for module in training:
            module.training = True


def scores_of(
    model: Model, batch: Batch, classes: int, device: torch.device | None
) -> npt.NDArray[np.float32]:
    """The model's scores (b, classes) as float32.

    Raises UsageError where the model fails or returns anything else, DataError, naming the clip
    and the condition, where a score is not finite.
    """
    import torch

    first = f"on the batch of clip {batch['key'][0]!r}"
    try:
        found = model(batch if device is None else _moved(batch, device))
    except AvrbError:
        raise
    except Exception as error:
        raise UsageError(f"the model failed {first}: {describe(error)}; {CALLED}.") from error
    if isinstance(found, torch.Tensor):
        found = found.detach().to("cpu", torch.float32).numpy()
    shape, wanted = getattr(found, "shape", None), (len(batch["key"]), classes)
    if not isinstance(found, np.ndarray) or tuple(found.shape) != wanted:
        what = type(found).__name__ if shape is None else f"scores of shape {tuple(shape)}"
        raise UsageError(
            f"the model returned {what} {first}; it must return (b, classes) {wanted}."
        )
    scores = found.astype(np.float32, copy=False)
    if not np.isfinite(scores).all():
        row = int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0])
        raise DataError(
            f"the model gave clip {batch['key'][row]!r} under "
            f"{Condition(batch['corruption'], batch['severity'])} a score that is NaN or infinite."
        )
    return scores


def _moved(batch: Batch, device: torch.device) -> Batch:
    """The batch with its tensors on a device, those in lists too."""
    import torch

    def move(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.to(device, non_blocking=True)
        return [move(item) for item in value] if isinstance(value, list) else value

    return {name: move(value) for name, value in batch.items()}
