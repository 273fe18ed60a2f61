"""Rows of results, as a bench would have measured them."""

from benchmarks.results import Row, Run


def run(
    wall: float,
    *,
    cpu: float = 0.1,
    megabytes: float = 30.0,
    others: float = 0.0,
    pace: float = 0.0,
) -> Run:
    """A run that sent 100 requests."""
    return Run(wall, cpu, megabytes, requests=100, server_cpu=0.005, others=others, pace=pace)


def row(case: str, *walls: float, section: str = "Plan", reference: str = "ours") -> Row:
    """A case with 10 jobs and 20 ms of latency: latency alone takes 0.2 s."""
    runs = tuple(map(run, walls))
    return Row("plan", section, case, runs, jobs=10, latency=0.02, reference=reference)
