"""Pack packages of this folder into an archive that Python imports from.

``python pack.py [--sources] ARCHIVE PACKAGE...``: compiled, and without sources, unless these are asked for instead.
The same files make the same bytes, whenever they are packed.
"""

import compileall
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


def pack(archive: str, packages: list[str], *, compiled: bool) -> None:
    """Write the archive. Ends the process where something cannot be compiled."""
    with ZipFile(archive, "w", compresslevel=9) as packed:
        for package in packages:
            # Without the time in it: nothing is written there later, so that nothing need be compared.
            mode = PycInvalidationMode.UNCHECKED_HASH
            if compiled and not compileall.compile_dir(package, quiet=1, legacy=True, invalidation_mode=mode):
                sys.exit(f"pack: {package} cannot be compiled")
            for file in sorted(Path(package).rglob("*")):
                wanted = file.suffix != ".py" if compiled else file.suffix != ".pyc"
                if wanted and file.is_file() and file.parent.name != "__pycache__":
                    packed.writestr(ZipInfo(file.as_posix()), file.read_bytes(), ZIP_DEFLATED)


if __name__ == "__main__":
    arguments = [each for each in sys.argv[1:] if each != "--sources"]
    pack(arguments[0], arguments[1:], compiled="--sources" not in sys.argv)
