"""Starts a demonstration service on free ports, lays out something of everything, and lets Schemathesis loose on it."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from bodies import sound_bodies
from service import Service
from things import QUARTER_MS, lay_out

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
# What a document can be held to. Whether lawful data is accepted and unlawful data refused is decided by rules that no schema holds (who may,
# from when, which sites); the tests of the routes see to those.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
]
# What is left out, and why.
LEFT_OUT = {
    "delete_api_v1_session": "it signs out those who ask",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="questions for each operation, beside those at the bounds of each value")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--phases", default="coverage,fuzzing")
    parser.add_argument("--only", help="a part of the paths of the operations to ask")
    parser.add_argument("--report", help="an HTML file of everything that was asked and answered")
    return parser.parse_args()


def tell_depth(document, succeeded):
    """Says which operations nobody got a success from: there only the refusals were looked at."""
    all_of_them = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    rest = sorted(all_of_them - set(succeeded))
    print(f"{len(all_of_them) - len(rest)} of {len(all_of_them)} operations answered with success; not: {', '.join(rest)}", file=sys.stderr)


def main():
    chosen = arguments()
    executable = ROOT / "target/debug/sidang"
    if not executable.exists():
        sys.exit("target/debug/sidang is missing: cargo build --workspace --locked")
    with tempfile.TemporaryDirectory(prefix="sidang-try-") as folder:
        with Service(executable, pathlib.Path(folder) / "data") as service:
            cast = service.cast()
            administrator = cast["system_administrator"]
            told, succeeded = pathlib.Path(folder) / "told.json", pathlib.Path(folder) / "succeeded.json"
            things = lay_out(cast)
            told.write_text(json.dumps({
                "sessions": {role: session.headers for role, session in cast.items()},
                "things": things,
                "bodies": sound_bodies(cast, things, int(time.time() * 1000) // QUARTER_MS * QUARTER_MS),
            }))
            command = [str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", f"{service.origin}/api/v1/openapi.json",
                       "--checks", ",".join(CHECKS), "--phases", chosen.phases, "--max-examples", str(chosen.examples),
                       "--seed", str(chosen.seed), "--generation-database", "none", "--continue-on-failure", "--request-timeout", "40",
                       "--workers", "1", "--warnings", "off", "--suppress-health-check", "all", "--no-color"]
            for operation in LEFT_OUT:
                command += ["--exclude-operation-id", operation]
            if chosen.only:
                command += ["--include-path-regex", chosen.only]
            if chosen.report:
                command += ["--report", "html", "--report-html-path", chosen.report]
            environment = dict(os.environ, SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(HERE), SIDANG_TOLD=str(told), SIDANG_SUCCEEDED=str(succeeded))
            code = subprocess.run(command, env=environment, cwd=folder).returncode
            tell_depth(administrator.get("/openapi.json"), json.loads(succeeded.read_text()))
            broken = [line for line in service.log() if " ERROR " in line or "panicked" in line]
            for line in broken[:50]:
                print(line, file=sys.stderr)
            if not service.runs():
                sys.exit("the service ended")
    sys.exit(code or (1 if broken else 0))


main()
