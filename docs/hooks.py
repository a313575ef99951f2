"""For MkDocs: the handbook's own pages stand at the root of the site, so that /handbook/actions/… is their address."""

from typing import Any

PREFIX = "handbook/"


def on_files(files: Any, config: Any) -> Any:
    """Raises ValueError when two pages would stand at one address: MkDocs would keep one and say nothing."""
    taken: dict[str, str] = {}
    for file in files:
        if file.src_uri.startswith(PREFIX):
            file.dest_uri = file.dest_uri.removeprefix(PREFIX)
        other = taken.setdefault(file.dest_uri, file.src_uri)
        if other != file.src_uri:
            raise ValueError(f"{other} and {file.src_uri} would both be {file.dest_uri}: rename one.")
    return files


def on_post_page(output: str, page: Any, config: Any) -> str:
    """The theme leaves the search without a name for those who hear the page."""
    return output.replace('role="dialog">', 'role="dialog" aria-label="Search">', 1)
