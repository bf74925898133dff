"""What administrators set, a folder for each subject."""
