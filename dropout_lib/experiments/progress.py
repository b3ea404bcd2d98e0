"""How far a run is, and how long it will still take."""

import heapq
import sys
import threading
import time


class Forecast:
    """How long a run will take, from what its seeds took before and what they take now.

    Args:
        seeds: how many seeds each experiment will run, in the order in which they start: a dict.
        before: seconds per seed of each experiment in earlier runs, None where there are none.
        jobs: processes side by side.

    >>> forecast = Forecast({"long": 2, "short": 3}, {"long": 60, "short": 10}, jobs=1)
    >>> forecast.seconds()
    150.0
    >>> forecast.finished("long", 30)  # this machine is twice as fast
    >>> forecast.seconds()
    75.0
    """

    def __init__(self, seeds, before, jobs):
        self.waiting = dict(seeds)
        self.before = dict(before)
        self.jobs = jobs
        self.measured = {name: [] for name in seeds}

    def finished(self, name, seconds):
        self.waiting[name] -= 1
        self.measured[name].append(seconds)

    def skipped(self, name):
        self.waiting[name] -= 1

    def per_seed(self):
        """Expected seconds of each experiment's next seed; None if nothing is known of any."""
        pace = self._pace()
        known = {
            name: sum(seconds) / len(seconds) if seconds else pace * self.before[name]
            for name, seconds in self.measured.items()
            if seconds or self.before[name] is not None
        }
        if not known:
            return None
        usual = sum(known.values()) / len(known)  # what has never been run is taken to be average
        return {name: known.get(name, usual) for name in self.waiting}

    def seconds(self):
        """From the start of the run to its end; None if nothing is known."""
        expected = self.per_seed()
        if expected is None:
            return None
        durations = []
        for name, count in self.waiting.items():
            durations += self.measured[name] + count * [expected[name]]
        return makespan(durations, self.jobs)

    def _pace(self):
        """How much longer seeds take now than they took before."""
        both = [name for name in self.measured if self.measured[name] and self.before[name]]
        before = sum(self.before[name] * len(self.measured[name]) for name in both)
        return sum(sum(self.measured[name]) for name in both) / before if before else 1.0


def makespan(durations, jobs):
    """When the last is done, if each begins as soon as one of so many places is free.

    >>> makespan([4, 3, 2, 1], jobs=2)
    5.0
    """
    free = [0.0] * jobs
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


class Bar:
    """One progress bar for all seeds of all experiments; it moves on while long seeds run."""

    def __init__(self, forecast, shown=True):
        from tqdm import tqdm

        self.forecast = forecast
        self.seeds = sum(forecast.waiting.values())
        self.start = time.monotonic()
        self.bar = tqdm(
            total=1,
            disable=not shown,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}{postfix}",
            file=sys.stderr,
            dynamic_ncols=True,
        )
        self.closed = threading.Event()

    def __enter__(self):
        self.draw()
        if not self.bar.disable and sys.stderr.isatty():  # a log gets a line per seed only
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.closed.set()
        self.draw()
        self.bar.close()

    def finished(self, name, seconds):
        self.forecast.finished(name, seconds)
        self.draw()

    def skipped(self, name):
        self.forecast.skipped(name)
        self.draw()

    def draw(self):
        done = self.seeds - sum(self.forecast.waiting.values())
        whole = self.forecast.seconds()
        elapsed = time.monotonic() - self.start
        if done == self.seeds:
            share, left = 1, "done"
        elif whole is None or elapsed > whole:  # nothing to go by, or what there was proved wrong
            share, left = done / self.seeds, "time left unknown"
        else:
            share = elapsed / whole
            left = f"about {self.bar.format_interval(round(whole - elapsed))} left"
        self.bar.n = share
        self.bar.set_description_str(f"{done}/{self.seeds} seeds", refresh=False)
        self.bar.set_postfix_str(left, refresh=False)
        self.bar.refresh()

    def _tick(self):
        while not self.closed.wait(1):
            self.draw()
