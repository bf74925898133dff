"""`flask seed load`: the load as a command. It stands with the tools, and wsgi.py adds it to the others."""

from __future__ import annotations

from importlib import import_module

import click
from flask.cli import with_appcontext


@click.command("load")
@click.option("--tickets", type=click.IntRange(1, 5_000_000), required=True)
@click.option("--open", "open_", type=click.IntRange(0), default=None, help="How many not ended.")
@click.option("--messages", type=click.IntRange(1, 50), default=2, help="On average, per ticket.")
@click.option("--agents", type=click.IntRange(1, 5000), default=40)
@click.option("--articles", type=click.IntRange(0, 100_000), default=200)
@click.option("--seed", "number", type=int, default=1, help="The same number, the same rows.")
@with_appcontext
def load(
    tickets: int, open_: int | None, messages: int, agents: int, articles: int, number: int
) -> None:
    """Very many invented tickets for load tests, all or none."""
    run = import_module("benchmarks.load.run")  # with its texts, for who invents so many
    report = run.seed_load(
        tickets, open_, messages, agents, number, progress=_say, articles=articles
    )
    click.echo(
        f"{report.tickets} tickets ({report.open} open), {report.messages} messages, "
        f"{report.events} events, {report.customers} customers, {report.articles} articles."
    )
    click.echo(f"{report.long_talk} has twenty messages.")
    click.echo(f"Sign in with the password {run.LOAD_PASSWORD} as one of:")
    for email in report.agents[:10]:
        click.echo(f"  {email}")


def _say(words: str) -> None:
    click.echo(words, err=True)
