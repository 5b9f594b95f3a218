"""Names that are used by the outside: file formats, plug-ins found by file name, callbacks of libraries."""
