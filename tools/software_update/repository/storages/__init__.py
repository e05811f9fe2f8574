"""The storages of a repository: a folder, an S3 bucket, and an OCI registry."""
