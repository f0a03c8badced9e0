"""LangChain's chat model for OpenAI's interface against a real network."""

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

TOKENS = 8


@pytest.fixture
def chat(network, model):
    settings = {"max_tokens": TOKENS, "max_retries": 0, "timeout": 120}
    return ChatOpenAI(base_url=network.base_url, api_key="not-needed", model=model, **settings)


def test_langchain_invokes_and_keeps_fingerprint_and_usage(network, chat, question):
    """Demand 2: LangChain without streaming."""
    reply = chat.invoke(question[0]["content"])
    assert reply.content and reply.id
    assert reply.response_metadata["system_fingerprint"] == network.facts["manifest"]
    assert reply.response_metadata["id"].startswith(f"chatcmpl-{network.facts['chain_id']}-")
    assert reply.usage_metadata["output_tokens"] <= TOKENS


def test_langchain_streams_the_same_text(network, chat, question):
    """Demand 2: LangChain with streaming; every chunk has a choice (Demand 4)."""
    pieces = list(chat.stream(question[0]["content"]))
    text = "".join(piece.content for piece in pieces)
    assert text == chat.invoke(question[0]["content"]).content
    assert any(piece.response_metadata.get("system_fingerprint") == network.facts["manifest"] for piece in pieces)


def test_langchain_reads_headers_and_runs_a_chain_of_messages(network, model, question):
    """Demand 2: a prompt template, a conversation, response headers."""
    chat = ChatOpenAI(
        base_url=network.base_url, api_key="x", model=model, max_tokens=TOKENS, include_response_headers=True
    )
    chain = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "{text}")]) | chat
    reply = chain.invoke({"text": question[0]["content"]})
    task = int(reply.response_metadata["headers"]["x-antiphon-task"])
    assert network.wait_for_end(task)["status"] == "final"
    turns = [
        SystemMessage("Be brief."),
        HumanMessage(question[0]["content"]),
        AIMessage(reply.content or "Two."),
        HumanMessage("Why?"),
    ]
    assert StrOutputParser().invoke(chat.invoke(turns))


def test_langchain_batches_the_same_question_into_one_task(network, chat, question):
    """Demand 3: a batch of three equal questions, run at once."""
    text = question[0]["content"]
    replies = chat.batch([text, text, text])
    tasks = {reply.response_metadata["id"] for reply in replies}
    assert len(tasks) == 1 and len({reply.content for reply in replies}) == 1
    task = int(tasks.pop().rsplit("-", 1)[1])
    prompt = network.query({"task": {"task": task}})["prompt"]
    assert len(network.tasks_of(prompt)) == network.posts_of(prompt) == 1


def test_langchain_raises_the_clients_own_errors(network, chat, question):
    """Demand 2: errors of the gateway come through LangChain by their class and code."""
    with pytest.raises(openai.NotFoundError) as caught:
        chat.model_copy(update={"model_name": "gpt-9"}).invoke(question[0]["content"])
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as caught:
        chat.invoke("a" * 5000)
    assert caught.value.code == "context_length_exceeded"
