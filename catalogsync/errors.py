"""Every failure that is expected, each with the exit code it ends the program with.

Codes 2 (there are changes), 4 (applied in part) and 5 (refused) are results, not failures.

CatalogSyncError            1
  UsageError                64   the command line, or the place it points at
  ManifestError             1    one or more problems in the catalog's files
  FileChanged               1    a file is no longer what was planned
  FilesNotReady             1    files that are to be sent cannot be
  ApiError                  1    the API answered with something we cannot use
    AccessDenied            3    401, 403: credentials or permission
    NotFound                1    404
    Rejected                1    400, 409, 410, 413, 422: the server's reason is the message
    Throttled               1    429 for longer than we are willing to wait
      AskedToWait           1    a cool-down that is longer than --max-wait
    CeilingReached          1    429 that waiting does not cure: a limit of the plan
    Unreachable             1    no answer; the request may or may not have taken effect
    BadResponse             1    an answer that is not what the API documents
  WriteForbidden            1    a read-only command tried to write (a defect of ours)
  AppliedInPart             4    some of the plan was done, some was not
  Refused                   5    a limit, a protection, a conflict or a changed plan
  Interrupted               130  stopped by the user
"""

from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong at one place; `path` is relative to the catalog, lines and columns from 1."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.message}"
        return f"{text}; {self.hint}" if self.hint else text


class CatalogSyncError(Exception):
    """The root of all expected failures; `hint` says what to do about it, if only the usual.

    `problems` are all the places where something is wrong, for those that have several, and `here`
    leads to them from where the user stands; `trace_id` is what the API calls the request that
    failed, where it says so. One `in_doubt` came after an attempt to create something whose answer
    was lost, and which may have taken effect.
    """

    exit_code = 1
    usual_hint = ""
    problems: tuple[Problem, ...] = ()
    here = ""
    trace_id = ""
    in_doubt = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.usual_hint


class UsageError(CatalogSyncError):
    """The command line, or the place it points at, makes no sense."""

    exit_code = 64


class UnknownKey(UsageError):
    """A key was named of which there is no manifest."""


class ManifestError(CatalogSyncError):
    """The catalog's files have problems."""

    def __init__(
        self, problems: tuple[Problem, ...], *, where: str = "the catalog", hint: str = ""
    ) -> None:
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(f"{count} in {where}", hint=hint)
        self.problems = tuple(sorted(problems))


class FileChanged(CatalogSyncError):
    """A file is no longer the one that was read when the plan was made."""

    usual_hint = "plan again with the file as it is now"


class BadPlan(CatalogSyncError):
    """A file is no saved plan, or is not as it was saved."""

    usual_hint = "save the plan again with `plan --out`"


class Refused(CatalogSyncError):
    """A saved plan is not for what it is to be applied to."""

    exit_code = 5


class FilesNotReady(CatalogSyncError):
    """Files that are to be sent cannot be opened."""

    def __init__(self, problems: tuple[Problem, ...], *, hint: str = "") -> None:
        files = "1 file" if len(problems) == 1 else f"{len(problems)} files"
        super().__init__(f"{files} to send cannot be opened; nothing was written", hint=hint)
        self.problems = tuple(sorted(problems))


class ApiError(CatalogSyncError):
    """The API answered with something we cannot use.

    One that is `undone` cannot have taken effect: no attempt so much as found a connection.
    """

    undone = False
    usual_hint = (
        "run it again later; if it stays so, ask those who run the API, with the trace id if there "
        "is one"
    )

    def __init__(
        self, message: str, *, hint: str = "", status: int | None = None, trace_id: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.trace_id = trace_id

    @property
    def may_have_been_applied(self) -> bool:
        """Whether the request might have taken effect although no good answer came back."""
        lost = isinstance(self, (Unreachable, BadResponse)) and not self.undone
        return lost or self.in_doubt


class AccessDenied(ApiError):
    """The credentials are wrong, or may not do this."""

    exit_code = 3


class NotFound(ApiError):
    """The server does not have it, or does not show it to these credentials."""

    usual_hint = "somebody may have deleted it meanwhile: plan again"


class Rejected(ApiError):
    """The server understood the request and refused it."""

    usual_hint = "correct what the API names, then run it again"


class Throttled(ApiError):
    """The server asks to wait longer than we are willing to."""

    usual_hint = "run it again later"


class AskedToWait(Throttled):
    """The server asks to wait longer than the user allows."""


class CeilingReached(ApiError):
    """A limit of the subscription is reached; repeating the request does not help."""


class Unreachable(ApiError):
    """No answer came back."""

    usual_hint = "check the network and the address, then run it again"


class BadResponse(ApiError):
    """The answer is not what the API documents, or the server failed (5xx)."""


class UploadFailed(Rejected):
    """The server has what was sent, and will never make anything of it."""


class UploadStuck(ApiError):
    """The server has a file and does not get done with it."""


class OutcomeUnknown(ApiError):
    """What must not be done twice was sent, and nothing tells whether it was done."""


class TrainingFailed(ApiError):
    """The server ended a training without a trained model."""


class TookTooLong(ApiError):
    """What the server works on takes longer than we are willing to follow it."""


class AddressExpired(ApiError):
    """A signed address is not accepted any more; a fresh one may be."""

    usual_hint = "run it again: the server then gives a fresh address"


class FileDiffers(CatalogSyncError):
    """A file that was downloaded is not the one that is there."""

    exit_code = 5


class NotKept(ApiError):
    """The server accepted a value and kept another one."""

    usual_hint = "look at it in the web page, then plan again: the plan shows what the server kept"


class Conflict(ApiError):
    """Somebody changed the model since the plan saw it."""


class WriteForbidden(CatalogSyncError):
    """A command that promises to only read tried to write."""

    usual_hint = "report it: this is a defect of catalog-sync"


class Interrupted(CatalogSyncError):
    """The user stopped the run."""

    exit_code = 130
    usual_hint = "run it again: nothing is done twice"
