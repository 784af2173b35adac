"""The ``crl-probe`` program: its commands by name, each imported when it is called."""

import importlib
from typing import Final

import click

from crl_probe.cli.ending import Program
from crl_train.cli_options import CONTEXT, with_env_module
from crl_train.version import __version__

# Commands that do not belong to a probe, with the file of each: those listed before and after the probes.
_FIRST: Final = {"report": "report", "metrics": "metrics"}
_LAST: Final = {"render": "render", "eval": "eval", "probe-set": "probe_set", "cache": "cache"}


class Commands(Program):
    """The commands, one for every probe and a few more; a command is imported only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from crl_probe.probes.registry import COMMANDS

        return [*_FIRST, *(name for name, probe in COMMANDS.items() if probe.metrics or probe.paper), *_LAST]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        file = (_FIRST | _LAST).get(cmd_name)
        if file is not None:
            return with_env_module(importlib.import_module(f"crl_probe.cli.{file}").command)
        from crl_probe.probes.registry import COMMANDS

        if cmd_name not in self.list_commands(ctx):
            return None
        from crl_probe.cli.probes import command_of

        return with_env_module(command_of(COMMANDS[cmd_name]))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            # The group knows no command before it is called, and cannot offer any.
            raise click.NoSuchCommand(error.command_name, possibilities=self.list_commands(ctx), ctx=ctx) from None


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="crl-probe")
def main() -> None:
    """Probe trained agents and compare them by depth.

    \b
    crl-probe report checkpoints/point_u_maze_*                       one page that compares depths
    crl-probe metrics checkpoints/point_u_maze_* --format latex       its numbers for a paper
    crl-probe landscape checkpoints/point_u_maze_* --save figure.pdf  one probe alone
    crl-probe render checkpoints/ant_* --format mp4                   agents in motion, as a page or a film
    """
