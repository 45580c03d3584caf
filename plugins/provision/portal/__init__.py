"""受領者ポータル: where recipients fetch, verify and confirm what they were given. An application of its own.

It never imports Airflow and holds no zone with people in it: configuration, the provision log, previews without data,
its own small database, and a store that holds ciphertext. What it says and does is for the recipient's people only;
every page asks again who they are, whether their agreement is in force, and whether the release still stands.
"""
