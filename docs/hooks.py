"""For MkDocs: the handbook's own pages stand at the root of the site, so that /handbook/actions/… is their address."""

from typing import Any

PREFIX = "handbook/"


def on_files(files: Any, config: Any) -> Any:
    for file in files:
        if file.src_uri.startswith(PREFIX):
            file.dest_uri = file.dest_uri.removeprefix(PREFIX)
    return files
