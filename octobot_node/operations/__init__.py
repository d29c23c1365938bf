"""What people and programs can do with a node: the one layer beneath the command line, the control socket and the API.

An operation is a function of a ``Desk`` and a pydantic model; it returns a pydantic model, or raises one of
``octobot_node.errors`` and has changed nothing. ``catalogue`` has them by name. Importing this package, its models and
its catalogue loads neither the database nor the engine.
"""
