"""The patient file: its schema, its values, reading and writing it, cross-field checks."""
