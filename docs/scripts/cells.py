"""A cell of docs/fidelity.md: its differences, its limits and its row in a table."""

from __future__ import annotations

from dataclasses import dataclass

LIMITS = {
    "psnr": 0.7, "ssim": 0.03, "ch_mean": 3.0, "ch_std": 3.0, "ch_p5": 8.0, "ch_p50": 8.0,
    "ch_p95": 8.0, "snr": 0.2, "lsd": 1.0,
}  # fmt: skip
WIDE = {**LIMITS, "psnr": 1.2, "ssim": 0.05}
VARIED = ("spatter", "smoke", "interference")


@dataclass(frozen=True)
class Row:
    """A cell's differences, measured minus reference; empty where the reference code raises.

    unlimited: the figures without a limit.
    """

    name: str
    severity: int
    off: dict[str, float]
    unlimited: tuple[str, ...] = ()

    def misses(self) -> list[str]:
        """What lies beyond its limit."""
        limits = WIDE if self.name in VARIED else LIMITS
        held = (name for name in self.off if name not in self.unlimited)
        return [name for name in held if not abs(self.off[name]) <= limits[name]]

    def line(self, columns: tuple[str, ...]) -> str:
        """The row of a table."""
        head = f"| {self.name} | {self.severity} |"
        if not self.off:
            return head + " the reference code raises an error |" + " |" * len(columns)
        digits = {"ssim": 3, "psnr": 2, "snr": 2, "lsd": 2}
        cells = " | ".join(f"{self.off[name]:+.{digits.get(name, 1)}f}" for name in columns)
        missed = ", ".join(self.misses())
        return f"{head} {cells} | {f'✗ {missed}' if missed else '✓'} |"


def rendered(title: str, rows: list[Row], columns: tuple[str, ...], heads: tuple[str, ...]) -> str:
    """A heading and its table."""
    return "\n".join(
        [
            f"## {title}\n",
            f"| corruption | severity | {' | '.join(heads)} | within |",
            "|---|---|" + "---:|" * len(columns) + "---|",
            *(row.line(columns) for row in rows),
        ]
    )
