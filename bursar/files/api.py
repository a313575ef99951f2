"""A file for programs: the same bytes, for whoever holds the person's token."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from bursar.files.pages import answer

router = Router(tags=["files"])


@router.get(
    "/files/{file_id}",
    operation_id="files_download",
    url_name="files_download",
    summary="The bytes of a file",
    description="What an export's `path` leads to: for the person who asked, for 24 hours.",
)
def download(request: HttpRequest, file_id: str) -> Any:
    return answer(request, file_id)
