"""The one place where an object store's errors become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from yadokari.base.errors import BadRequest, NotFound, Stale, Unavailable


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the library raises into errors of ours, the cause kept.

    Raises:
        NotFound: no such object.
        Stale: a condition of a conditional write does not hold.
        BadRequest: the key cannot be one.
        Unavailable: everything else: no answer, no permission, no such bucket.
    """
    from obstore import exceptions

    try:
        yield
    except (FileNotFoundError, exceptions.NotFoundError) as exc:
        raise NotFound from exc
    except (exceptions.AlreadyExistsError, exceptions.PreconditionError) as exc:
        raise Stale from exc
    except exceptions.InvalidPathError as exc:
        raise BadRequest("The file cannot be stored under this name.") from exc
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as exc:
        raise Unavailable("The object store refuses the access key.") from exc
    except (exceptions.BaseError, OSError) as exc:
        raise Unavailable("The object store does not answer as it should.") from exc
