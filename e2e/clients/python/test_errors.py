"""Every "no" has its status, its code, one sentence, and costs nothing."""

from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

TOKENS = 8


def refused(kind, call):
    """The error of a call, with a sentence in it that a person can act on."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    message = error.body["message"]
    assert len(message) > 20 and "panicked" not in message and "Error {" not in message, message
    return error


def test_an_unknown_model_is_404_and_the_known_ones_are_named(client, model, question):
    """Demand 2: model_not_found."""
    error = refused(
        openai.NotFoundError, lambda: client.chat.completions.create(model="gpt-9", messages=question)
    )
    assert error.code == "model_not_found" and error.param == "model" and model in str(error)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"temperature": 3}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ["x" * 100]}, "stop"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
    ],
)
def test_a_bad_field_is_400_and_named(client, model, question, change, param):
    """Demand 2: invalid_request with the field's name."""
    asked = {"model": model, "messages": question, "max_tokens": TOKENS, **change}
    error = refused(openai.BadRequestError, lambda: client.chat.completions.create(**asked))
    assert error.type == "invalid_request_error" and error.param == param, error.body


def test_too_long_a_conversation_is_400_before_anything_is_paid(network, client, model):
    """Demand 2: context_length_exceeded, by bytes and by tokens."""
    for text in ("a" * 5000, "🂡" * 950):
        messages = [{"role": "user", "content": text}]
        error = refused(
            openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=messages)
        )
        assert error.code == "context_length_exceeded", error.body


def test_api_keys_open_the_door_and_their_limits_hold(network, model, question):
    """Demand 2: 401 without a known key, 402 over the budget, 429 with the time to wait."""
    limits = [("--budget", "1"), ("--per-minute", "1"), ()]
    with network.gateway(keys=limits) as gateway:
        poor, slow, free = gateway.keys

        def ask(key):
            with openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0) as client:
                return client.chat.completions.create(model=model, messages=question, max_tokens=TOKENS)

        error = refused(openai.AuthenticationError, lambda: ask("ak-unknown"))
        assert error.code == "invalid_api_key"
        error = refused(openai.APIStatusError, lambda: ask(poor))
        assert (error.status_code, error.code) == (402, "insufficient_funds")
        assert network.money_of(gateway.address) == 150_000_000, "nothing was paid"
        first = ask(slow)
        error = refused(openai.RateLimitError, lambda: ask(slow))
        assert error.code == "rate_limit" and 1 <= int(error.response.headers["retry-after"]) <= 60
        assert ask(free).id == first.id, "another key of the same gateway gets the same answer"


def test_without_a_quorum_it_is_422_and_is_not_posted_again(network, model, question):
    """Demand 2: no_quorum while two of five workers hold still, whole and as an error event of a stream."""
    asked = {"model": model, "messages": question, "max_tokens": TOKENS}
    with openai.OpenAI(base_url=network.base_url, api_key="x", max_retries=2, timeout=120) as client:

        def streamed():
            with pytest.raises(openai.APIError) as caught:
                list(client.chat.completions.create(**asked, stream=True))
            return caught.value

        with network.stopped(3, 4), ThreadPoolExecutor(1) as pool:
            other = pool.submit(streamed)
            error = refused(
                openai.UnprocessableEntityError, lambda: client.chat.completions.create(**asked)
            )
            assert error.code == other.result().code == "no_quorum"
    assert error.body["ballots"] == [], "three commitments are no quorum: nothing was opened"
    assert error.body["task"] == other.result().body["task"]
    task = network.query({"task": {"task": error.body["task"]}})
    assert task["status"] == "failed" and network.posts_of(task["prompt"]) == 1


def test_with_all_workers_gone_it_is_503_and_nothing_is_paid(network, model, question):
    """Demand 2: no_workers with the time to wait; later the same request is answered."""
    asked = {"model": model, "messages": question, "max_tokens": TOKENS}
    with openai.OpenAI(base_url=network.base_url, api_key="x", max_retries=0, timeout=120) as client:
        with network.stopped(0, 1, 2, 3, 4):
            error = refused(openai.InternalServerError, lambda: client.chat.completions.create(**asked))
        assert (error.status_code, error.code) == (503, "no_workers")
        assert int(error.response.headers["retry-after"]) >= 1
        reply = client.chat.completions.create(**asked)
        assert network.posts_of(reply.model_extra["antiphon"]["prompt_cid"]) == 1
