"""What peer.mjs is, for PyTorch: measures it on one piece of work, by lines of JSON on stdin and stdout."""

import json
import os
import resource
import sys
import time

task = json.loads(sys.stdin.readline())
options = task["options"]

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(options["threads"])

# Steps whose losses are told, counted from 1.
CHECKED = [1, 20]
# Of the steps that are timed: weights stay what they are, and no gradient decays into subnormal numbers.
TIMED_LR = 1e-9


def say(message):
    print(json.dumps(message), flush=True)


def backend():
    """What it computes with: PyTorch's own kernels by its word, MKL's by what holds them, if anything does."""
    held = os.environ.get("MKL_ENABLE_INSTRUCTIONS")
    count = torch.get_num_threads()
    threads = "1 thread" if count == 1 else f"{count} threads"
    mkl = f", MKL held to {held}" if held else ", MKL" if torch.backends.mkl.is_available() else ""
    return f"{torch.backends.cpu.get_cpu_capability()}{mkl}, {threads}"


def array(name, kind="float32"):
    return np.fromfile(f"{task['folder']}/{name}", dtype=kind)


def tensor(name, *shape):
    return torch.from_numpy(array(name).reshape(shape))


def rows(name):
    y = torch.from_numpy(array(f"{name}.y", "int32").astype("int64"))
    return tensor(f"{name}.x", len(y), -1), y


def model(net):
    """The net with the weights of the task: per layer weight [out, in] and bias, one after another in one file."""
    widths = net["widths"]
    between = nn.ReLU if net["activation"] == "relu" else nn.Sigmoid
    stack = []
    for i, (k, n) in enumerate(zip(widths, widths[1:])):
        stack += [between()] if i > 0 else []
        stack.append(nn.Linear(k, n))
    if net["loss"] == "quadratic":
        stack.append(nn.Sigmoid())
    made = nn.Sequential(*stack)
    flat = array(task["weights"])
    at = 0
    with torch.no_grad():
        for parameter in made.parameters():
            size = parameter.numel()
            parameter.copy_(torch.from_numpy(flat[at : at + size]).view_as(parameter))
            at += size
    return made


def optimizer_of(net, made, lr):
    """With PyTorch's own settings; of its implementations `fused` is the fastest, most of all for small nets."""
    kind = torch.optim.Adam if net["optimizer"] == "adam" else torch.optim.SGD
    return kind(made.parameters(), lr=lr, fused=True)


def training(net):
    """A step as one writes it."""
    made = model(net)
    optimizer = optimizer_of(net, made, task["checkLr"])
    x, y = rows("train")
    batches = list(zip(x.split(net["batch"]), y.split(net["batch"])))
    if net["loss"] == "quadratic":
        classes = net["widths"][-1]
        batches = [(bx, F.one_hot(by, classes).float()) for bx, by in batches]

        def criterion(a, t):
            return 0.5 * (a - t).square().sum() / len(a)
    else:
        criterion = F.cross_entropy
    state = {"next": 0, "loss": None}

    def steps(count, lr):
        optimizer.param_groups[0]["lr"] = lr
        for _ in range(count):
            bx, by = batches[state["next"]]
            state["next"] = (state["next"] + 1) % len(batches)
            loss = criterion(made(bx), by)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            state["loss"] = loss

    return steps, lambda: state["loss"].item()


def timer(run):
    each = 0.0

    def turn(ms):
        nonlocal each
        runs = 1 if each == 0 else max(1, round(ms / max(each, 1e-5)))
        start = time.perf_counter()
        run(runs)
        spent = (time.perf_counter() - start) * 1000
        each = spent / runs
        return {"ms": each, "runs": runs, "spent": spent}

    return turn


def gemm():
    n = task["n"]
    a, b, c = tensor("a", n, n), tensor("b", n, n), torch.empty(n, n)

    def run(count):
        for _ in range(count):
            torch.mm(a, b, out=c)

    run(1)
    c.numpy().tofile(f"{task['folder']}/{task['result']}")
    return timer(run)


def step():
    steps, loss = training(task["net"])
    losses = []
    for number in range(1, max(CHECKED) + 1):
        steps(1, task["checkLr"])
        if number in CHECKED:
            losses.append(loss())
    say({"losses": losses})
    return timer(lambda count: steps(count, TIMED_LR))


def predict():
    net = task["net"]
    made = model(net)
    x = tensor("predict.x", net["batch"], -1)

    def once():
        with torch.inference_mode():
            return made(x).softmax(1).numpy()

    once().tofile(f"{task['folder']}/{task['result']}")

    def run(count):
        for _ in range(count):
            once()

    return timer(run)


def first():
    steps, loss = training(task["net"])
    steps(1, task["checkLr"])
    say({"stepped": loss()})
    steps(task["more"], task["checkLr"])
    unit = 1 if sys.platform == "darwin" else 1024
    say({"maxRssBytes": unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})


def learn():
    net = task["net"]
    made = model(net)
    optimizer = optimizer_of(net, made, task["lr"])
    x, y = rows("train")
    test_x, test_y = rows("test")
    orders = torch.from_numpy(array("orders", "int32").astype("int64")).view(task["epochs"], -1)
    say({"version": torch.__version__, "backend": backend(), "ready": True})
    sys.stdin.readline()
    start = time.perf_counter()
    accuracies = []
    while len(accuracies) < task["epochs"] and not (accuracies and accuracies[-1] >= task["target"]):
        for index in orders[len(accuracies)].split(net["batch"]):
            optimizer.zero_grad()
            F.cross_entropy(made(x[index]), y[index]).backward()
            optimizer.step()
        with torch.inference_mode():
            accuracies.append((made(test_x).argmax(1) == test_y).float().mean().item())
        say({"accuracy": accuracies[-1]})
    say({"accuracies": accuracies, "ms": (time.perf_counter() - start) * 1000})


turn = {"gemm": gemm, "step": step, "predict": predict, "first": first, "learn": learn}[task["kind"]]()
if task["kind"] != "learn":
    say({"version": torch.__version__, "backend": backend(), "ready": True})
if turn is not None:
    for line in sys.stdin:
        say(turn(json.loads(line)["ms"]))
