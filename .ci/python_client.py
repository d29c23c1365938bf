"""Make a Python client of the API's document and compile it strictly: `make client`.

What a stranger's generator makes of the document, and a strict type checker of that, is what strangers get.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "ui" / "openapi.json"
OUT = ROOT / "build" / "python-client"
PACKAGE = OUT / "octobot_node_client"
_OPTIONS = ["--meta", "none", "--overwrite", "--config"]


def generate(python: Path) -> None:
    """Write the package with the generator of that environment; its complaints are looked at afterwards, as gaps."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    settings = OUT / "settings.json"
    settings.write_text(json.dumps({"package_name_override": PACKAGE.name, "post_hooks": []}))
    generator = python.with_name("openapi-python-client")
    command = [str(generator), "generate", "--path", str(DOCUMENT), *_OPTIONS, str(settings)]
    command += ["--output-path", str(PACKAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the generator failed:\n{done.stdout}{done.stderr}")


def gaps() -> list[str]:
    """Return the operations of the document that the client lacks: what the generator cannot read it passes over."""
    paths = json.loads(DOCUMENT.read_text())["paths"]
    named = {each["operationId"] for item in paths.values() for each in item.values() if "operationId" in each}
    made = {path.stem for path in PACKAGE.glob("api/*/*.py")}
    return sorted(named - made)


def main(python: str) -> int:
    """Make it and check it; return the exit code."""
    generate(Path(python))
    wrong = gaps()
    if wrong:
        sys.stderr.write(f"in the document and not in its Python client: {', '.join(wrong)}\n")
        return 1
    own = Path(sys.executable).with_name("mypy")
    options = ["--strict", "--config-file=", "--no-error-summary", f"--python-executable={python}"]
    cache = f"--cache-dir={OUT / '.mypy_cache'}"
    return subprocess.run([own, *options, cache, PACKAGE], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
