"""The command line: `python -m extract PATH...` reads articles, `python -m extract COMMAND ...` does something else."""

import importlib
import sys

# The first word -> the module whose main(arguments) does it. A folder of such a name is read as ./name.
COMMANDS = {
    "compact": "extract.compact_command",
    "decisions": "extract.decisions_command",
    "export": "extract.export_command",
    "remove": "extract.remove_command",
}
READ = "extract.read_command"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        return importlib.import_module(COMMANDS[name]).main(arguments[1:])
    return importlib.import_module(READ).main(arguments)


if __name__ == "__main__":
    sys.exit(main())
