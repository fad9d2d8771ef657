"""Jobs: long work that runs outside the server's process, belongs to the server, and is recorded.

:mod:`backends.jobs.task` says what kinds of work there are, :mod:`backends.jobs.context` what a task is given,
:mod:`backends.jobs.worker` how it runs, :mod:`backends.jobs.cluster` where, :mod:`backends.jobs.store` how it is recorded,
and :mod:`backends.jobs.service` is what a server asks. Dask and MLflow take seconds to import and are imported when the
first job comes.
"""
