"""What a stored report was computed from, in one hash that costs the same few queries for every study."""

import hashlib
import json
from functools import cache
from pathlib import Path

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Count, Max

import evalapp.reports
from evalapp.models import Price, Run
from raters.models import Judgment, Study
from raters.reporting.protocol import chain_head


def input_checksum(study: Study) -> str:
    """SHA-256 (hex) over all that the report of a study depends on.

    Judgments and audit events are insert-only, so their count with the last id, and the last seal, stand for
    them. Generations and calls change only while their run does, and prices are few enough to be taken whole.
    """
    runs = Run.objects.filter(arms__study=study).order_by("arms__position")
    systems = runs.order_by().values("system")
    prices = (
        Price.objects.filter(model__systems__in=systems)
        | Price.objects.filter(model__systems_falling_back__in=systems)
    ).distinct()
    parts = {
        "code": report_code_checksum(),
        "study": [study.pk, study.name, study.state, study.closed_at, study.unsealed_at, study.simulated],
        "protocol": study.protocol,
        "judgments": Judgment.objects.filter(study=study).aggregate(count=Count("id"), last=Max("id")),
        "seal": chain_head(study),
        "runs": list(runs.values_list("id", "state", "finished_at", "committed_usd")),
        "prices": list(prices.order_by("id").values_list()),
    }
    text = json.dumps(parts, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def report_code_checksum() -> str:
    """SHA-256 (hex) over the code and templates behind a report, so that a new release computes anew."""
    folder = Path(evalapp.reports.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
