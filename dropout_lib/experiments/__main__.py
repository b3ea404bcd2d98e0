"""The command line: list experiments, and run them."""

import argparse
import sys
import tempfile
from pathlib import Path

from . import MODULES, get, run
from .runner import RESULTS


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m dropout_lib.experiments")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the experiments and what they ask")
    running = commands.add_parser("run", help="run the seeds that are not stored yet")
    running.add_argument("names", nargs="*", metavar="NAME")
    running.add_argument("--all", action="store_true", help="every experiment")
    running.add_argument("--seeds", type=int, help="how many seeds instead of the full number")
    running.add_argument("--jobs", type=int, default=1, help="processes side by side")
    running.add_argument("--quick", action="store_true", help="a smoke run that stores nothing")
    running.add_argument("--again", action="store_true", help="also the seeds that are stored")
    running.add_argument("--folder", type=Path, default=RESULTS, help="where results are kept")
    options = parser.parse_args(arguments)

    if options.command == "list":
        for name in MODULES:
            print(f"{name:24}{get(name).seeds:3} seeds  {get(name).question}")
        return 0
    chosen = MODULES if options.all else options.names
    if not chosen:
        parser.error("name an experiment, or say --all")
    try:
        experiments = [get(name) for name in chosen]
    except KeyError as error:
        parser.error(error.args[0])
    with tempfile.TemporaryDirectory() as scratch_folder:
        for experiment in experiments:
            if options.quick:
                run(experiment.quickly(), jobs=options.jobs, folder=scratch_folder)
            else:
                run(
                    experiment,
                    seeds=options.seeds,
                    jobs=options.jobs,
                    folder=options.folder,
                    again=options.again,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
