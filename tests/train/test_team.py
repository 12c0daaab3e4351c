"""Several processes as `accelerate launch` starts them: other batches, the mean of all gradients, the same weights."""

import os
import socket
import subprocess
import sys

import pytest

from intaglio.train.team import team

pytest.importorskip("accelerate")

CODE = """
import torch
from intaglio.train.team import team
us = team()
layer = torch.nn.Linear(3, 2)
torch.manual_seed(0)
with torch.no_grad():
    for parameter in layer.parameters():
        parameter.fill_(0.5)
seed = us.seeds(7, 3)
layer.weight.sum().mul(us.rank + 1).backward()
us.average(list(layer.parameters()))
us.wait()
print(us.rank, us.size, us.first, seed, layer.weight.grad.unique().tolist(), layer.bias.grad.unique().tolist(),
      us.agree(True), us.agree(us.first), sep="|", flush=True)
"""


def test_two_processes_hold_the_same_gradients() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "ACCELERATE_USE_CPU": "true"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CODE],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = sorted(process.communicate(timeout=240)[0].strip() for process in processes)
    assert said == [
        "0|2|True|(7, 3)|[1.5]|[0.0]|True|False",
        "1|2|False|(7, 3, 1)|[1.5]|[0.0]|True|False",
    ]


def test_a_process_alone_is_the_first() -> None:
    us = team()
    assert us.first and us.size == 1 and us.seeds(1, 2) == (1, 2) and us.agree(True) and not us.agree(False)
    us.wait()
