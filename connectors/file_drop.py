"""Files in a folder: how most agents' stock programs give and take data (also a mounted share).

In: a file is taken only when it is complete, by renaming it into ``work/<token>/``: the token names this act of
sending, so that ``stock.csv`` sent three times is three deliveries, and one that was claimed and not accepted (the hub
was killed) comes again under the same id. ``accept()`` moves it to ``done``, ``refuse()`` to ``error`` with a reason
beside it. Out: written beside, made durable, then renamed, so that nobody sees half a file; once by name.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Literal

from pydantic import Field, JsonValue, model_validator

from canonical_model.problems import Misconfigured
from connectors.base import Capabilities, Inbound, Receipt, SendRefused, Settings
from connectors.kit.files import Outbox, check_folder, reachable, regular_files, shown_name

log = logging.getLogger(__name__)

EXTENSIONS: Final[Mapping[str, str]] = {
    "application/json": ".json", "application/xml": ".xml", "text/xml": ".xml", "text/csv": ".csv", "text/plain": ".txt",
    "application/edi-x12": ".edi", "application/edifact": ".edi",
}  # fmt: skip
_STATE: Final = ".hub"
_INSIDE: Final[dict[str, JsonValue]] = {"relative_to": "folder"}


class FileDropSettings(Settings):
    """Where files come from and go to. ``done``, ``error`` and ``work`` must lie on the file system of ``folder``."""

    folder: Path | None = Field(None, description="folder that files are taken from, relative to the folder of hub.yaml")
    pattern: str = Field("*", description="which names are taken, as in a shell; names that begin with a dot never are", examples=["*.csv"])
    complete: Literal["stable", "marker", "renamed"] = Field(
        "stable",
        description="when a file is complete: size and time unchanged for stable_seconds; a marker file stands beside it; "
        "or at once, because the sender renames it from one of the temporary suffixes",
    )
    stable_seconds: int = Field(5, ge=0, description="how long a file must not change before it is taken (complete: stable)")
    marker: str = Field(".ok", min_length=1, description="what is added to a file's name in its marker's name (complete: marker)")
    temporary: tuple[str, ...] = Field((".part", ".tmp", ".filepart", "~"), description="endings of names that are still being written")
    done: Path | None = Field(
        Path("done"), description="where accepted files are kept, relative to folder; null deletes them", json_schema_extra=_INSIDE
    )
    error: Path = Field(
        Path("error"), description="where refused files are kept with a .reason.txt beside, relative to folder", json_schema_extra=_INSIDE
    )
    work: Path = Field(
        Path(".work"), description="where claimed files wait for the hub's commit, relative to folder", json_schema_extra=_INSIDE
    )
    max_bytes: int = Field(50 * 1024 * 1024, ge=1, description="a larger file goes to error")
    out: Path | None = Field(None, description="folder that files are written to, relative to the folder of hub.yaml")
    file_name: str = Field(
        "{name}{extension}", description="name of a written file: {name} of the delivery, {extension} of its content type"
    )
    remember_days: int = Field(30, ge=1, description="how long the names that were written are remembered, to write none twice")

    @model_validator(mode="after")
    def _is_used(self) -> FileDropSettings:
        if self.folder is None and self.out is None:
            raise ValueError("neither folder nor out is given; fix: name the folder that files come from or go to")
        if self.folder is not None and not self.folder.name:
            raise ValueError("folder is a root; fix: name a folder of its own")
        try:
            self.file_name.format(name="", extension="")
        except (KeyError, IndexError, ValueError):
            raise ValueError(f"file_name is {self.file_name!r}; fix: only {{name}} and {{extension}} stand in braces") from None
        return self


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file looked like when it was first seen like this."""

    size: int
    modified: int
    at: float


def _token() -> str:
    return secrets.token_hex(12)


class FileDrop:
    """Files in a folder: takes what is complete, writes what is to go out."""

    kind: ClassVar[str] = "file_drop"
    settings_type: ClassVar[type[Settings]] = FileDropSettings

    def __init__(
        self,
        settings: FileDropSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        token: Callable[[], str] = _token,
    ) -> None:
        """``clock`` gives seconds that never go back, ``token`` a name never given before."""
        self.settings, self._clock, self._token = settings, clock, token
        self._seen: dict[str, _Seen] = {}
        self._pruned = False

    @property
    def capabilities(self) -> Capabilities:
        """A written name is remembered, so that sending again is harmless even after the receiver took the file."""
        return Capabilities(receives=self.settings.folder is not None, sends=self.settings.out is not None, idempotent_send=True)

    def check(self) -> None:
        """Raise SystemUnreachable when a folder is not there or may not be written, Misconfigured when files could
        not be moved between them in one step."""
        for word, named in (("folder", self.settings.folder), ("out", self.settings.out)):
            if named is not None:
                check_folder(word, named)
        if self.settings.folder is not None:
            self._same_file_system(self.settings.folder)

    def close(self) -> None:
        """Nothing is kept open."""

    def receive(self) -> Iterator[Inbound]:
        """Claimed files that were not accepted, then complete new ones, oldest first.

        Raises SystemUnreachable when the folder cannot be read. Folders, links and temporary names are left alone.
        """
        folder = self._folder()
        with reachable(folder, "the folder cannot be read"):
            self._prepare()
            left = sorted(path for path in self._at(self.settings.work).iterdir() if path.is_dir())
        for claim in left:
            yield from self._claimed(claim)
        for name in self._complete(folder):
            mine = self._claim(folder, name)
            if mine is not None:
                yield from self._claimed(mine)

    def send(self, payload: bytes, *, name: str, content_type: str, headers: Mapping[str, str]) -> Receipt:
        """Write one file, whole or not at all. The same name with the same bytes is written once, whatever became of it.

        Raises SendRefused when the name was used for other bytes, SystemUnreachable when the folder cannot be written.
        """
        out = self.settings.out
        if out is None:
            raise Misconfigured("this file drop has no folder to write to", at="out", fix="name the folder with `out:`")
        target = out / self._file_name(name, content_type)
        with reachable(out, "the file cannot be written"):
            return Outbox(out, target, self._prune(out)).put(payload)

    def _folder(self) -> Path:
        if self.settings.folder is None:
            raise Misconfigured("this file drop has no folder to read from", at="folder", fix="name the folder with `folder:`")
        return self.settings.folder

    def _at(self, folder: Path) -> Path:
        return self._folder() / folder

    def _prepare(self) -> None:
        if not self._folder().is_dir():
            raise FileNotFoundError(2, "no such folder", str(self._folder()))
        folders: tuple[Path | None, ...] = (self.settings.work, self.settings.error, self.settings.done)
        for folder in filter(None, folders):
            self._at(folder).mkdir(parents=True, exist_ok=True)

    def _complete(self, folder: Path) -> Sequence[str]:
        """Names of the files that are complete now, oldest first. Forgets the ones that are gone."""
        with reachable(folder, "the folder cannot be read"):
            found = list(regular_files(folder))
        names = {name for name, _ in found}
        self._seen = {name: seen for name, seen in self._seen.items() if name in names}
        wanted = sorted((stat.st_mtime_ns, name, stat.st_size) for name, stat in found if self._is_wanted(name))
        return [name for modified, name, size in wanted if self._is_complete(name, size, modified, names)]

    def _is_wanted(self, name: str) -> bool:
        if name.startswith(".") or name.endswith(self.settings.temporary) or not fnmatchcase(shown_name(name), self.settings.pattern):
            return False
        return self.settings.complete != "marker" or not name.endswith(self.settings.marker)

    def _is_complete(self, name: str, size: int, modified: int, names: set[str]) -> bool:
        if self.settings.complete == "renamed":
            return True
        if self.settings.complete == "marker":
            return name + self.settings.marker in names
        seen, now = self._seen.get(name), self._clock()
        if seen is None or (seen.size, seen.modified) != (size, modified):
            seen = self._seen[name] = _Seen(size, modified, now)
        return now - seen.at >= self.settings.stable_seconds

    def _claim(self, folder: Path, name: str) -> Path | None:
        """Rename a file into a folder of its own; None when somebody else was faster. A marker goes first: one that
        was moved proves, after a crash, that its file is complete."""
        claim = self._at(self.settings.work) / self._token()
        with reachable(folder, "the file cannot be claimed"):
            claim.mkdir()
            with suppress(FileNotFoundError):
                if self.settings.complete == "marker":
                    marker = name + self.settings.marker
                    (folder / marker).rename(claim / marker)
                (folder / name).rename(claim / name)
                self._seen.pop(name, None)
                return claim
            _remove_folder(claim)
        return None

    def _claimed(self, claim: Path) -> Iterator[Inbound]:
        """The delivery of one claimed file; nothing when its folder holds none."""
        with reachable(claim, "the claimed file cannot be read"):
            file = self._file_of(claim)
            if file is None:
                _remove_folder(claim)
                return
            refusal, payload = self._content(file)
        if refusal:
            log.warning("file %s is refused: %s", shown_name(file.name), refusal)
            self._refuse(claim, file, refusal)
            return
        yield Inbound(
            payload, shown_name(file.name), claim.name, {"file-name": shown_name(file.name)},
            partial(self._accept, claim, file), partial(self._refuse, claim, file),
        )  # fmt: skip

    def _file_of(self, claim: Path) -> Path | None:
        """The file in a claim's folder; finishes a claim that was cut off after its marker was moved."""
        marker = self.settings.marker
        files = sorted(path for path in claim.iterdir() if path.is_file())
        data = [path for path in files if not (self.settings.complete == "marker" and path.name.endswith(marker))]
        if data or not files:
            return data[0] if data else None
        name = files[0].name.removesuffix(marker)
        with suppress(FileNotFoundError):
            return (self._folder() / name).rename(claim / name)
        return None

    def _content(self, file: Path) -> tuple[str, bytes]:
        """Why a file is refused unread (or nothing), and its bytes."""
        size = file.stat().st_size
        if size > self.settings.max_bytes:
            return f"it has {size} bytes, more than max_bytes {self.settings.max_bytes}", b""
        try:
            return "", file.read_bytes()
        except PermissionError:
            return "its rights do not let the hub read it", b""

    def _accept(self, claim: Path, file: Path) -> None:
        with reachable(file, "the accepted file cannot be moved"), suppress(FileNotFoundError):
            if self.settings.done is None:
                file.unlink()
            else:
                file.rename(_free(self._at(self.settings.done), file.name, claim.name))
            _remove_folder(claim)

    def _refuse(self, claim: Path, file: Path, reason: str) -> None:
        with reachable(file, "the refused file cannot be moved"), suppress(FileNotFoundError):
            target = _free(self._at(self.settings.error), file.name, claim.name)
            target.with_name(target.name + ".reason.txt").write_text(reason + "\n", encoding="utf-8")
            file.rename(target)
            _remove_folder(claim)

    def _same_file_system(self, folder: Path) -> None:
        self._prepare_checked(folder)
        for word in ("work", "done", "error"):
            path: Path | None = getattr(self.settings, word)
            if path is not None and self._at(path).stat().st_dev != folder.stat().st_dev:
                raise Misconfigured(
                    f"{word} lies on another file system than folder: a file cannot be moved there in one step",
                    at=str(self._at(path)), fix=f"choose a folder for `{word}:` beside {folder}",
                )  # fmt: skip

    def _prepare_checked(self, folder: Path) -> None:
        with reachable(folder, "the folders for work, done and error cannot be made"):
            self._prepare()

    def _file_name(self, name: str, content_type: str) -> str:
        """The name of a written file, with what could leave the folder replaced."""
        kind = content_type.partition(";")[0].strip().lower()
        made = self.settings.file_name.format(name=name, extension=EXTENSIONS.get(kind, ""))
        safe = "".join("_" if letter in '/\\:*?"<>|' or ord(letter) < 32 else letter for letter in made).lstrip(".")
        if not safe or len(safe.encode()) > 200:
            raise SendRefused(f"{made!r} is no file name; fix: change `file_name:`")
        return safe

    def _prune(self, out: Path) -> Path:
        """The folder with what was written, without the names that need not be remembered any more."""
        state = out / _STATE
        if not out.is_dir():
            raise FileNotFoundError(2, "no such folder", str(out))
        state.mkdir(exist_ok=True)
        if not self._pruned:
            newest = max((path.stat().st_mtime for path in state.iterdir()), default=0)
            for path in state.iterdir():
                if path.stat().st_mtime < newest - self.settings.remember_days * 86_400:
                    path.unlink(missing_ok=True)
            self._pruned = True
        return state


def _free(folder: Path, name: str, token: str) -> Path:
    """A name in a folder that overwrites nothing: the file's own, else with the token of its delivery."""
    own = folder / name
    return folder / f"{own.stem[:40]}.{token}{own.suffix[:20]}" if own.exists() or len(os.fsencode(name)) > 200 else own


def _remove_folder(claim: Path) -> None:
    """A claim's folder with a marker in it."""
    with suppress(FileNotFoundError):
        for left in claim.iterdir():
            left.unlink()
        claim.rmdir()
