"""The words of the trade, pure: what a case may be, how it comes in, how grave it is, how it was liked."""
