"""Files far larger than a study: thousands of categories and systems, hundreds of thousands of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.reports.conftest import WriteCsv


def test_a_hundred_thousand_categories(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    rows = ((unit, rater, unit if unit % 5 else -rater) for unit in range(100_000) for rater in (1, 2))
    found = figures("agreement", write_csv(("unit", "rater", "value"), rows))
    assert len(found["labels"]) == 80_002
    assert found["percent_agreement"]["value"] == 0.8
    # Expected disagreement is 1 - 2 x 0.1^2, up to one part in a hundred thousand.
    assert found["krippendorff_alpha"]["value"] == pytest.approx(1 - 0.2 / 0.98, abs=1e-5)
    assert found["krippendorff_alpha"]["low"] < found["krippendorff_alpha"]["high"]
    assert "1,000 resamples" in found["krippendorff_alpha"]["method"]


def test_thousands_of_numbers_on_an_ordinal_scale(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    rows = ((unit, rater, unit + 3 * rater) for unit in range(6_000) for rater in (1, 2, 3))
    found = figures("agreement", write_csv(("unit", "rater", "value"), rows), "--level", "ordinal")
    assert found["krippendorff_alpha"]["value"] > 0.999


def test_sixty_thousand_choices_between_twelve_systems(
    write_csv: WriteCsv, figures: Callable[..., Any]
) -> None:
    def rows() -> Any:
        for sample in range(20_000):
            one, other = sample % 12, (sample * 7 + 1 + sample // 12 % 11) % 12
            if one == other:
                other = (other + 1) % 12
            for rater in range(3):
                yield (
                    sample,
                    rater,
                    f"m{one:02}",
                    f"m{other:02}",
                    ("left", "right", "tie")[(sample // 3 + rater) % 3],
                )

    found = figures("preference", write_csv(("sample", "rater", "left", "right", "choice"), rows()))
    assert found["samples"] == 20_000
    assert found["bradley_terry_fit"]["converged"] is True
    assert found["sign_test"]["reason"] == "more than two systems: see the pairs"
