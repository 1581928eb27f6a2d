"""Settings of the corruptions: what a corrupted clip depends on besides condition and key."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from .corruptions import PROFILES, Profile
from .corruptions.bank import Bank
from .errors import check_int, check_one_of

if TYPE_CHECKING:  # in typing from Python 3.11 on
    from typing_extensions import Unpack

ModalityChoice = Literal["both", "visual", "audio"]
Temporal = Literal["frame", "clip"]
BankChoice = Bank | str | os.PathLike[str] | None
"""A bank, the path of an imported one, or None for the built-in one."""
Function = TypeVar("Function", bound=Callable[..., Any])


class CorruptionKwargs(TypedDict, total=False):
    """The keywords of public functions that become `CorruptionSettings`."""

    seed: int
    modality: ModalityChoice
    temporal: Temporal
    profile: Profile
    bank: BankChoice


@dataclass(frozen=True)
class CorruptionSettings:
    """Checked settings of the corruptions.

    Attributes:
        seed: Seed of all random draws.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
        profile: "default", or "reference" for what the reference code does.
        bank: Sounds, textures and silhouettes; None for the built-in bank.
    """

    seed: int = 0
    modality: ModalityChoice = "both"
    temporal: Temporal = "frame"
    profile: Profile = "default"
    bank: Bank | None = None

    @classmethod
    def of(cls, **given: Unpack[CorruptionKwargs]) -> CorruptionSettings:
        """Check the keywords of a public function.

        Raises:
            TypeError: A keyword does not exist.
            UsageError: A value is not allowed.
        """
        names = [field.name for field in fields(cls)]
        for name in given:
            if name not in names:
                raise TypeError(
                    f"unexpected keyword argument {name!r}; those of the corruptions are "
                    f"{', '.join(names)}"
                )
        settings: dict[str, Any] = {field.name: field.default for field in fields(cls)} | given
        check_one_of("profile", settings["profile"], PROFILES)
        check_one_of("modality", settings["modality"], ("both", "visual", "audio"))
        check_one_of("temporal", settings["temporal"], ("frame", "clip"))
        settings["seed"] = check_int("seed", settings["seed"])
        if settings["bank"] is not None:
            settings["bank"] = Bank.of(settings["bank"])
        return cls(**settings)

    @property
    def bank_digest(self) -> str:
        """SHA-256 of the bank."""
        return Bank.of(self.bank).digest


def show_settings(function: Function) -> Function:
    """Put the keywords of `CorruptionKwargs` into the signature of a function with `**settings`.

    `help` and the API reference then show every argument with its default.
    """
    signature = inspect.signature(function)
    *others, _ = signature.parameters.values()
    kind = inspect.Parameter.KEYWORD_ONLY
    types = {"bank": "BankChoice"}
    expanded = [
        inspect.Parameter(
            field.name, kind, default=field.default, annotation=types.get(field.name, field.type)
        )
        for field in fields(CorruptionSettings)
    ]
    vars(function)["__signature__"] = signature.replace(parameters=[*others, *expanded])
    return function
