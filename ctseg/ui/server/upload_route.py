"""Takes uploads in place of Gradio, which keeps equal files of two visitors under one path."""

from typing import TYPE_CHECKING, Any, BinaryIO

from ctseg.ui.server.upload_progress import UploadProgress
from ctseg.ui.server.uploads import UPLOADS, Arrival, Owner, UploadError, Uploads, disk_is_full
from ctseg.ui.server.visitors import address_of, visitor_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

UPLOAD_PATH = "/gradio_api/upload"
MAX_FILES_AT_ONCE = 1000
_FIELD = b"files"
_NO_FORM = "This is no upload of files; upload them through the page."


def upload_routes(uploads: Uploads = UPLOADS) -> "list[Route]":
    """Return the routes of uploads and of their progress, which come before Gradio's own."""
    from starlette.routing import Route

    progress = UploadProgress()

    async def upload(request: "Request") -> "Response":
        return await _upload(request, uploads, progress)

    return [
        Route(UPLOAD_PATH, upload, methods=["POST"]),
        Route("/gradio_api/upload_progress", progress.endpoint),
    ]


async def _upload(request: "Request", uploads: Uploads, progress: UploadProgress) -> "Response":
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse

    name = request.query_params.get("upload_id", "")[:64]
    arrival = None
    try:
        owner = Owner(visitor_of(request.scope), address_of(request.scope))
        arrival = uploads.arrival(owner, int(request.headers.get("content-length", 0)))
        form = _Form(request.headers.get("content-type", ""), arrival)
        async for chunk in request.stream():
            if chunk:
                await run_in_threadpool(form.write, chunk)
                progress.add(name, form.file_name, len(chunk))
        return JSONResponse([str(path) for path in form.finish()])
    except UploadError as error:
        return JSONResponse({"detail": str(error)}, error.status, headers={"connection": "close"})
    finally:
        if arrival is not None:
            arrival.abandon()
        progress.finish(name)


class _Form:
    """Writes the files of a multipart form as they come; other fields are not kept, names not on the disk."""

    def __init__(self, content_type: str, arrival: Arrival) -> None:
        from python_multipart.multipart import MultipartParser, parse_options_header

        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise UploadError(400, _NO_FORM)
        self._options = parse_options_header
        self._arrival = arrival
        self.file_name = ""
        self._file: BinaryIO | None = None
        self._files = 0
        self._name = self._value = b""
        self._disposition = b""
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Take what has come next.

        Raises
        ------
        UploadError
            With one sentence: no form, too many files, no room.
        """
        from python_multipart.exceptions import MultipartParseError

        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            self._close()
            raise UploadError(400, _NO_FORM) from error
        except UploadError:
            self._close()
            raise
        except OSError as error:
            self._close()
            raise disk_is_full() from error

    def finish(self) -> list[Any]:
        """Return the paths of the files once all has come.

        Raises
        ------
        UploadError
            If the form is cut short or holds no file.
        """
        if self._file is not None or not self._files:
            self._close()
            raise UploadError(400, _NO_FORM)
        return self._arrival.keep()

    def _begin(self) -> None:
        self._disposition = b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        _, options = self._options(self._disposition)
        if options.get(b"name") != _FIELD or b"filename" not in options:
            return
        self._files += 1
        if self._files > MAX_FILES_AT_ONCE:
            raise UploadError(413, f"More than {MAX_FILES_AT_ONCE} files at once cannot be uploaded.")
        self.file_name = options[b"filename"].decode("utf-8", "replace")
        self._file = self._arrival.new_file()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])

    def _end(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _close(self) -> None:
        try:
            self._end()
        except OSError:  # what was still to be written finds no room either
            self._file = None
