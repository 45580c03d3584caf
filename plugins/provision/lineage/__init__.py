"""来歴: what became of what, as OpenLineage run events: source to store, store to release, release to recipient.

Made from the provision log, so that nothing is said that is not proved, and nothing of a value, a path or a program:
names of jobs and datasets are ids of ours, facets are counts and versions. Where they go is said by the variables of
OpenLineage's own clients, which Airflow's provider reads, too.
"""
