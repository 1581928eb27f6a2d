"""The site's settings for Sphinx: `make docs`. Its source is the repository itself.

README.md, CONTRIBUTING.md, CHANGELOG.md and docs/ are read where they lie, so that a link between
them is the same in a checkout and on the site.

The generator is Sphinx with MyST and Furo. The alternative tried was Zensical 0.0.73 with
mkdocstrings: it built the same pages in 4 s of CPU time instead of 17 s, and it takes Markdown in
docstrings. But it reads one folder only, so that the README would be a rewritten copy; its strict
mode passed a missing image, a missing page outside of Markdown, a page without navigation and
`Args:` that name no parameter; mkdocstrings still installs MkDocs 1.6; and it is in alpha. Sphinx
reads the pages where they are, imports the code (so that lazy names resolve as they do for a
user), and reports the first three. `docs/scripts/check_links.py` checks the HTML, which covers
what neither does.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.domains.python import PyObject
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project = "avrb-wds"
author = "the avrb-wds contributors"
root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/api/*.md"]
# Only these are read; a folder that is excluded is not walked through either.
folders = (path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "docs")
exclude_patterns = [*folders, "docs/scripts", "docs/img"]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]

# Markdown: headings get the anchors that GitHub gives them.
myst_heading_anchors = 4
myst_enable_extensions = ["fieldlist"]

# API: a name in single backticks is a link wherever it is the name of something documented.
default_role = "py:obj"
autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False  # the signature has the types
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = "avrb-wds"
html_static_path = ["_static"]
html_extra_path = ["../build/docs/gallery/media"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

# As autodoc writes npt.NDArray[dtype].
ARRAY = re.compile(
    r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], ~?numpy\.dtype\[([~\w.]+)\]\]"
)
LINKED = ("class", "data", "exception", "function")  # and not what may be an argument's name
for field in PyObject.doc_field_types:
    if field.name == "variable":
        field.label = "Attributes"

NAVIGATION = {
    "Guides": {
        "docs/packing": "Packing",
        "docs/cloud": "Remote shards",
        "docs/reports": "Reports and comparisons",
        "docs/media": "Media files",
        "docs/rendering": "Rendered datasets",
        "docs/adaptation": "Test-time adaptation",
        "docs/extending": "Extending",
    },
    "Corruptions": {
        "docs/gallery": "Gallery",
        "docs/corruptions": "What each one does",
        "docs/fidelity": "Fidelity to the reference",
    },
    "Reference": {
        "docs/api/index": "Python API",
        "docs/formats": "File formats",
        "docs/glossary": "Glossary",
    },
    "Project": {
        "docs/architecture": "Architecture",
        "CONTRIBUTING": "Contributing",
        "CHANGELOG": "Changelog",
    },
}


def add_navigation(app: Any, docname: str, source: list[str]) -> None:
    """Give the front page the tables of contents that the sidebar shows."""
    if docname == root_doc:
        app.env.note_dependency(__file__)
        for caption, pages in NAVIGATION.items():
            entries = "\n".join(f"{title} <{page}>" for page, title in pages.items())
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"


def copy_front_page(app: Any, exception: Exception | None) -> None:
    """Give the site an index.html: the README's page, with the same links."""
    if exception is None and app.builder.name == "html":
        shutil.copyfile(app.outdir / f"{root_doc}.html", app.outdir / "index.html")


def use_docstring_below(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Give a constant or alias the docstring below its definition, not the one of its type."""
    if what == "data":
        lines[:] = _docstring_below(*name.rpartition(".")[::2])


def _docstring_below(module: str, name: str) -> list[str]:
    """The docstring below a name's assignment, in the module that a package imports it from."""
    home = importlib.import_module(module)
    for node in ast.walk(ast.parse(inspect.getsource(home))):
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            found = importlib.util.resolve_name(f".{node.module}", str(home.__package__))
            return _docstring_below(found if node.level else str(node.module), name)
    return ModuleAnalyzer.for_module(module).find_attr_docs().get(("", name), [""])


def shorten_array_types(app: Any, *args: Any) -> tuple[str | None, str | None]:
    """Write NDArray[dtype] for NumPy's long form of it, in arguments and result."""
    arguments, result = (text and ARRAY.sub(r"NDArray[\1]", text) for text in args[-2:])
    return arguments, result


def link_short_name(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Link a name in single backticks to the one documented object of that name, if any."""
    python, target = env.domains.python_domain, node.get("reftarget", "")
    if node.get("reftype") != "obj" or not target.isidentifier():
        return None
    found = [
        (name, entry)
        for name, entry in python.objects.items()
        if name.endswith(f".{target}") and not entry.aliased and entry.objtype in LINKED
    ]
    if len(found) != 1:
        return None
    name, entry = found[0]
    page = node["refdoc"]
    return make_refnode(app.builder, page, entry.docname, entry.node_id, contnode, name)


def hide_overloads(app: Any) -> None:
    """Show the one signature of a function with overloads; its types cover them all."""
    analyzer = ModuleAnalyzer.for_module("avrb_wds.corrupter")
    analyzer.analyze()
    analyzer.overloads = {}


def setup(app: Any) -> None:
    """Connect the functions above."""
    app.connect("builder-inited", hide_overloads)
    app.connect("autodoc-process-signature", shorten_array_types)
    app.connect("missing-reference", link_short_name)
    app.connect("autodoc-process-docstring", use_docstring_below)
    app.connect("source-read", add_navigation)
    app.connect("build-finished", copy_front_page)
