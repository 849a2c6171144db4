"""When the judgments came in."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from evalapp.reports.judgments import Judgments

DAY_S = 86_400
HOUR_S = 3_600
MOST_HOURS = 72


def timeline(judgments: Judgments) -> dict[str, object]:
    """Judgments per hour while they span at most three days, else per day, with the running total. UTC."""
    times = np.sort(judgments.submitted_at[~np.isnan(judgments.submitted_at)])
    if not len(times):
        return {"step": "day", "points": []}
    step = HOUR_S if times[-1] - times[0] <= MOST_HOURS * HOUR_S else DAY_S
    found, counts = np.unique(np.floor_divide(times, step).astype(np.int64), return_counts=True)
    running = np.cumsum(counts)
    return {
        "step": "hour" if step == HOUR_S else "day",
        "points": [
            {
                "from": datetime.fromtimestamp(int(bucket) * step, UTC),
                "judgments": int(count),
                "total": int(total),
            }
            for bucket, count, total in zip(found, counts, running, strict=True)
        ],
    }
