"""The gate: proves on a payload's bytes that nothing direct remains. Shares no code with the rules it checks."""
