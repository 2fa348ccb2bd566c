"""Starts the suite on one machine: its own Postgres, roles and schemas, every process.

errors       LaunchError: a sentence that says what is wrong and what to do
postgres     EmbeddedPostgres, from binaries (binaries), a place (place) and a cluster (cluster)
provision    roles, schemas, extensions and leakproof operators, idempotent
suite        which services there are, their environment; runs them under the supervisor
supervisor   keeps processes (process) alive, tells of them in run/processes.json (board)
"""
