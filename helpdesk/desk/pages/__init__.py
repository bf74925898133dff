"""The pages themselves, one module for each subject."""
