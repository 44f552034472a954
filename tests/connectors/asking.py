"""HTTP clients that are not ours: Python's urllib, curl, Node's fetch. Each gives (status, headers, body)."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

import pytest

Asked = tuple[int, dict[str, str], bytes]
Ask = Callable[[str, bytes, Mapping[str, str]], Asked]

NODE = """
const [url, headers] = process.argv.slice(1);
const chunks = [];
process.stdin.on('data', c => chunks.push(c)).on('end', async () => {
  const answer = await fetch(url, {method: 'POST', headers: JSON.parse(headers), body: Buffer.concat(chunks)});
  const body = Buffer.from(await answer.arrayBuffer()).toString('latin1');
  process.stdout.write(JSON.stringify([answer.status, Object.fromEntries(answer.headers), body]));
});
"""


def by_urllib(url: str, body: bytes, headers: Mapping[str, str]) -> Asked:
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, {key.lower(): value for key, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {key.lower(): value for key, value in error.headers.items()}, error.read()


def by_curl(url: str, body: bytes, headers: Mapping[str, str]) -> Asked:
    words = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "-i", "--max-time", "20", "--data-binary", "@-", "-H", "Expect:", *words, url]
    done = subprocess.run(command, input=body, capture_output=True, check=True)
    head, _, rest = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    return int(lines[0].split()[1]), {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}, rest


def by_node(url: str, body: bytes, headers: Mapping[str, str]) -> Asked:
    done = subprocess.run(["node", "-e", NODE, url, json.dumps(dict(headers))], input=body, capture_output=True, check=True)
    status, answered, text = json.loads(done.stdout)
    return status, answered, text.encode("latin-1")


def _need(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


CLIENTS = [
    pytest.param(by_urllib, id="urllib"),
    pytest.param(by_curl, id="curl", marks=_need("curl")),
    pytest.param(by_node, id="node", marks=_need("node")),
]
