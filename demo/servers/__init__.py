"""Real local servers on loopback for the demonstration and the tests: object store, SFTP and mail.

Importing this package needs only the standard library and `cryptography`; each server looks for its program when
it is started and says what to install where it is missing.
"""
