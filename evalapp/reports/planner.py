"""How many samples a study needs, before launch and while it runs. All on the win-rate scale."""

from __future__ import annotations

import math

from scipy.special import ndtri

from evalapp.reports.estimates import Z

TIES = 0.3
POWER = 0.8
MOST_SAMPLES = 1_000_000


def score_deviation(ties: float = TIES) -> float:
    """Standard deviation of one sample's score without a true difference, when `ties` of the votes are ties.

    Scores 0 and 1 are equally likely and a tie scores one half, so the variance is (1 - ties) / 4.
    Raises ValueError unless 0 <= ties < 1.
    """
    if not 0 <= ties < 1:
        raise ValueError(f"a share of ties of {ties} is not between 0 and 1")
    return math.sqrt((1 - ties) / 4)


def samples_for_margin(
    margin: float,
    *,
    power: float = POWER,
    ties: float = TIES,
    true_difference: float = 0.0,
    standard_deviation: float | None = None,
) -> int:
    """Samples needed to show non-inferiority by `margin` at one-sided 2.5 %, with the given power.

    `true_difference` is the true win rate minus 0.5. n = ((z + z_power) * sd / (margin + difference))^2,
    rounded up. Raises ValueError when the true rate does not lie above 0.5 - margin: no number of samples
    would do.
    """
    if not 0.5 <= power < 1:
        raise ValueError(f"a power of {power} is not between 0.5 and 1")
    distance = margin + true_difference
    if distance <= 0:
        raise ValueError("the true win rate does not lie above 0.5 minus the margin")
    deviation = score_deviation(ties) if standard_deviation is None else standard_deviation
    return max(2, math.ceil(((Z + float(ndtri(power))) * deviation / distance) ** 2))


def samples_to_settle(*, rate: float, margin: float, standard_deviation: float, samples: int) -> int | None:
    """How many further samples would move 0.5 - margin out of the interval, if the rate and spread stayed.

    None when that would take more than a million.
    """
    distance = abs(rate - (0.5 - margin))
    if distance == 0 or (Z * standard_deviation / distance) ** 2 > MOST_SAMPLES:
        return None
    return max(1, math.ceil((Z * standard_deviation / distance) ** 2) - samples)


def half_width(samples: int, *, share: float = 0.5) -> float:
    """Half the width of the Wilson interval of a share (n = 100 at one half: 0.096)."""
    if samples < 1:
        raise ValueError("at least one sample is needed")
    z_squared = Z * Z
    return Z / (samples + z_squared) * math.sqrt(samples * share * (1 - share) + z_squared / 4)
