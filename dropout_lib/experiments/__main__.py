"""The command line: list experiments, run them, and report what is stored."""

import argparse
import sys
import tempfile
from pathlib import Path

from . import MODULES, get
from .runner import RunError, run_all
from .store import RESULTS, status

STOPPING = """\
A run can be stopped or killed at any time. Each seed is stored as soon as it is finished, so the
same command goes on with the others. That holds for --again too: as long as a repetition is not
complete, a file named "again" lies in the experiment's folder of results, and --again goes on with
that repetition instead of beginning a new one. To begin from the first seed, delete that file.
"""
CLUSTER = """\
On a Dask cluster (pip install 'dropout_lib[cluster]' here and on every worker), as many seeds run
side by side as there are workers. Results come back to this process, which stores them.
"""


def main(arguments=None):
    options = _options(arguments)
    try:
        return options.command(options)
    except RunError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what was finished is stored", file=sys.stderr)
        return 130


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m dropout_lib.experiments")
    commands = parser.add_subparsers(required=True, metavar="list | run | report")
    listing = commands.add_parser("list", help="the experiments: what is stored, what they ask")
    reporting = commands.add_parser("report", help="what is stored, and what became of the claims")
    running = commands.add_parser(
        "run",
        help="run the seeds that are not stored yet",
        epilog=f"{STOPPING}\n{CLUSTER}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_run_options(running)
    listing.set_defaults(command=_list)
    reporting.set_defaults(command=_report)
    running.set_defaults(command=_run)
    for command in (listing, reporting, running):
        command.add_argument("--folder", type=Path, default=RESULTS, help="where results are kept")
    options = parser.parse_args(arguments)
    if options.command is _run:
        options.experiments = _chosen(options, running)
    return options


def _add_run_options(parser):
    parser.add_argument("names", nargs="*", metavar="NAME", help="an experiment")
    parser.add_argument(
        "--all", action="store_true", help="every experiment but those that download something"
    )
    parser.add_argument("--seeds", type=_count, help="how many seeds instead of the full number")
    parser.add_argument("--jobs", type=_count, default=1, help="processes side by side")
    parser.add_argument("--quick", action="store_true", help="a smoke run that stores nothing")
    parser.add_argument(
        "--again",
        action="store_true",
        help="also the seeds that are stored; once more after a kill, it goes on where it stopped",
    )
    parser.add_argument(
        "--device",
        default="cpu",
        help="where to run experiments that take a device: cpu, cuda, cuda:1, mps. "
        "Stored seeds count whatever device they were made on",
    )
    parser.add_argument("--backend", choices=("local", "dask"), default="local")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of Dask: tcp://192.168.0.10:8786")


def _count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"has to be a whole number of at least 1, but got {text}")
    return int(text)


def _chosen(options, parser):
    """The experiments that were asked for; a mistake in the options ends the program."""
    if (options.backend == "dask") != (options.scheduler is not None):
        parser.error("a Dask cluster takes both --backend dask and --scheduler ADDRESS")
    names = MODULES if options.all else options.names
    if not names:
        parser.error("name an experiment, or say --all")
    try:
        chosen = [get(name) for name in names]
    except KeyError as error:
        parser.error(error.args[0])
    return [e for e in chosen if e.name in options.names or not e.downloads]


def _run(options):
    common = {"jobs": options.jobs, "device": options.device, "scheduler": options.scheduler}
    if options.quick:
        with tempfile.TemporaryDirectory() as scratch_folder:
            quick = [experiment.quickly() for experiment in options.experiments]
            run_all(quick, folder=scratch_folder, **common)
    else:
        own = {"seeds": options.seeds, "folder": options.folder, "again": options.again}
        run_all(options.experiments, **own, **common)
    return 0


def _list(options):
    for name, stored in _statuses(options.folder):
        print(_line(name, stored, get(name).question))
    return 0


def _report(options):
    from ..claims import report_lines

    for name, stored in _statuses(options.folder):
        print(_line(name, stored))
    print()
    for line in report_lines():
        print(line)
    return 0


def _statuses(folder):
    return [(name, status(get(name), folder=folder)) for name in MODULES]


def _line(name, stored, question=""):
    seeds = f"{stored.stored}/{stored.needed}"
    state, downloads = str(stored), get(name).downloads
    if downloads and not stored.stored:
        state = f"not run (it downloads {downloads})"
    columns = f"{name:26}{seeds:>6}{_clock(stored.seconds):>10}  {state:10}  {question}"
    return columns.rstrip()


def _clock(seconds):
    """Hours, minutes and seconds.

    >>> _clock(3725.4)
    '1:02:05'
    """
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


if __name__ == "__main__":
    sys.exit(main())
