"""OpenAI's own Python client against a real network."""

import asyncio
import json
import subprocess

import openai
import pytest

from network import program, raw_cid, read_json

TOKENS = 8


def check_proof(network, proof, text):
    """What the reply says of its agreement is what the chain says."""
    task = network.wait_for_end(proof["task"])
    assert task["prompt"] == proof["prompt_cid"]
    assert raw_cid(text.encode()) == proof["answer_cid"]
    assert proof["votes"] >= proof["quorum"] == task["quorum"]
    assert len(network.tasks_of(proof["prompt_cid"])) == 1


def test_a_chat_is_answered_with_usage_ids_and_its_proof(network, client, model, question):
    """Demand 2: openai-python gets a valid reply, and everything it keeps of the proof is true."""
    raw = client.chat.completions.with_raw_response.create(model=model, messages=question, max_tokens=TOKENS)
    reply = raw.parse()
    choice = reply.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert 1 <= reply.usage.completion_tokens <= TOKENS
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    proof = reply.model_extra["antiphon"]
    check_proof(network, proof, choice.message.content)
    assert reply.id == f"chatcmpl-{network.facts['chain_id']}-{proof['task']}"
    assert reply.system_fingerprint == network.facts["manifest"] == proof["manifest"]
    assert reply.usage.model_extra["antiphon"]["task"] == proof["task"]
    assert raw.headers["x-antiphon-task"] == str(proof["task"])
    assert raw.headers["x-antiphon-answer"] == proof["answer_cid"]
    assert raw.headers["x-request-id"] == reply._request_id


def test_a_stream_holds_the_same_text_and_names_its_proof_once(network, client, model, question):
    """Demand 2: openai-python streams; the finish chunk alone carries the proof."""
    stream = client.chat.completions.create(
        model=model, messages=question, max_tokens=TOKENS, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    proofs = [chunk for chunk in chunks if chunk.model_extra.get("antiphon")]
    assert len(proofs) == 1 and proofs[0].choices[0].finish_reason in ("stop", "length")
    check_proof(network, proofs[0].model_extra["antiphon"], text)
    assert chunks[-1].usage.completion_tokens <= TOKENS and not chunks[-1].choices
    whole = client.chat.completions.create(model=model, messages=question, max_tokens=TOKENS)
    assert whole.choices[0].message.content == text
    assert whole.id == chunks[0].id


def test_the_streaming_helper_of_the_library_ends_with_the_text(client, model, question):
    """Demand 2: the helper `.stream()`, which is stricter than the plain stream, accepts every event."""
    with client.chat.completions.stream(model=model, messages=question, max_tokens=TOKENS) as stream:
        seen = "".join(event.delta for event in stream if event.type == "content.delta")
        final = stream.current_completion_snapshot
    assert final.choices[0].message.content == seen != "" and final.choices[0].finish_reason


def test_the_asynchronous_client_and_the_older_interface_work_too(network, model, question):
    """Demand 2: `AsyncOpenAI`, and `/v1/completions` both whole and streamed."""

    async def ask():
        async with openai.AsyncOpenAI(base_url=network.base_url, api_key="x", max_retries=0) as client:
            prompt = question[0]["content"]
            asked = {"model": model, "prompt": prompt, "max_tokens": TOKENS}
            whole = await client.completions.create(**asked)
            pieces = [piece async for piece in await client.completions.create(**asked, stream=True)]
            chat = await client.chat.completions.create(model=model, messages=question, max_tokens=TOKENS)
            return whole, pieces, chat

    whole, pieces, chat = asyncio.run(ask())
    assert whole.choices[0].text == "".join(piece.choices[0].text for piece in pieces)
    assert whole.id.startswith("cmpl-") and whole.usage.completion_tokens <= TOKENS
    assert chat.choices[0].message.content == whole.choices[0].text, "a prompt is one message of the user"


def test_models_are_listed_and_found(network, client, model):
    """Demand 2: `/v1/models` and `/v1/models/{id}` have OpenAI's form."""
    listed = client.models.list().data
    assert [entry.object for entry in listed] == ["model"]
    facts = client.models.retrieve(model).model_extra["antiphon"]
    assert facts["manifest"] == network.facts["manifest"] and facts["seats"] == 5


def test_a_conversation_is_one_document_and_settings_are_part_of_it(network, client, model, question):
    """Demand 2: several turns, a system message, sampling with a seed: the same again is the same task."""
    turns = [
        {"role": "system", "content": "Answer in one word."},
        *question,
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "And after that?"},
    ]
    settings = {"temperature": 0.7, "top_p": 0.9, "seed": 7, "max_tokens": TOKENS, "stop": ["\n"]}
    first = client.chat.completions.create(model=model, messages=turns, **settings)
    again = client.chat.completions.create(model=model, messages=turns, **settings)
    other = client.chat.completions.create(model=model, messages=turns, **{**settings, "seed": 8})
    assert first.id == again.id != other.id
    assert first.choices[0].message.content == again.choices[0].message.content


def test_what_means_nothing_here_is_ignored_and_named(client, model, question):
    """Demand 2: unknown fields do not break a request; a header names them."""
    raw = client.chat.completions.with_raw_response.create(
        model=model, messages=question, max_tokens=TOKENS, user="me", presence_penalty=0.5, extra_body={"top_a": 1}
    )
    ignored = raw.headers["x-antiphon-ignored"].split(", ")
    assert sorted(ignored) == ["presence_penalty", "top_a", "user"]


def test_the_receipt_of_a_reply_verifies_offline(network, client, model, question, tmp_path):
    """Demand 5: `/v1/receipts/{id}` and `antiphon verify` prove the answer; a changed byte is refused."""
    reply = client.chat.completions.create(model=model, messages=question, max_tokens=TOKENS)
    network.wait_for_end(reply.model_extra["antiphon"]["task"])
    receipt = read_json(f"{network.base_url}/receipts/{reply.id}")
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    verify = [program("antiphon"), "verify", str(file)]
    assert subprocess.run(verify, capture_output=True).returncode == 0
    text = file.read_text()
    cid = reply.model_extra["antiphon"]["answer_cid"]
    file.write_text(text.replace(cid, raw_cid(b"another text")))
    assert subprocess.run(verify, capture_output=True).returncode != 0


def test_curl_with_only_model_and_messages_gets_a_reply(network, model, question):
    """Demand 2: curl, and nothing but `model` and `messages`."""
    body = json.dumps({"model": model, "messages": question})
    command = ["curl", "-sS", f"{network.base_url}/chat/completions", "-H", "content-type: application/json", "-d", body]
    reply = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert reply["object"] == "chat.completion" and reply["choices"][0]["message"]["content"]


@pytest.mark.parametrize("usage", [False, True])
def test_no_chunk_lacks_choices_and_none_is_empty_unless_usage_was_asked(network, model, question, usage):
    """Demand 4: every `data:` line as bytes, read the way the simplest clients do."""
    body = {"model": model, "messages": question, "max_tokens": TOKENS, "stream": True}
    if usage:
        body["stream_options"] = {"include_usage": True}
    command = ["curl", "-sSN", f"{network.base_url}/chat/completions", "-d", json.dumps(body)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert all(line == "" or line.startswith((":", "data: ")) for line in lines), "no named events"
    events = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert events.pop() == "[DONE]"
    chunks = [json.loads(event) for event in events]
    empty = [chunk for chunk in chunks if not chunk["choices"]]
    assert len(empty) == (1 if usage else 0)
    assert usage is False or (chunks[-1] is empty[0] and chunks[-1]["usage"]["completion_tokens"] > 0)
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])


def test_while_the_committee_votes_comments_keep_the_line_open(network, model, question):
    """Demand 4: how far the vote is comes as comments, which no client reads as an event."""
    body = {"model": model, "messages": question, "max_tokens": TOKENS, "stream": True}
    command = ["curl", "-sSN", f"{network.base_url}/chat/completions", "-d", json.dumps(body)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    comments = [line for line in lines if line.startswith(":")]
    first_text = next(index for index, line in enumerate(lines) if line.startswith("data: "))
    assert comments and all(lines.index(comment) < first_text for comment in comments)
    assert any("/5" in comment for comment in comments), comments
