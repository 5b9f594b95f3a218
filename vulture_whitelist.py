"""Names that only the outside uses: callbacks of libraries, fields of file formats, `getattr` by a table."""

_ = type("Anything", (), {})()

# asyncio calls these of a protocol; click this of a group
_.connection_made, _.data_received, _.connection_lost, _.pause_writing, _.resume_writing, _.eof_received
_.get_command
# html.parser calls these; http.server these; LibCST this
_.handle_starttag, _.handle_startendtag, _.handle_endtag, _.handle_data
_.protocol_version, _.do_POST, _.log_message
_.on_leave
# typing.Protocol
_.__call__

# fields of the files and of the proxy's report
_.garbage, _.growth
_.margin_seconds
_.period, _.at_least, _.keyed, _.indexed
_.virtual_fix, _.verdict, _.fidelity, _.gain_seconds, _.queries_saved, _.response_equal
_.client_packets, _.client_bytes, _.server_packets, _.server_bytes, _.round_trips, _.encrypted

# what inspect and importlib look for on functions and modules; arguments whose place is given by the caller
_.__wrapped__, _.__loader__
_.orm, _.engine, _.info, _.at, _.datastructures
# what CPython reads of a frame, a driver of its connection, Werkzeug of its request
_.f_trace_lines, _.autocommit, _._cached_json

# what SQLAlchemy looks for on its own objects, or on ours in their place
_.cursor_fetch_strategy, _.populate_existing, _.compile_state, _.select_statement, _._loader_strategy_options
