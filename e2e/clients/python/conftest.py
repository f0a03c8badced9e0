"""What every test gets: one network for all, and clients of it."""

import itertools

import openai
import pytest

import network as local

# The first fact a five-year-old asks for; a number in front makes each question a new one.
QUESTIONS = itertools.count(1)


@pytest.fixture(scope="session")
def network():
    with local.running() as found:
        yield found


@pytest.fixture
def client(network):
    """OpenAI's own client as people make it, but for the address; errors come at once."""
    with openai.OpenAI(base_url=network.base_url, api_key="not-needed", max_retries=0, timeout=120) as made:
        yield made


@pytest.fixture(scope="session")
def model(network):
    with openai.OpenAI(base_url=network.base_url, api_key="not-needed") as client:
        return client.models.list().data[0].id


@pytest.fixture
def question(request):
    """A question nobody asked before on this chain, as `messages`."""
    text = f"Count: {next(QUESTIONS)} for {request.node.name}. What is next?"
    return [{"role": "user", "content": text}]
