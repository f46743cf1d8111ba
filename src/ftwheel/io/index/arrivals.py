"""Fetches the pages of many projects concurrently, holding at most a bounded window of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ftwheel.core.errors import FtwheelError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ftwheel.io.index.client import IndexClient
    from ftwheel.io.index.named import NamedIndex

__all__ = ["IndexArrivals"]

_FIRST_WINDOW = 8  # projects
_PATIENCE = 0.05  # seconds


class IndexArrivals:
    """The pages of any number of projects.

    ``client`` is None for a recording; ``indexes`` are in the installer's order.
    """

    def __init__(self, client: IndexClient | None, indexes: Sequence[NamedIndex], *, jobs: int) -> None:
        self._client = client
        self.indexes: Sequence[NamedIndex] = tuple(indexes)
        self._jobs = jobs

    def arriving(self, names: Iterable[str]) -> Iterator[str]:
        """Yield each name once its pages are available; errors with a page are raised when the page is used.

        Cached projects are yielded immediately, in order; the others as the indexes answer, up to ``jobs`` requests at
        a time. At most two windows of ``jobs`` projects are fetched ahead of the caller, and few while it never has to
        wait: pages that wait for it cost memory, and have left the processor's caches when it reads them.
        """
        client = self._client
        if client is None:
            yield from names
            return
        remaining = iter(names)
        for name in remaining:
            if not all(client.at_hand(index, name) for index in self.indexes):
                yield from self._asked(client, name, remaining)
            else:
                yield name

    def _asked(self, client: IndexClient, first: str, names: Iterator[str]) -> Iterator[str]:
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        def get(name: str) -> str:
            for index in self.indexes:
                client.request(index, name)
            return name

        pending: set[Future[str]] = set()
        arrived: deque[str] = deque()
        window = min(_FIRST_WINDOW, 2 * self._jobs)
        with ThreadPoolExecutor(max_workers=self._jobs, thread_name_prefix="index") as pool:
            try:
                pending.add(pool.submit(get, first))
                while pending or arrived:
                    # before each name, so that the indexes answer while the caller works
                    for name in islice(names, max(0, window - len(pending) - len(arrived))):
                        if all(client.at_hand(index, name) for index in self.indexes):
                            arrived.append(name)
                        else:
                            pending.add(pool.submit(get, name))
                    if not arrived:
                        window = min(window + 2, 2 * self._jobs)
                        done, pending = wait(pending, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
                        arrived += [future.result() for future in done]
                    if arrived:
                        yield arrived.popleft()
            except BaseException:
                client.abort()
                pool.shutdown(cancel_futures=True)
                raise

    def edition(self, name: str) -> str:
        """Identify the pages of a project by content; empty if any of them has to be requested first."""
        if self._client is None:
            return ""
        try:
            editions = [self._client.edition(index, name) for index in self.indexes]
        except FtwheelError:
            return ""  # raised again when the page is used
        return "\n".join(editions) if all(editions) else ""

    def forget(self, name: str) -> None:
        """Release the pages of a project."""
        if self._client is not None:
            for index in self.indexes:
                self._client.forget(index, name)
