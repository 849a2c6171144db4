"""One tiny request finds a bad key, model or parameter before a run costs anything, and says what to do."""

from datetime import date
from decimal import Decimal

import pytest

from evalapp.generation.probing import MOST_OUTPUT_TOKENS, NO_LOGPROBS, REMEDIES, probe
from evalapp.models import ApiCall, Endpoint, LanguageModel, Price, Run, System
from evalapp.providers.errors import (
    ConnectionFailed,
    KeyRefused,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    WrongModel,
)
from tests.servers import behaviours
from tests.servers.openai_server import Behaviour, OpenAIServer

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sk-test-probe-key-0123456789"


def refusal(status: int, code: str) -> Behaviour:
    return behaviours.body({"error": {"message": f"No: {code}", "code": code, "type": code}}, status=status)


def test_a_good_answer_passes_and_is_in_the_ledger_with_its_cost(
    system: System, server: OpenAIServer
) -> None:
    system.temperature, system.seed = 0.3, 7
    system.save()
    (found,) = probe([system])
    assert (found.system, found.model, found.fault) == (system.name, "quartz-mini", "")
    (asked,) = server.asked
    assert asked.body["max_tokens"] == MOST_OUTPUT_TOKENS
    assert (asked.body["temperature"], asked.body["seed"]) == (0.3, 7)
    call = ApiCall.objects.get()
    assert (call.purpose, call.state, call.run, call.generation) == ("probe", "answered", None, None)
    assert (call.cost_usd, found.cost_usd) == (Decimal("0.0025"), Decimal("0.0025"))
    assert call.latency_ms == found.latency_ms
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (refusal(401, "invalid_api_key"), KeyRefused),
        (refusal(404, "model_not_found"), ModelMissing),
        (refusal(400, "unsupported_parameter"), RequestRefused),
        (refusal(429, "insufficient_quota"), QuotaExhausted),
        (refusal(429, "rate_limit_exceeded"), RateLimited),
        (behaviours.ok("OK", model="another"), WrongModel),
    ],
    ids=["key", "model", "parameter", "quota", "rate", "another model"],
)
def test_each_fault_is_said_in_a_sentence_with_its_remedy(
    behaviour: Behaviour, kind: type[ProviderError], system: System, server: OpenAIServer
) -> None:
    server.default = behaviour
    (found,) = probe([system])
    assert found.fault.startswith(REMEDIES[kind])
    call = ApiCall.objects.get()
    assert (call.state, call.error, call.purpose) == ("failed", kind.code, "probe")
    assert server.count == 1


def test_an_endpoint_that_is_not_there_is_said_so(system: System) -> None:
    Endpoint.objects.update(base_url="http://127.0.0.1:9/v1")
    (found,) = probe([System.objects.select_related("model__endpoint").get(pk=system.pk)])
    assert found.fault.startswith(REMEDIES[ConnectionFailed])
    assert found.cost_usd == 0


def test_a_web_page_in_place_of_an_answer_is_said_so(system: System, server: OpenAIServer) -> None:
    server.default = behaviours.body("<html>Welcome</html>")
    (found,) = probe([system])
    assert found.fault.startswith("The endpoint did not answer as one that speaks Chat Completions.")


def test_a_model_that_only_thinks_in_so_few_tokens_passes(system: System, server: OpenAIServer) -> None:
    server.default = behaviours.ok("", choice={"finish_reason": "length"})
    assert probe([system])[0].fault == ""


def test_a_missing_key_or_price_is_found_without_asking(
    system: System, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Price.objects.all().delete()
    assert "no price in force" in probe([system])[0].fault
    Endpoint.objects.update(api_key_env="PROBE_API_KEY")
    monkeypatch.delenv("PROBE_API_KEY", raising=False)
    assert "PROBE_API_KEY" in probe([System.objects.get(pk=system.pk)])[0].fault
    assert server.count == 0


def test_no_key_is_in_a_fault_or_in_the_ledger(
    system: System, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_API_KEY", KEY)
    Endpoint.objects.update(api_key_env="PROBE_API_KEY")
    server.default = behaviours.body(
        {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}, status=401
    )
    (found,) = probe([System.objects.get(pk=system.pk)])
    assert KEY not in found.fault
    assert KEY not in str(ApiCall.objects.values().get())


def test_both_models_of_a_routed_system_are_asked_and_systems_alike_share_a_request(
    system: System, server: OpenAIServer
) -> None:
    assert system.model is not None
    large = LanguageModel.objects.create(endpoint=system.model.endpoint, name="quartz-grand")
    Price.objects.create(
        model=large,
        input_usd_per_mtok=Decimal(10),
        output_usd_per_mtok=Decimal(20),
        valid_from=date(2024, 1, 1),
        source_url="https://example.org",
        checked_on=date(2024, 1, 1),
    )
    routed = System.objects.create(
        name="routed",
        model=system.model,
        max_tokens=1000,
        fallback_model=large,
        fallback_rule={"refusal": True},
    )
    found = probe([system, routed])
    assert [(each.system, each.model, each.fault) for each in found] == [
        (system.name, "quartz-mini", ""),
        ("routed", "quartz-mini", ""),
        ("routed", "quartz-grand", ""),
    ]
    assert [asked.body["model"] for asked in server.asked] == ["quartz-mini", "quartz-grand"]


def test_a_rule_on_log_probabilities_needs_a_model_that_gives_them(
    system: System, server: OpenAIServer
) -> None:
    assert system.model is not None
    system.fallback_model, system.fallback_rule = system.model, {"min_mean_logprob": -1.0}
    system.save()
    assert probe([system])[0].fault == NO_LOGPROBS
    tokens = {"content": [{"token": "OK", "logprob": -0.1, "bytes": None, "top_logprobs": []}]}
    server.default = behaviours.ok("OK", choice={"logprobs": tokens})
    assert probe([system])[0].fault == ""
