"""Which reports are computed at once, which by a worker, and what happens when a worker dies."""

from datetime import timedelta

import pytest

from evalapp.models import Price
from raters.models import StoredReport
from raters.models.reports import MOST_BUILDS, ReportState
from raters.reporting import building, queueing
from raters.reporting.building import ReportFailed
from raters.reporting.checksum import input_checksum
from raters.reporting.queueing import LEASE, again, build_claimed, claim, queue, standing, waiting
from raters.tasks import build_report, sweep_reports
from tests.reporting.studies import NOON, StudyCast, open_study

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)


@pytest.fixture
def cast() -> StudyCast:
    made = open_study(samples=2)
    made.judge_all()
    made.close()
    return made


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "MOST_ROWS_AT_ONCE", 0)


def test_a_small_report_is_computed_at_once_and_kept(cast: StudyCast) -> None:
    first = standing(cast.study, clock=lambda: LATER)
    assert (first.report.state, first.unannounced) == (ReportState.READY, False)
    assert first.report.built_at == LATER
    assert first.report.input_checksum == input_checksum(cast.study)
    assert first.report.files.filter(name="report.json").exists()
    second = standing(cast.study, clock=lambda: LATER + timedelta(hours=1))
    assert second.report.built_at == LATER


def test_new_judgments_prices_and_settings_make_a_new_report(cast: StudyCast) -> None:
    checksums = [input_checksum(cast.study)]
    cast.correct(cast.judge(0, 0, "left", rater=1, status="surplus"), "right")
    checksums.append(input_checksum(cast.study))
    Price.objects.filter(model__name="small model").update(output_usd_per_mtok=9)
    checksums.append(input_checksum(cast.study))
    cast.study.unsealed_at = NOON
    cast.study.save()
    checksums.append(input_checksum(cast.study))
    assert len(set(checksums)) == 4
    assert standing(cast.study, clock=lambda: LATER).report.input_checksum == checksums[-1]


@pytest.mark.usefixtures("everything_is_large")
def test_a_large_report_is_queued_once_and_computed_by_a_worker(cast: StudyCast) -> None:
    first = standing(cast.study, clock=lambda: LATER)
    assert (first.report.state, first.unannounced) == (ReportState.QUEUED, True)
    assert standing(cast.study, clock=lambda: LATER).unannounced is False
    assert waiting(now=LATER) == [cast.study.pk]
    build_report(cast.study.pk)
    assert standing(cast.study, clock=lambda: LATER).report.state == ReportState.READY
    assert waiting(now=LATER) == []


def test_a_message_that_comes_twice_finds_nothing_to_do(cast: StudyCast) -> None:
    queue(cast.study.pk)
    assert [claim(cast.study.pk, now=LATER) for _ in range(2)] == [True, False]
    build_claimed(cast.study.pk, clock=lambda: LATER)
    assert claim(cast.study.pk, now=LATER) is False


def test_a_build_shows_how_far_it_is(cast: StudyCast, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(study_id: int, progress: building.Progress) -> building.Built:
        progress(40, "Halfway")
        report = StoredReport.objects.get(study=study_id)
        seen.append((report.progress, report.stage, report.is_underway, report.lease_until))
        return building.Built("of these rows", {"report.json": b"{}"}, "<p>figures</p>")

    monkeypatch.setattr(building, "compute", watched)
    queue(cast.study.pk)
    claim(cast.study.pk, now=LATER)
    build_claimed(cast.study.pk, clock=lambda: LATER)
    assert seen == [(40, "Halfway", True, LATER + LEASE)]


def test_a_build_whose_worker_died_is_taken_over_and_given_up_in_the_end(cast: StudyCast) -> None:
    queue(cast.study.pk)
    moment = LATER
    for _ in range(MOST_BUILDS):
        assert claim(cast.study.pk, now=moment)
        assert waiting(now=moment) == []
        moment += LEASE + timedelta(seconds=1)
        assert waiting(now=moment - timedelta(seconds=2)) == []
    assert waiting(now=moment) == []
    report = StoredReport.objects.get(study=cast.study)
    assert (report.state, report.message) == (
        ReportState.FAILED,
        "The computation began 3 times and never ended; the worker may lack memory.",
    )


@pytest.mark.usefixtures("everything_is_large")
def test_a_fault_is_kept_with_its_reason_and_the_report_before_stays(
    cast: StudyCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    building.build(cast.study.pk, clock=lambda: NOON, progress=lambda _share, _stage: None)

    def broken(_study_id: int, _progress: building.Progress) -> building.Built:
        raise OSError("No space left on device")

    monkeypatch.setattr(building, "compute", broken)
    again(cast.study, clock=lambda: LATER)
    assert claim(cast.study.pk, now=LATER)
    with pytest.raises(ReportFailed, match="No space left"):
        build_claimed(cast.study.pk, clock=lambda: LATER)
    kept = standing(cast.study, clock=lambda: LATER).report
    assert (kept.state, kept.message) == (ReportState.FAILED, "OSError: No space left on device")
    assert kept.built_at == NOON
    assert kept.html
    monkeypatch.undo()
    monkeypatch.setattr(queueing, "MOST_ROWS_AT_ONCE", 0)
    assert again(cast.study, clock=lambda: LATER).unannounced
    assert claim(cast.study.pk, now=LATER)


def test_the_sweeper_announces_what_waits(cast: StudyCast, monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[int] = []
    monkeypatch.setattr(build_report, "delay", announced.append)
    sweep_reports()
    queue(cast.study.pk)
    sweep_reports()
    assert announced == [cast.study.pk]


def test_a_broker_that_is_away_breaks_nothing(
    cast: StudyCast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_study_id: int) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(build_report, "delay", away)
    queue(cast.study.pk)
    sweep_reports()
    assert "The broker is away" in caplog.text
