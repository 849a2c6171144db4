"""What was sent can be rebuilt from what was kept, to the byte; a log tells all of it but the key."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from evalapp.generation.logs import log_lines
from evalapp.generation.planning import plan_run
from evalapp.generation.replaying import replay_log, replay_run
from evalapp.generation.running import pump
from evalapp.models import ApiCall, Endpoint, Image, Run, Sample, System, TaskSet
from evalapp.providers import wire
from evalapp.providers.messages import (
    ChatRequest,
    ImagePart,
    JsonSchema,
    Message,
    Sampling,
    TextPart,
)
from evalapp.providers.openai_compatible import OpenAICompatible
from evalapp.providers.rebuilding import rebuild
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
PICTURES = st.builds(ImagePart, st.binary(min_size=1, max_size=30), st.just("image/png"), st.just("low"))
CONTENTS = TEXTS | st.lists(st.builds(TextPart, TEXTS) | PICTURES, min_size=1, max_size=3).map(tuple)
ROLES = st.sampled_from(("system", "user", "assistant"))
JSON = st.recursive(
    TEXTS | st.booleans() | st.integers(-(2**53), 2**53),
    lambda inner: st.dictionaries(TEXTS, inner, max_size=3),
)
REQUESTS = st.builds(
    ChatRequest,
    model=TEXTS.filter(bool),
    messages=st.lists(st.builds(Message, ROLES, CONTENTS), min_size=1, max_size=3).map(tuple),
    sampling=st.builds(
        Sampling,
        temperature=st.none() | st.floats(0, 2),
        top_p=st.none() | st.floats(0, 1),
        max_tokens=st.none() | st.integers(1, 100_000),
        seed=st.none() | st.integers(-(2**63), 2**63 - 1),
        stop=st.lists(TEXTS, max_size=2).map(tuple),
    ),
    response_schema=st.none() | st.builds(JsonSchema, TEXTS, st.dictionaries(TEXTS, JSON, max_size=3)),
    stream=st.booleans(),
    logprobs=st.booleans(),
)
ADDRESSES = st.sampled_from(("http://127.0.0.1:1/v1", "https://api.openai.com/v1"))


def nothing(_sha256: str) -> None:
    """No picture is at hand."""


@given(REQUESTS, ADDRESSES)
@settings(max_examples=300, deadline=None)
def test_any_request_is_rebuilt_from_what_is_kept_of_it(request: ChatRequest, address: str) -> None:
    sent = wire.body_text(wire.sent_body(request, address))
    # What is kept goes through a file and comes back.
    kept = json.loads(json.dumps(json.loads(wire.body_text(wire.logged_body(request, address)))))
    parts = [
        part for message in request.messages if isinstance(message.content, tuple) for part in message.content
    ]
    pictures = {
        hashlib.sha256(part.data).hexdigest(): part.data for part in parts if isinstance(part, ImagePart)
    }
    rebuilt = rebuild(kept, wire.checksum(sent), pictures.get)
    assert (rebuilt.text, rebuilt.verdict) == (sent, "same")


def test_what_the_client_sends_is_what_we_say_it_sends() -> None:
    examples: list[ChatRequest] = []

    @given(REQUESTS)
    @settings(max_examples=60, deadline=None, database=None)
    def collect(request: ChatRequest) -> None:
        examples.append(request)

    collect()
    with OpenAIServer(default=behaviours.body({"choices": []})) as server:

        async def send_all() -> None:
            provider = OpenAICompatible(base_url=server.base_url, api_key=None)
            for request in examples:
                await asyncio.gather(provider(request), return_exceptions=True)
            await provider.aclose()

        asyncio.run(send_all())
        assert [asked.raw.decode() for asked in server.asked] == [
            wire.body_text(wire.sent_body(request, server.base_url)) for request in examples
        ]


def test_openai_itself_is_sent_its_own_name_for_the_token_limit_in_the_same_place() -> None:
    request = ChatRequest("m", (Message("user", "Hi"),), Sampling(temperature=0.0, max_tokens=5, seed=1))
    assert list(wire.sent_body(request, "https://api.openai.com/v1")) == [
        "model",
        "messages",
        "temperature",
        "max_completion_tokens",
        "seed",
    ]
    assert "max_completion_tokens" not in wire.sent_body(request, "https://elsewhere.example/v1")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"seed": 2}, "differs"),
        ({"model": "m "}, "differs"),
        ({}, "same"),
    ],
)
def test_a_body_that_was_changed_afterwards_is_found(change: dict[str, object], verdict: str) -> None:
    request = ChatRequest("m", (Message("user", "Hi"),), Sampling(seed=1))
    noted = wire.checksum(wire.body_text(wire.sent_body(request, "")))
    assert rebuild({**request.logged_body(), **change}, noted, nothing).verdict == verdict


def test_a_picture_that_is_not_at_hand_is_named_as_missing_and_a_call_of_old_as_unproven() -> None:
    request = ChatRequest("m", (Message("user", (ImagePart(b"png", "image/png"),)),))
    assert rebuild(request.logged_body(), "0" * 64, nothing).verdict == "picture missing"
    wrong: dict[str, bytes] = {hashlib.sha256(b"png").hexdigest(): b"other"}
    assert rebuild(request.logged_body(), "0" * 64, wrong.get).verdict == "picture missing"
    assert rebuild({"model": "m"}, "", nothing).verdict == "no checksum"


# Against a real model server and a real database

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sk-test-planted-key-0123456789"


@pytest.fixture
def asked(server: OpenAIServer, system: System, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A finished run over pictures, asked with a key that the server repeats in its answers."""
    monkeypatch.setenv("PLANTED_API_KEY", KEY)
    Endpoint.objects.update(api_key_env="PLANTED_API_KEY")
    server.default = behaviours.ok(f"fine, and your key is {KEY}")
    data = b"\x89PNG picture"
    digest = hashlib.sha256(data).hexdigest()
    Image.objects.create(sha256=digest, media_type="image/png", width=1, height=1, data=data)
    made = TaskSet.objects.create(
        name="pictures", kind="caption", checksum="0" * 64, sample_count=2, source_name="p.zip"
    )
    for number in range(2):
        payload = {"prompt": f"Größe {number}?\u2028", "image": {"sha256": digest, "media_type": "image/png"}}
        Sample.objects.create(task_set=made, position=number, key=f"p{number}", payload=payload)
    run = plan_run(task_set=made, system=system)
    asyncio.run(pump(run.pk, stopping=lambda: False))
    run.refresh_from_db()
    return run


def test_every_request_of_a_run_is_rebuilt_as_the_server_received_it(
    asked: Run, server: OpenAIServer
) -> None:
    replayed = list(replay_run(asked))
    assert sorted(each.rebuilt.text or "" for each in replayed) == sorted(
        each.raw.decode() for each in server.asked
    )
    assert {each.rebuilt.verdict for each in replayed} == {"same"}
    assert sorted(each.sample or "" for each in replayed) == ["p0", "p1"]
    assert set(asked.calls.values_list("request_sha256", flat=True)) == {
        hashlib.sha256(each.raw).hexdigest() for each in server.asked
    }


def test_a_log_holds_every_exchange_and_no_key(asked: Run, tmp_path: Path) -> None:
    text = "".join(log_lines(asked))
    assert KEY not in text
    head, *calls = [json.loads(line) for line in text.split("\n") if line]
    assert (head["type"], head["run"], head["kind"]) == ("run", asked.pk, "caption")
    assert set(head["environment"]["versions"]) == {
        "product",
        "python",
        "openai",
        "httpx2",
        "aiohttp",
        "django",
    }
    kept = list(asked.calls.order_by("id"))
    names = (
        "request",
        "request_sha256",
        "request_key",
        "request_id",
        "state",
        "model_answered",
        "latency_ms",
    )
    assert [{name: call[name] for name in names} for call in calls] == [
        {name: getattr(each, name) for name in names} for each in kept
    ]
    assert [call["price"]["output_usd_per_mtok"] for call in calls] == ["2.000000"] * 2
    assert all("fine" in call["raw"] for call in calls)


def test_a_key_that_found_its_way_into_the_ledger_is_masked_in_the_log(asked: Run) -> None:
    asked.calls.update(raw=f'{{"echo": "{KEY}"}}', error_message=KEY, request_id=KEY)
    asked.reason = KEY
    assert KEY not in "".join(log_lines(asked))


def test_a_log_file_replays_without_its_run(asked: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    call_command("export_log", str(asked.pk), output=path)
    asked.delete()
    assert not ApiCall.objects.exists()
    assert [each.rebuilt.verdict for each in replay_log(path)] == ["same", "same"]
    bodies = tmp_path / "bodies.jsonl"
    call_command("replay", str(path), output=bodies)
    assert [json.loads(line)["model"] for line in bodies.read_text("utf-8").split("\n") if line] == [
        "quartz-mini",
        "quartz-mini",
    ]


def test_the_command_names_what_differs_and_says_so_by_its_status(
    asked: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("replay", str(asked.pk))
    assert "2 of 2 requests rebuilt to the byte." in capsys.readouterr().out
    call = asked.calls.order_by("id")[0]
    call.request["model"] = "another"
    call.save()
    with pytest.raises(SystemExit) as left:
        call_command("replay", str(asked.pk), json=True)
    assert left.value.code == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["requests"], report["same"], [fault["call"] for fault in report["faults"]]) == (
        2,
        1,
        [call.pk],
    )


@pytest.mark.parametrize("content", ["not json\n", '{"type": "other"}\n', '{"type": "call"}\n', "[]\n"])
def test_what_is_no_log_is_refused_with_its_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(content)
    with pytest.raises(CommandError, match="line 1"):
        call_command("replay", str(path))


def test_a_run_that_is_not_there_is_named(task_set: Callable[[int], TaskSet]) -> None:
    for command in ("replay", "export_log"):
        with pytest.raises(CommandError, match="There is no run 99"):
            call_command(command, "99")
