"""Scripts and styles leave compressed, each compressed once: a first visit loads six megabytes of them."""

from typing import ClassVar

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import GZipContentEncoding

#: Where files lie that are the same for all. Nothing else is compressed: the length of an answer that holds a secret beside
#: words of the asker's choice betrays the secret (BREACH, https://breachattack.com).
STATIC = ("/static/", "/assets/")


class CompressedOnce(GZipContentEncoding):
    """Compresses files as Tornado does, and keeps the results, because the visitors of a lecture come all at once."""

    # Small matters more than fast where it is done once.
    GZIP_LEVEL = 9

    #: By tag, which follows from the content: as many as there are files, however their paths are written.
    _results: ClassVar[dict[str, bytes]] = {}

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._gzipping = self._gzipping and request.method == "GET" and request.path.startswith(STATIC)
        self._parts: list[bytes] = []
        self._known = False

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Begin an answer; what is known is sent whole."""
        self._tag = headers.get("Etag", "")
        self._gzipping = self._gzipping and status_code == 200 and bool(self._tag)  # a part of a file (206) stays as it is
        if not self._gzipping or self._tag not in self._results:
            return super().transform_first_chunk(status_code, headers, chunk, finishing)
        self._known = True
        whole = self._results[self._tag]
        headers["Vary"] = "Accept-Encoding"
        headers["Content-Encoding"], headers["Content-Length"] = "gzip", str(len(whole))
        return status_code, headers, whole

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Go on with an answer."""
        if self._known:
            return b""
        sent = super().transform_chunk(chunk, finishing)
        if self._gzipping:
            self._parts.append(sent)
            if finishing:
                self._results[self._tag] = b"".join(self._parts)
        return sent
