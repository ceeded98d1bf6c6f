"""The main job of Bascule from end to end, with the commands a user would type.

Two fraud pipelines are trained, packed, pushed, tagged, scored, compared, promoted and rolled back
on one machine: one process, a data folder, SQLite. `make demo` runs it; with DATA=... it runs on a
table of yours.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bascule
import charges
import pandas as pd
import pipelines
import table
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

MODEL = "fraud/charge"
CANDIDATE = "candidate/boosting"
THREADS = 2
ROWS_PER_REQUEST = 20
BINARY = Path(__file__).parent.parent / "build" / "release" / "bascule"


@dataclass
class Data:
    """What the demo runs on: the training part, and the rows that will be scored as a stream."""

    train: pd.DataFrame
    stream: pd.DataFrame
    label: str
    production: pipelines.Columns
    candidate: pipelines.Columns
    extra: str  # the column that production lacks
    said: list[str] = field(default_factory=list)
    key: str | None = None
    entity: str | None = None
    amount: str | None = None
    time: str | None = None


def say(text: str = "") -> None:
    print(text, flush=True)


def step(number: int, title: str) -> None:
    say(f"\n\033[1m{number}. {title}\033[0m" if sys.stdout.isatty() else f"\n{number}. {title}")


def generated_data(rows: int) -> Data:
    frame = charges.charges(rows)
    train, stream = frame.iloc[: rows // 2], frame.iloc[rows // 2 :]
    columns = pipelines.Columns(
        ["amount", "card_age_days", "hour", "charges_last_hour"],
        ["country", "category", "device"],
        ["description"],
    )
    extra = "charges_last_hour"
    said = [
        f"{rows} card charges from a seeded generator (examples/charges.py): none ever happened"
    ]
    names = charges.KEY, charges.ENTITY, charges.AMOUNT, charges.TIME
    return Data(train, stream, charges.LABEL, columns.without(extra), columns, extra, said, *names)


def own_data(options: argparse.Namespace) -> Data:
    frame, label, said = table.read_table(options)
    if len(frame) > options.rows:
        frame = frame.sample(options.rows, random_state=0)
        said.append(f"a random {options.rows} of the rows are used, to keep the demo short")
    train, stream = train_test_split(frame, test_size=0.5, random_state=0, stratify=frame[label])
    columns = pipelines.columns_of(train.drop(columns=label))
    left_out = [name for name in train.columns if name not in [*columns.all(), label]]
    if left_out:
        said.append(f"left out as ids: {', '.join(left_out)}")
    extra = table.most_telling(train, label, columns.numbers + columns.categories)
    said.append(f"production will lack the column that tells most, '{extra}'; the candidate has it")
    return Data(
        train.reset_index(drop=True),
        stream.reset_index(drop=True),
        label,
        columns.without(extra),
        columns,
        extra,
        said,
    )


def train_and_pack(data: Data, folder: Path) -> tuple[Path, Path]:
    files = []
    for name, columns, build in (
        ("logistic", data.production, pipelines.production),
        ("boosting", data.candidate, pipelines.candidate),
    ):
        x, y = data.train[columns.all()], data.train[data.label]
        model = build(columns).fit(x, y)
        auc = roc_auc_score(
            data.stream[data.label], model.predict_proba(data.stream[columns.all()])[:, 1]
        )
        file = folder / f"{name}.bascule"
        say(
            f'>>> package = bascule.pack({name}, sample=X[:300], name="{MODEL}", positive=1, '
            f'metrics={{"auc": {auc:.4f}}})'
        )
        package = bascule.pack(
            model,
            sample=x.head(300),
            name=MODEL,
            positive=1,
            metrics={"auc": round(auc, 6)},
            notes=f"demo: {name}",
        )
        say(f'>>> package.save("{file.name}")')
        package.save(file)
        say(
            f"    {file.stat().st_size:,} bytes, {package.digest[:19]}...; scikit-learn and the "
            "engine agree on the sample and on hostile rows"
        )
        files.append(file)
    return files[0], files[1]


class Cli:
    """Runs the `bascule` command and prints it as a user would type it."""

    def __init__(self, binary: Path, url: str) -> None:
        self.binary = binary
        self.environment = {"BASCULE_URL": url, "PATH": "/usr/bin:/bin"}

    def run(
        self, *arguments: str, quiet: bool = False, shown: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        if not quiet:
            say(f"$ {shown or shlex.join(['bascule', *arguments])}")
        done = subprocess.run(
            [self.binary, *arguments], env=self.environment, text=True, capture_output=True
        )
        if not quiet:
            sys.stdout.write(
                re.sub(r"^", "    ", (done.stdout + done.stderr).rstrip("\n"), flags=re.M) + "\n"
            )
        if check and done.returncode != 0:
            raise SystemExit(
                f"'bascule {arguments[0]}' exited with {done.returncode}: {done.stderr.strip()}"
            )
        return done


class Server:
    """`bascule serve` on a free port, with a data folder of its own."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.log = (folder / "server.log").open("w")
        arguments = [
            str(binary),
            "serve",
            "--data",
            str(folder / "data"),
            "--listen",
            "127.0.0.1:0",
        ]
        self.process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://[0-9.:]+", line)
        if found is None:
            raise SystemExit(
                f"the server did not start: {line}{(folder / 'server.log').read_text()}"
            )
        self.url = found.group(0)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=40)


def envelopes(data: Data) -> list[dict[str, Any]]:
    """The stream as rows for the server: columns, and who, how much and when."""
    columns = data.candidate.all()
    features = json.loads(data.stream[columns].to_json(orient="records", double_precision=15))
    out = []
    start = pd.Timestamp.now(tz="UTC").floor("s") - pd.Timedelta(days=40)
    for i, row in enumerate(features):
        source = data.stream.iloc[i]
        when = source[data.time] if data.time else start + pd.Timedelta(minutes=i)
        envelope = {
            "row": row,
            "key": str(source[data.key]) if data.key else f"row-{i}",
            "entity": str(source[data.entity]) if data.entity else f"row-{i}",
            "time": when.isoformat().replace("+00:00", "Z"),
        }
        if data.amount:
            envelope["amount"] = float(source[data.amount])
        out.append(envelope)
    return out


class Load:
    """Keeps scoring from several threads until it is told to stop, and counts what went wrong."""

    def __init__(self, url: str, rows: list[dict[str, Any]]) -> None:
        self.url, self.rows = url, rows
        self.answers: dict[str, int] = {}
        self.failures: list[str] = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._work, args=(i,)) for i in range(THREADS)]

    def _work(self, offset: int) -> None:
        client = bascule.Client(self.url)
        position = offset
        while not self.stopping.is_set():
            envelope = self.rows[position % len(self.rows)]
            position += THREADS
            try:
                answer = client.score_rows(MODEL, [{"row": envelope["row"]}])
                version, problem = answer["version"], answer["rows"][0].get("error")
            except Exception as error:
                version, problem = "none", str(error)
            with self.lock:
                self.answers[version] = self.answers.get(version, 0) + 1
                if problem:
                    self.failures.append(str(problem))

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def summary(self) -> str:
        parts = ", ".join(
            f"{count} by {version}" for version, count in sorted(self.answers.items())
        )
        total = sum(self.answers.values())
        return f"{total} requests while the tag moved: {parts}; failed: {len(self.failures)}"


def send_stream(client: bascule.Client, rows: list[dict[str, Any]]) -> None:
    started = time.monotonic()
    refused = 0
    for first in range(0, len(rows), ROWS_PER_REQUEST):
        answer = client.score_rows(MODEL, rows[first : first + ROWS_PER_REQUEST])
        refused += sum("error" in row for row in answer["rows"])
    seconds = time.monotonic() - started
    say(
        f"    {len(rows)} rows scored in {seconds:.1f} s, {refused} refused; the answers came from "
        "production, the candidate was scored in its shadow"
    )


def post_labels(client: bascule.Client, data: Data, rows: list[dict[str, Any]]) -> None:
    labels = data.stream[data.label].to_numpy()
    batch = [
        {"key": rows[i]["key"], "value": int(labels[i]), "source": "demo"} for i in range(len(rows))
    ]
    for first in range(0, len(batch), 1000):
        client.labels(MODEL, batch[first : first + 1000])
    say(
        f"    {len(batch)} labels posted, {int(labels.sum())} of them positive; each finds its "
        "score by its key"
    )


def wait_for_log(client: bascule.Client, rows: int) -> None:
    """The shadow works behind the requests: wait until it has caught up."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        serving = client.serving()
        if (
            serving["shadow"]["queued"] == 0
            and serving["log"]["rows"] + serving["log"]["dropped"] >= rows
        ):
            return
        time.sleep(0.05)
    raise SystemExit("the score log did not catch up within 60 s")


def move_under_load(cli: Cli, server: Server, rows: list[dict[str, Any]], *command: str) -> None:
    with Load(server.url, rows) as load:
        time.sleep(0.7)
        cli.run(*command)
        time.sleep(0.7)
    say(f"    {load.summary()}")
    if load.failures:
        raise SystemExit(f"requests failed while the tag moved: {load.failures[:3]}")


def tour(data: Data, binary: Path, folder: Path) -> None:
    step(1, "Train two pipelines in scikit-learn and pack them")
    for line in data.said:
        say(f"    {line}")
    say(f"    production: logistic regression on {len(data.production.all())} columns")
    say(
        f"    candidate: gradient boosting on {len(data.candidate.all())} columns; "
        f"'{data.extra}' is new"
    )
    production, candidate = train_and_pack(data, folder)

    step(2, "Start the service: one process, a data folder, SQLite")
    say("$ bascule serve --data data --listen 127.0.0.1:0 &")
    server = Server(binary, folder)
    say(f"    listening on {server.url}")
    cli, client = Cli(binary, server.url), bascule.Client(server.url)
    try:
        drive(data, cli, client, server, production, candidate)
    finally:
        code = server.stop()
    say(f"\nThe server was told to stop (SIGTERM), finished what it had and exited with {code}.")


def drive(
    data: Data, cli: Cli, client: bascule.Client, server: Server, production: Path, candidate: Path
) -> None:
    step(3, "Create the application, push both packages, tag one for production")
    policy = {
        "threshold": 0.5,
        "actions": ["pass", "block"],
        "min_labelled": 500,
        "min_positives": 20,
    }
    (production.parent / "policy.json").write_text(json.dumps(policy))
    cli.run(
        "create",
        MODEL,
        "--kind",
        "yes/no",
        "--owner",
        "risk",
        "--label-window",
        "7d",
        "--policy",
        str(production.parent / "policy.json"),
        shown=f"bascule create {MODEL} --kind yes/no --owner risk --label-window 7d "
        "--policy policy.json",
    )
    cli.run("push", str(production), MODEL, shown=f"bascule push {production.name} {MODEL}")
    cli.run("push", str(candidate), MODEL, shown=f"bascule push {candidate.name} {MODEL}")
    cli.run("tag", f"{MODEL}:production", "v1", "--reason", "first release")
    say("    The candidate is scored in the shadow of production from now on; it answers nobody:")
    cli.run("tag", f"{MODEL}:{CANDIDATE}", "v2", "--reason", f"boosting, with {data.extra}")

    step(4, "Score a stream of rows, with keys, entities and times")
    rows = envelopes(data)
    say(f"    a first one by hand: POST {server.url}/v1/models/{MODEL}/score")
    say(f"    {json.dumps(rows[0])}")
    say(f"    -> {json.dumps(client.score_rows(MODEL, rows[:1]))}")
    send_stream(client, rows)
    wait_for_log(client, len(rows))

    step(5, "Labels arrive late, and join by key")
    post_labels(client, data, rows)

    judge_and_move(cli, server, rows)


def judge_and_move(cli: Cli, server: Server, rows: list[dict[str, Any]]) -> None:
    step(6, "The report compares both on the same rows")
    shown = cli.run("report", f"{MODEL}:{CANDIDATE}").stdout
    report = shown.split()[-1]  # its last line: "report d435fc9ec9d5"

    step(7, "Promote the better one, under load")
    if "Verdict: PASS" not in shown:
        say("    The report does not pass: the policy refuses a promotion, and a team stops here:")
        cli.run("promote", f"{MODEL}:{CANDIDATE}", "--report", report, "--yes", check=False)
        say("    For the demo it is forced, with a reason that the history keeps for ever:")
        move_under_load(
            cli,
            server,
            rows,
            "promote",
            f"{MODEL}:{CANDIDATE}",
            "--force",
            "--reason",
            "demo: forced on purpose",
            "--yes",
        )
    else:
        move_under_load(
            cli,
            server,
            rows,
            "promote",
            f"{MODEL}:{CANDIDATE}",
            "--report",
            report,
            "--reason",
            "better on the same rows",
            "--yes",
        )

    step(8, "Roll back, under load")
    move_under_load(
        cli, server, rows, "rollback", MODEL, "--reason", "showing the way back", "--yes"
    )

    step(9, "The history remembers")
    cli.run("history", MODEL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=BINARY, help="the bascule binary")
    parser.add_argument("--data", help="a table of yours (CSV)")
    parser.add_argument("--label", help="its label: a column's name, or its position from 0")
    parser.add_argument("--positive", help="the label's positive value; without it the rarer one")
    parser.add_argument("--header", default="yes", help="no: the table has no header line")
    parser.add_argument("--na", help="a text that means missing, such as ?")
    parser.add_argument("--rows", type=int, default=16_000, help="rows at most")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        data = own_data(options) if options.data else generated_data(options.rows)
    except table.TableError as error:
        raise SystemExit(f"demo: {error}") from None
    folder = Path(tempfile.mkdtemp(prefix="bascule-demo-"))
    try:
        tour(data, options.binary.resolve(), folder)
    finally:
        shutil.rmtree(folder)
    say(f"Done in {time.monotonic() - started:.0f} s. The data folder was temporary and is gone.")


if __name__ == "__main__":
    main()
