"""The upload page: a browser on this machine, nothing beyond it.

`app.create` builds the pages, `keep.Room` holds what was uploaded, `jobs.Jobs` runs each analysis
in a process of its own, `serving.serve` opens the door.
"""
