"""The tasks of the comparison, one file each: where documents come from, their labels, groups and splits."""
