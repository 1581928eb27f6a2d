"""What frost and crowd do to a picture with one bank and with another, from the same draws."""

from __future__ import annotations

from typing import Any

import golden
import numpy as np
from test_fidelity import similarity

from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import Draw, Frame
from avrb_wds.corruptions.bank import Bank
from avrb_wds.demo.scenes import Scene

__all__ = ["FROST", "LIMITS", "figures", "made_images"]

# Frost with the released bank's textures on made pictures of 192 pixels: SSIM, channels' means.
FROST = {
    ("edges", 1): (0.862, (187.2, 189.1, 186.3)),
    ("edges", 3): (0.703, (190.9, 198.5, 199.6)),
    ("edges", 5): (0.664, (186.7, 195.7, 198.0)),
    ("patches", 1): (0.607, (157.5, 230.5, 163.6)),
    ("patches", 3): (0.410, (170.8, 225.6, 185.5)),
    ("patches", 5): (0.373, (168.0, 218.7, 184.5)),
}
# How far the built-in bank may lie from the released one: in dB, and in levels of 255.
LIMITS = {"psnr": 0.7, "ssim": 0.03, "ch_mean": 5.0}


def made_images(size: int) -> dict[str, Frame]:
    """Pictures that are no photograph: one full of edges, one of flat patches."""
    patches = Scene.of("ring", Draw(0, "demo", "clip", "visual"), size)
    return {"edges": golden.make_frame(size, size), "patches": patches.frame(0.5)}


def figures(
    name: str, severity: int, frame: Frame, bank: Bank | None, draws: int = 36
) -> dict[str, Any]:
    """Means over draws 0, 1, … of PSNR in dB, SSIM and the three channels' means."""
    corrupter = Corrupter.of(name, severity, bank=bank)
    found: dict[str, list[Any]] = {"psnr": [], "ssim": [], "ch_mean": []}
    for d in range(draws):
        out = corrupter.frame(frame, f"{d}", 0)
        mse = np.square(np.subtract(out, frame, dtype=np.float64)).mean()
        found["psnr"].append(10 * np.log10(255**2 / mse))
        found["ssim"].append(similarity(frame, out))
        found["ch_mean"].append(out.mean(axis=(0, 1)))
    return {figure: np.mean(values, axis=0) for figure, values in found.items()}
