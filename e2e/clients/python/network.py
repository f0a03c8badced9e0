"""One real local network for all tests, and what the chain says about it."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 180
STOP_SECONDS = 20
HTTP_SECONDS = 30


def read_json(url, body=None):
    """The JSON at a URL; a refusal is an exception with its text."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=HTTP_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{url}: {error.code} {error.read().decode()}") from error


def raw_cid(data):
    """The content id of one raw block, by hand."""
    hashed = bytes([1, 0x55, 0x12, 0x20]) + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(hashed).decode().lower().rstrip("=")


def program(name):
    folder = os.environ.get("ANTIPHON_BIN_DIR")
    if not folder:
        raise RuntimeError("ANTIPHON_BIN_DIR is not set: run this by `cargo xtask ci --only clients`")
    return str(Path(folder) / name)


class Program:
    """A process that prints one JSON line when it is up; stopped in every case."""

    def __init__(self, arguments):
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = []
        threading.Thread(target=self._listen, daemon=True).start()
        timer = threading.Timer(START_SECONDS, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line.startswith("{"):
            self.stop()
            raise RuntimeError("\n".join([f"{arguments[0]} did not start:", *self.said[-20:]]))
        self.facts = json.loads(line)

    def _listen(self):
        for line in self.process.stderr:
            self.said.append(line.rstrip())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Network:
    """What the tests know of the network: its facts, its chain, its processes."""

    def __init__(self, facts):
        self.facts = facts
        self.home = Path(facts["home"])

    @property
    def base_url(self):
        return f"{self.facts['gateway']}/v1"

    def query(self, message):
        """A smart query of the contract."""
        text = base64.b64encode(json.dumps(message).encode()).decode()
        path = f"cosmwasm/wasm/v1/contract/{self.facts['contract']}/smart/{urllib.parse.quote(text, safe='')}"
        return read_json(f"{self.facts['rest']}/{path}")["data"]

    def tasks_of(self, prompt):
        """Every task on chain about this prompt, open or done."""
        found = []
        for which in ("open", "done"):
            after = None
            while True:
                page = self.query({"tasks": {"filter": which, "start_after": after, "limit": 30}})["tasks"]
                found += [task for task in page if task["prompt"] == prompt]
                if len(page) < 30:
                    break
                after = page[-1]["task"]
        return found

    def posts_of(self, prompt):
        """Transactions that asked about this prompt and were charged for it."""
        query = f"wasm-task_added._contract_address='{self.facts['contract']}' AND wasm-task_added.prompt='{prompt}'"
        arguments = {"query": query, "page": "1", "per_page": "30", "order_by": "asc"}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tx_search", "params": arguments}
        return int(read_json(self.facts["rpc"], body)["result"]["total_count"])

    def money_of(self, address):
        """Coins and prepaid balance of an account, together."""
        path = f"cosmos/bank/v1beta1/balances/{address}/by_denom?denom={self.facts['denom']}"
        coins = int(read_json(f"{self.facts['rest']}/{path}")["balance"]["amount"])
        return coins + int(self.query({"balance": {"address": address}})["amount"])

    def wait_for_end(self, task):
        """The task once it is final or failed: only then is its money settled."""
        for _ in range(300):
            found = self.query({"task": {"task": task}})
            if found["status"] in ("final", "failed"):
                return found
            time.sleep(0.1)
        raise RuntimeError(f"task {task} did not end")

    @contextmanager
    def stopped(self, *workers):
        """Workers that hold still, as in a power cut, for the length of a block."""
        pids = [self.facts["processes"][f"worker-{index}"] for index in workers]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def gateway(self, *options, keys=()):
        """A second gateway with a funded key of its own; `keys` are options of API keys to make first."""
        with tempfile.TemporaryDirectory(prefix="antiphon-gateway-") as folder:
            key, home = f"{folder}/key.json", f"{folder}/home"
            os.mkdir(home)
            antiphon = [program("antiphon"), "--network", str(self.home / "network.json")]
            made = subprocess.run([*antiphon, "keys", "new", key], check=True, capture_output=True, text=True)
            address = json.loads(made.stdout)["address"]
            read_json(f"{self.facts['faucet']}/give", {"address": address})
            secrets = []
            for number, limits in enumerate(keys):
                arguments = ["gateway", "keys", "new", "--name", f"key-{number}", "--home", home, "--json", *limits]
                made = subprocess.run([*antiphon, *arguments], check=True, capture_output=True, text=True)
                secrets.append(json.loads(made.stdout)["key"])
            arguments = ["gateway", "--key", key, "--home", home, "--listen", "127.0.0.1:0", "--json", *options]
            running = Program([*antiphon, *arguments])
            try:
                yield Gateway(running.facts, address, secrets)
            finally:
                running.stop()


class Gateway:
    """A gateway of a test's own."""

    def __init__(self, facts, address, keys):
        self.base_url = f"{facts['address']}/v1"
        self.address = address
        self.keys = keys


@contextmanager
def running():
    """The network whose facts `ANTIPHON_E2E_FACTS` names, or a new one that ends with the tests."""
    given = os.environ.get("ANTIPHON_E2E_FACTS")
    if given:
        yield Network(json.loads(Path(given).read_text()))
        return
    started = Program([program("antiphon-localnet"), "start", "--gateway", "--faucet", "--block-time", "100", "--json"])
    try:
        yield Network(started.facts)
    finally:
        started.stop()
