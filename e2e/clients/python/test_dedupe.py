"""However often the same is asked: one task, one charge."""

import threading
from concurrent.futures import ThreadPoolExecutor

import openai

TOKENS = 8


def proof_of(reply):
    return reply.model_extra["antiphon"]


def check_one(network, prompt):
    """One task and one paying transaction, by what the chain says."""
    assert len(network.tasks_of(prompt)) == 1
    assert network.posts_of(prompt) == 1


def test_three_times_one_after_the_other_is_one_task_and_one_charge(network, client, model, question):
    """Demand 3: the second and the third are free."""
    asked = {"model": model, "messages": question, "max_tokens": TOKENS}
    replies = [client.chat.completions.create(**asked) for _ in range(3)]
    assert len({reply.id for reply in replies}) == 1
    assert len({reply.choices[0].message.content for reply in replies}) == 1
    check_one(network, proof_of(replies[0])["prompt_cid"])


def test_three_at_once_whole_and_streamed_are_one_task_and_one_charge(network, client, model, question):
    """Demand 3: also when nothing of the first is on chain yet."""
    asked = {"model": model, "messages": question, "max_tokens": TOKENS}
    together = threading.Barrier(3)

    def whole():
        together.wait()
        reply = client.chat.completions.create(**asked)
        return reply.id, reply.choices[0].message.content, proof_of(reply)

    def streamed():
        together.wait()
        chunks = list(client.chat.completions.create(**asked, stream=True))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        return chunks[0].id, text, proof_of(chunks[-1])

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(work) for work in (whole, whole, streamed)]
        ids, texts, proofs = zip(*(job.result() for job in jobs))
    assert len(set(ids)) == len(set(texts)) == 1
    check_one(network, proofs[0]["prompt_cid"])


def test_a_client_that_loses_patience_and_posts_again_waits_for_the_same_task(network, model, question):
    """Demand 3: openai-python's own retries after a time-out, without an idempotency key."""
    asked = {"model": model, "messages": question, "max_tokens": TOKENS}
    hasty = openai.OpenAI(base_url=network.base_url, api_key="x", max_retries=30, timeout=0.5)
    with hasty as client:
        reply = client.chat.completions.create(**asked)
    check_one(network, proof_of(reply)["prompt_cid"])


def test_a_pending_task_is_told_and_the_retry_gets_its_answer(network, model, question):
    """Demand 3: 504 `task_pending` makes the client ask again; the money of one task is gone, no more."""
    asked = {"model": model, "messages": question, "max_tokens": TOKENS}
    with network.gateway("--patience", "1") as gateway:
        before = network.money_of(gateway.address)
        with openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0) as once:
            try:
                once.chat.completions.create(**asked)
                raise AssertionError("answered within a second: nothing was pending")
            except openai.APIStatusError as error:
                assert (error.status_code, error.code) == (504, "task_pending")
                assert error.response.headers["x-should-retry"] == "true"
        with openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=30) as patient:
            reply = patient.chat.completions.create(**asked)
        prompt = proof_of(reply)["prompt_cid"]
        check_one(network, prompt)
        task = network.wait_for_end(proof_of(reply)["task"])
        spent = before - network.money_of(gateway.address)
        paid = int(task["settlement"]["paid"])
        assert paid <= spent < 2 * paid, f"the answer once, and gas: {spent} of {paid}"
