"""The physics: timeless functions of numbers, without patient, file or clock."""
