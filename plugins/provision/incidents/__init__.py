"""漏えい等の対応: what left, to whom, under which measures, gathered from the log for the authority and for persons.

Facts, counts and ids of ours only. What nobody can know from a log (what happened, why, what is done about it) is left
open on the pages, to be written by people.
"""
