"""The glue to HTTP: requests, forms, sanitizer, static files, exports, workers."""
