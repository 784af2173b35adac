"""Event loops that end their work: what reads a damaged checkpoint leaves nothing behind that fails later."""

import asyncio
import contextlib
from collections.abc import Iterator


class DrainingEventLoop(asyncio.SelectorEventLoop):
    """An event loop that waits for all of its tasks before it closes.

    Orbax reads all arrays at once and closes its loop at the first that fails. The reads of the others come to their
    end in threads of TensorStore, which then call a loop that is closed, and print a traceback each.
    """

    def close(self) -> None:
        if not self.is_closed() and (tasks := asyncio.all_tasks(self)):
            self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        super().close()


@contextlib.contextmanager
def draining_event_loops() -> Iterator[None]:
    """Let every event loop that is made inside of the block be a :class:`DrainingEventLoop`; Orbax takes none."""
    original = asyncio.new_event_loop
    asyncio.new_event_loop = DrainingEventLoop
    try:
        yield
    finally:
        asyncio.new_event_loop = original
