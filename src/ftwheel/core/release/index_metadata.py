"""Decides whether METADATA (or PKG-INFO) is valid core metadata, and what PyPI rejects in valid metadata.

``metadata_errors`` finds what makes twine 7 fail before an upload to any index; ``metadata_refusals`` applies PyPI's
additional rules (``warehouse/forklift/metadata.py`` of 2026-08-21).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import utils
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packaging.version import Version

if TYPE_CHECKING:
    from packaging.metadata import Metadata, RawMetadata

__all__ = ["description_of", "license_files", "metadata_errors", "metadata_refusals"]

_METADATA_VERSIONS = {"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"}  # PyPI's; 2.0 was never approved
_LICENSE_FILES_SINCE = Version("2.4")  # PEP 639
_LONGEST_SUMMARY = 512
_LONGEST_LABEL = 32
_MOST_FIELDS = 200  # of different names; core metadata has about 40
_DYNAMIC = {
    *("platform", "supported-platform", "summary", "description", "description-content-type", "keywords", "home-page"),
    *("download-url", "author", "author-email", "maintainer", "maintainer-email", "license", "license-expression"),
    *("license-file", "classifier", "requires-dist", "requires-python", "requires-external", "project-url"),
    *("provides-extra", "provides-dist", "obsoletes-dist", "requires", "provides", "obsoletes"),
    *("import-name", "import-namespace"),
}
_BLANK_LINE = re.compile(r"\n\r?\n")  # begins with a literal character, which is fast to find
_FIELD = re.compile(r"^[^\s:]+(?=:)", re.MULTILINE)
_URL = re.compile(r"https?:", re.IGNORECASE)  # PyPI requires the scheme and escapes the rest itself
_LOCAL_PART = re.compile(r"[^\s@.,;:\"()<>\[\]\\]+(?:\.[^\s@.,;:\"()<>\[\]\\]+)*")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?![0-9]+$)[^\W_](?:[\w-]*[^\W_])?")
_NO_MAIL = ("local", "localhost", "invalid", "test", "arpa", "onion")  # RFC 6761: never a mail domain
# In strict mode, the default of newer Python releases, it finds no address in much of what PyPI rejects.
_LENIENT: Any = {"strict": False} if getattr(utils, "supports_strict_parsing", False) else {}


@lru_cache(maxsize=4)  # several rules need the same wheel's; callers must not modify it
def _raw(text: str) -> tuple[RawMetadata, list[str]]:
    """The fields as twine reads them, and the names of unreadable ones.

    setuptools writes ``License-File`` to metadata older than 2.4, which has no such field; twine ignores it.
    """
    from packaging.metadata import parse_email  # noqa: PLC0415  # 15 ms, and a run without files to upload needs none

    if _has_too_many_fields(text):
        return {}, []
    raw, unparsed = parse_email(text)
    try:
        old = Version(raw.get("metadata_version", "0")) < _LICENSE_FILES_SINCE
    except ValueError:
        old = False
    if old:
        raw.pop("license_files", None)
        unparsed.pop("license-file", None)
    return raw, sorted(unparsed)


def _has_too_many_fields(text: str) -> bool:
    """Whether there are so many different fields that packaging, which searches all lines for each, takes seconds."""
    blank = _BLANK_LINE.search(text)
    return len(set(_FIELD.findall(text, 0, blank.start() if blank else len(text)))) > _MOST_FIELDS


def metadata_errors(text: str) -> tuple[str, ...]:
    """Why this is not valid core metadata, sorted; empty if it is."""
    return _validated(text)[1]


@lru_cache(maxsize=4)
def _validated(text: str) -> tuple[Metadata | None, tuple[str, ...]]:
    """The metadata, None if ``packaging`` rejects any of it, and why it is not valid."""
    if _has_too_many_fields(text):
        return None, (f"more than {_MOST_FIELDS} different fields",)
    from packaging.metadata import Metadata  # noqa: PLC0415

    metadata = None
    raw, unparsed = _raw(text)
    found = {f"the field {name!r} is unknown, or repeated or malformed" for name in unparsed}
    try:
        metadata = Metadata.from_raw(raw)
    except ExceptionGroup as group:
        found.update(_flat(group))
    except ValueError as error:  # a number with too many digits for Python
        found.add(str(error)[:200])
    return metadata, tuple(sorted(found))


def _flat(group: ExceptionGroup[Exception]) -> Iterator[str]:
    for error in group.exceptions:
        yield " ".join(str(error).split())


def license_files(text: str) -> tuple[str, ...]:
    """The ``License-File`` fields, if the metadata version has them."""
    return tuple(_raw(text)[0].get("license_files", ()))


def description_of(text: str) -> tuple[str, str]:
    """The description, and its content type in lower case without parameters; PyPI treats none as reStructuredText."""
    raw, _ = _raw(text)
    content_type = raw.get("description_content_type", "").partition(";")[0].strip().lower()
    return raw.get("description", ""), content_type or "text/x-rst"


@lru_cache(maxsize=4)
def metadata_refusals(text: str) -> tuple[str, ...]:
    """What PyPI rejects in metadata, sorted; fields that are invalid by themselves are not covered."""
    from packaging.metadata import InvalidMetadata, Metadata  # noqa: PLC0415

    metadata = _validated(text)[0] or Metadata.from_raw(_raw(text)[0], validate=False)
    found: set[str] = set()
    for check in (_versions, _texts, _addresses, _urls, _classifiers, _requirements, _dynamic):
        try:
            found.update(check(metadata))
        except InvalidMetadata:
            continue  # metadata_errors reports it
    return tuple(sorted(found))


def _versions(metadata: Metadata) -> Iterator[str]:
    if metadata.metadata_version not in _METADATA_VERSIONS:
        yield f"Metadata-Version {metadata.metadata_version} is newer than PyPI supports"
    if metadata.version.local:
        yield f"Version {metadata.version} has a local part (+{metadata.version.local})"


def _texts(metadata: Metadata) -> Iterator[str]:
    if metadata.summary is not None and len(metadata.summary) > _LONGEST_SUMMARY:
        yield f"Summary is {len(metadata.summary)} characters long, the limit is {_LONGEST_SUMMARY}"
    if metadata.license and metadata.license_expression:
        yield "License is set together with License-Expression, which replaces it"


def _addresses(metadata: Metadata) -> Iterator[str]:
    for field, value in (("Author-email", metadata.author_email), ("Maintainer-email", metadata.maintainer_email)):
        address = utils.parseaddr(value or "", **_LENIENT)[1]
        if address and not _is_mailbox(address):
            yield f"{field}: {address!r} is not a valid email address"


def _is_mailbox(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    return (
        _LOCAL_PART.fullmatch(local) is not None
        and _DOMAIN.fullmatch(domain) is not None
        and "_" not in domain
        and domain.lower().rpartition(".")[2] not in _NO_MAIL
    )


def _urls(metadata: Metadata) -> Iterator[str]:
    for field, value in (("Home-page", metadata.home_page), ("Download-URL", metadata.download_url)):
        if value is not None and not _URL.match(value):
            yield f"{field}: {value!r} is not a valid URL"
    for label, url in (metadata.project_urls or {}).items():
        if not label or len(label) > _LONGEST_LABEL:
            yield f"Project-URL: the label {label!r} has {len(label)} characters, expected 1 to {_LONGEST_LABEL}"
        elif not _URL.match(url):
            yield f"Project-URL: {url!r} is not a valid URL"


def _classifiers(metadata: Metadata) -> Iterator[str]:
    from trove_classifiers import classifiers, deprecated_classifiers  # noqa: PLC0415

    for classifier in metadata.classifiers or ():
        if classifier in deprecated_classifiers:
            instead = " or ".join(deprecated_classifiers[classifier])
            yield f"Classifier: {classifier!r} is deprecated" + (f", use {instead}" if instead else "")
        elif classifier not in classifiers:
            yield f"Classifier: {classifier!r} is not a known classifier"


def _requirements(metadata: Metadata) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    for requirement in metadata.requires_dist or ():
        if requirement.url is not None:
            yield f"Requires-Dist: {requirement} is a direct reference to a URL"
    for field, values in (("Provides-Dist", metadata.provides_dist), ("Obsoletes-Dist", metadata.obsoletes_dist)):
        for value in values or ():
            try:
                if Requirement(value).url is not None:
                    yield f"{field}: {value} is a direct reference to a URL"
            except InvalidRequirement:
                yield f"{field}: {value!r} is not a valid requirement"


def _dynamic(metadata: Metadata) -> Iterator[str]:
    for field in metadata.dynamic or ():
        if field not in _DYNAMIC:
            yield f"Dynamic: {field!r} cannot be dynamic"
