"""Records out of files, whatever the resource: in chunks that are done once, whoever dies when.

A service says what a row means (`target.Target`: its fields, its models, its rules); everything
else is here: options, cells to values, the duplicate policy, bulk writes with their events, refused
rows, dry runs, resuming.
"""
